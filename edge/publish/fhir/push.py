"""Sends bundles to a FHIR server: again after a failure that may pass, never to a place that others can listen to."""

from __future__ import annotations

import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import closing
from http.client import HTTPException
from urllib.parse import urlsplit

from edge.errors import ExportError
from edge.publish.fhir.resources import Json

logger = logging.getLogger(__name__)

TIMEOUT_S = 30.0
"""Longest wait for an answer, seconds: a server that takes 500 entries needs a few."""

WAITS_S = (1.0, 4.0, 15.0, 60.0)
"""Before the second to fifth attempt, seconds."""

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP answers after which the same may succeed later. Sent twice, a bundle has the effect of once."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _nothing(_: Json) -> None:
    """Nobody keeps a ledger."""


def push(
    base: str,
    bundles: Iterable[Json],
    token: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
    on_taken: Callable[[Json], None] = _nothing,
) -> int:
    """Send every bundle as a transaction.

    Args:
        base: URL of the server, "https://records.example/fhir".
        bundles: to be sent, in this order.
        token: for the header `Authorization: Bearer`.
        sleep: waits between attempts, seconds.
        on_taken: called with each bundle that the server has taken.

    Returns:
        How many bundles the server took.

    Raises:
        ExportError: the URL cannot be used, the server refuses, or does not answer after all attempts. What was
            sent before is there; sending all again does no harm.
    """
    _check(base)
    taken = 0
    for bundle in bundles:
        _send(base, json.dumps(bundle).encode(), token, sleep)
        on_taken(bundle)
        taken += 1
    return taken


def _check(base: str) -> None:
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ExportError(f"{base} is no address of a FHIR server: write https://HOST/PATH")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ExportError(f"{base}: records of a person are sent encrypted only: use https")


def _send(base: str, payload: bytes, token: str | None, sleep: Callable[[float], None]) -> None:
    for wait_s in (*WAITS_S, None):
        problem = _attempt(base, payload, token)
        if problem is None:
            return
        if wait_s is None:
            raise ExportError(f"{base} does not take the bundle: {problem}; send all again later")
        logger.warning("%s: %s; trying again in %g s", base, problem, wait_s)
        sleep(wait_s)


def _attempt(base: str, payload: bytes, token: str | None) -> str | None:
    """None for success, or what went wrong and may pass.

    Raises:
        ExportError: it will not pass.
    """
    headers = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(base, payload, headers, method="POST")  # noqa: S310 - the scheme was checked
    try:
        with closing(urllib.request.urlopen(request, timeout=TIMEOUT_S)) as answer:  # noqa: S310 - likewise
            answer.read()
    except urllib.error.HTTPError as error:
        with error:
            said = f"HTTP {error.code} {error.reason}{_outcome(error.read(100_000))}"
        if error.code not in PASSING:
            raise ExportError(f"{base} refuses the bundle: {said}") from error
        return said
    except (urllib.error.URLError, HTTPException, OSError) as error:
        return str(getattr(error, "reason", "") or error) or type(error).__name__
    return None


def _outcome(body: bytes) -> str:
    """What an OperationOutcome says, or nothing."""
    try:
        content: object = json.loads(body)
    except ValueError:
        return ""
    issues = content.get("issue") if isinstance(content, dict) else None
    if not isinstance(issues, list):
        return ""
    told = [str(one.get("diagnostics") or one.get("code", "")) for one in issues if isinstance(one, dict)]
    return f": {'; '.join(told)[:500]}"
