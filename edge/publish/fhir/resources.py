"""FHIR resources of a bed, as plain JSON values, for release 4 (R4, R4B) and 5 (R5).

The score of the box is no patient's report: it has a code of our own. LOINC is used only where a patient's own rating
was entered (72514-3, pain severity on a 0-10 verbal numeric rating scale). Neither release has a DeviceAlert; alarm
episodes are DetectedIssues.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from statistics import fmean
from uuid import NAMESPACE_URL, uuid5

from edge.publish.fhir.history import Episode, Place, Said, Span
from edge.types import Priority, Validity

CODES = "urn:anodyne:fhir:codes"
"""Our own code system; docs/fhir.md lists its codes."""

IDENTIFIERS = "urn:anodyne:fhir:ids"
"""System of the identifiers by which a resource is recognised when it is sent again."""

SCALE_NOTE = (
    "Evidence score of a bedside box from face and wristband, 0 to 10 with 5 at its threshold. "
    "It is neither a patient's report nor a diagnosis."
)

_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_UNSYNCED = "The clock of the box was not synchronised: the times may be wrong."

_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_TEST_DATA = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}

_SEVERITY = {Priority.LOW: "low", Priority.MEDIUM: "moderate", Priority.HIGH: "high"}

Json = Mapping[str, object]


class Release(StrEnum):
    """Releases of FHIR that can be written."""

    R4 = "R4"
    R5 = "R5"


def device_key(place: Place) -> str:
    """Identifier of the box."""
    return f"device/{place.name}"


def full_url(key: str) -> str:
    """The same UUID for the same identifier, for references within a bundle."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{IDENTIFIERS}/{key}')}"


def device(place: Place, release: Release) -> Json:
    """The box itself."""
    name = f"Anodyne box at {place.name}"
    kind = {"text": "Bedside box that notices signs of pain"}
    named: dict[str, object]
    if release is Release.R4:
        named = {"deviceName": [{"name": name, "type": "user-friendly-name"}], "type": kind}
    else:
        named = {"name": [{"value": name, "type": "user-friendly-name", "display": True}], "type": [kind]}
    return {
        "resourceType": "Device",
        **_meta(place),
        "identifier": _identifier(device_key(place)),
        "manufacturer": "Anodyne",
        "version": [{"value": place.software}],
        **named,
    }


def score_key(place: Place, span: Span, per_s: int) -> str:
    """Identifier of the summary of one span."""
    return f"score/{place.name}/{per_s}/{span.nominal_ms}"


def score(place: Place, span: Span, per_s: int, patient: str | None) -> Json:
    """The score of one minute or hour; without a value where it was blind throughout."""
    share = 100.0 * len(span.scores) / span.count
    content: dict[str, object] = {
        "resourceType": "Observation",
        **_meta(place),
        "identifier": _identifier(score_key(place, span, per_s)),
        "status": "final",
        "code": _code("evidence-score", "Pain evidence score, mean"),
        "subject": _subject(place, patient),
        "device": {"reference": full_url(device_key(place))},
        "effectivePeriod": {"start": _time(span.start_ms), "end": _time(span.end_ms)},
        "note": [{"text": text} for text in _notes(span)],
    }
    parts = [_component("assessed-share", "Share of the time in which the bed could be assessed", share, "%", "%")]
    if span.scores:
        content["valueQuantity"] = _quantity(fmean(span.scores))
        parts += [
            _component("highest-score", "Highest score", max(span.scores)),
            _component("interval-low", "Lowest lower bound of the 90 % intervals", span.low),
            _component("interval-high", "Highest upper bound of the 90 % intervals", span.high),
        ]
    else:
        content["dataAbsentReason"] = {"coding": [{"system": _ABSENT, "code": "unknown"}], "text": "cannot assess"}
    return content | {"component": parts}


def report_key(place: Place, said: Said) -> str:
    """Identifier of a report."""
    return f"report/{place.name}/{said.boot_id}/{said.at_ns}"


def report(place: Place, said: Said, patient: str | None) -> Json:
    """A rating that a patient, relative or nurse gave."""
    if said.scale == "nrs":
        rating = "Pain severity - 0-10 verbal numeric rating [Score] - Reported"
        code: Json = {"coding": [{"system": _LOINC, "code": "72514-3", "display": rating}]}
    else:
        code = _code("painad", "Pain Assessment in Advanced Dementia (PAINAD), sum")
    return {
        "resourceType": "Observation",
        **_meta(place),
        "identifier": _identifier(report_key(place, said)),
        "status": "final",
        "code": code,
        "subject": _subject(place, patient),
        "effectiveDateTime": _time(said.wall_ms),
        "valueQuantity": _quantity(float(said.value)),
        **({} if said.synced else {"note": [{"text": _UNSYNCED}]}),
    }


def issue_key(place: Place, episode: Episode) -> str:
    """Identifier of an alarm episode."""
    return f"alarm/{place.name}/{episode.first.episode}"


def issue(place: Place, episode: Episode, patient: str | None, release: Release) -> Json:
    """One alarm episode; it changes until it is over."""
    first = episode.first
    period = {"start": _time(first.wall_ms)} | ({"end": _time(episode.last.wall_ms)} if episode.over else {})
    content: dict[str, object] = {
        "resourceType": "DetectedIssue",
        **_meta(place),
        "identifier": _identifier(issue_key(place, episode)),
        "status": "final" if episode.over else "preliminary",
        "code": _code(f"alarm-{first.condition}".replace("_", "-"), f"Alarm: {first.condition.replace('_', ' ')}"),
        "severity": _SEVERITY[episode.worst],
        "identifiedPeriod": period,
        "author": {"reference": full_url(device_key(place))},
        "detail": _detail(episode),
    }
    if release is Release.R5:
        content["subject"] = _subject(place, patient)
    elif patient is not None:
        content["patient"] = {"reference": patient}
    if episode.acknowledged_ms is not None:
        action = {"text": "acknowledged at the station or the bed"}
        content["mitigation"] = [{"action": action, "date": _time(episode.acknowledged_ms)}]
    return content


def _detail(episode: Episode) -> str:
    first = episode.first
    said = "cannot assess" if first.score is None else f"score {first.score:.1f}"
    missing = ", ".join(f"{key} {why}" for key, why in first.missing.items() if why != "not_configured")
    parts = [f"{first.kind} alarm, {said}, mode {first.mode}"]
    parts += [f"reasons: {', '.join(first.reasons)}"] if first.reasons else []
    parts += [f"missing: {missing}"] if missing else []
    parts += [] if first.synced else ["the clock of the box was not synchronised: the times may be wrong"]
    return "; ".join(parts) + "."


def _notes(span: Span) -> Sequence[str]:
    notes = [SCALE_NOTE, f"Modes: {', '.join(sorted(span.modes))}."]
    if span.missing:
        told = ", ".join(f"{one} ({', '.join(sorted(why))})" for one, why in sorted(span.missing.items()))
        notes.append(f"Missing at times: {told}.")
    if not span.synced:
        notes.append(_UNSYNCED)
    return notes


def _meta(place: Place) -> dict[str, object]:
    return {} if place.validity is Validity.REAL else {"meta": {"tag": [_TEST_DATA]}}


def _identifier(key: str) -> list[Json]:
    return [{"system": IDENTIFIERS, "value": key}]


def _code(code: str, display: str) -> Json:
    return {"coding": [{"system": CODES, "code": code, "display": display}], "text": display}


def _subject(place: Place, patient: str | None) -> Json:
    """The patient, where it is told who lies there; otherwise the bed: the box does not know."""
    if patient is not None:
        return {"reference": patient}
    bed = {"system": IDENTIFIERS, "value": f"bed/{place.name}"}
    return {"type": "Location", "identifier": bed, "display": f"Bed {place.name}"}


def _quantity(value: float, unit: str = "score", code: str = "{score}") -> Json:
    return {"value": round(value, 2), "unit": unit, "system": _UCUM, "code": code}


def _component(code: str, display: str, value: float, unit: str = "score", ucum: str = "{score}") -> Json:
    return {"code": _code(code, display), "valueQuantity": _quantity(value, unit, ucum)}


def _time(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat(timespec="milliseconds")
