"""A FHIR server on loopback that takes transactions: validated, conditional, and with the faults that servers have."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

Resource = dict[str, object]


@dataclass
class Records:
    """What the server holds.

    Attributes:
        held: "Type?identifier=system|value" to the resource.
        refusals: HTTP codes of the next answers, before anything is taken.
        down_after: takes so many more transactions, then answers 503; None: stays up.
        hang_ups: how many of the next transactions are taken without an answer.
        requests: headers of all requests.
        transactions: how many were taken.
        sizes: entries of each that was taken.
        validate: called with each bundle.
    """

    validate: Callable[[Resource], None]
    held: dict[str, Resource] = field(default_factory=dict[str, Resource])
    refusals: list[int] = field(default_factory=list[int])
    down_after: int | None = None
    hang_ups: int = 0
    requests: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    transactions: int = 0
    sizes: list[int] = field(default_factory=list[int])
    url: str = ""

    def take(self, bundle: Resource) -> None:
        """One transaction."""
        self.validate(bundle)
        entries = bundle["entry"]
        assert isinstance(entries, list)
        urls = {entry["fullUrl"] for entry in entries}
        for entry in entries:
            request, resource = entry["request"], entry["resource"]
            assert references(resource) <= urls
            kind = resource["resourceType"]
            if request["method"] == "POST":
                assert request["url"] == kind
                self.held.setdefault(f"{kind}?{unquote(request['ifNoneExist'])}", resource)
            else:
                assert request["method"] == "PUT"
                assert request["url"].startswith(f"{kind}?identifier=")
                self.held[unquote(request["url"])] = resource
        self.transactions += 1
        self.sizes.append(len(entries))

    def of(self, kind: str) -> list[Resource]:
        """All resources of a type."""
        return [one for one in self.held.values() if one["resourceType"] == kind]


def references(value: object) -> set[str]:
    """References within the bundle, wherever they stand in a resource."""
    if isinstance(value, dict):
        own = {str(value["reference"])} if str(value.get("reference", "")).startswith("urn:") else set()
        return own.union(*map(references, value.values()))
    return set[str]().union(*map(references, value)) if isinstance(value, list) else set()


def _handler(records: Records) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Takes POST to the base."""

        def do_POST(self) -> None:
            """One transaction."""
            payload = self.rfile.read(int(self.headers["Content-Length"]))
            records.requests.append(dict(self.headers.items()))
            if records.down_after == 0:
                self._answer(503, {"issue": [{"code": "x", "diagnostics": "away"}]})
                return
            if records.refusals:
                self._answer(records.refusals.pop(0), {"issue": [{"code": "x", "diagnostics": "not today"}]})
                return
            records.take(json.loads(payload))
            if records.down_after is not None:
                records.down_after -= 1
            if records.hang_ups:
                records.hang_ups -= 1
                self.close_connection = True
                return
            self._answer(200, {"resourceType": "Bundle", "type": "transaction-response"})

        def _answer(self, code: int, content: Resource) -> None:
            body = json.dumps(content).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/fhir+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def serving(validate: Callable[[Resource], None]) -> Iterator[Records]:
    """A server for the time of the block."""
    records = Records(validate)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(records))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    records.url = f"http://127.0.0.1:{server.server_port}/fhir"
    try:
        yield records
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
