"""Transaction bundles: each may be kept as a file or sent as it is, once or many times, with the same result.

Observations never change: they are created unless one with their identifier is there (`ifNoneExist`). An alarm episode
changes until it is over: it is updated by its identifier, or created.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote

from edge.publish.fhir import resources
from edge.publish.fhir.history import History
from edge.publish.fhir.resources import IDENTIFIERS, Json, Release

MAX_ENTRIES = 500
"""Entries per bundle, the device aside: servers refuse or choke on transactions of many thousands."""


def everything(entries: Iterable[Json]) -> list[Json]:
    """Every entry, whatever was sent before."""
    return list(entries)


def bundles(
    history: History,
    release: Release,
    patient: str | None = None,
    choose: Callable[[Iterable[Json]], list[Json]] = everything,
) -> Iterator[Json]:
    """The bundles of one bed, each with the device that its entries refer to.

    Args:
        history: of the bed.
        release: of FHIR.
        patient: reference of the patient who lies there ("Patient/17"), where that is known.
        choose: the entries that are wanted.
    """
    place = history.place
    device = _create(resources.device_key(place), resources.device(place, release))
    entries = choose(_entries(history, release, patient))
    for begin in range(0, len(entries), MAX_ENTRIES):
        chosen = entries[begin : begin + MAX_ENTRIES]
        yield {"resourceType": "Bundle", "type": "transaction", "entry": [device, *chosen]}


def _entries(history: History, release: Release, patient: str | None) -> Iterator[Json]:
    place = history.place
    for span in history.spans:
        key = resources.score_key(place, span, history.per_s)
        yield _create(key, resources.score(place, span, history.per_s, patient))
    for said in history.reports:
        yield _create(resources.report_key(place, said), resources.report(place, said, patient))
    for episode in history.episodes:
        yield _update(resources.issue_key(place, episode), resources.issue(place, episode, patient, release))


def _create(key: str, resource: Json) -> Json:
    request = {"method": "POST", "url": resource["resourceType"], "ifNoneExist": _query(key)}
    return {"fullUrl": resources.full_url(key), "resource": resource, "request": request}


def _update(key: str, resource: Json) -> Json:
    request = {"method": "PUT", "url": f"{resource['resourceType']}?{_query(key)}"}
    return {"fullUrl": resources.full_url(key), "resource": resource, "request": request}


def _query(key: str) -> str:
    return f"identifier={quote(f'{IDENTIFIERS}|{key}', safe='|:/')}"
