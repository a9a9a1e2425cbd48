"""The tables of a session, each with how an event becomes a row of it and back (docs/sessions.md describes them)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from edge.errors import SensorReason
from edge.recorder import cells
from edge.recorder.cells import Cell
from edge.recorder.events import (
    Acknowledged,
    Alerted,
    Assessed,
    BlockArrived,
    Estimated,
    Event,
    StatusChanged,
    Ticked,
)
from edge.types import (
    Absence,
    Activation,
    Alert,
    Assessment,
    Channel,
    Condition,
    ConditionKind,
    Contribution,
    Estimate,
    Modality,
    Presence,
    Priority,
    SampleBlock,
    SensorState,
    SensorStatus,
    SensorWarning,
    Validity,
    Verdict,
)

Row = tuple[Cell, ...]
"""One row without its leading `seq` and `at_ns`."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of events.

    Attributes:
        name: of the table.
        columns: name and SQL type of every column after `seq` and `at_ns`.
        decode: `at_ns` and a row to the event; raises ValueError, KeyError or RecursionError where it is damaged.
    """

    name: str
    columns: tuple[str, ...]
    decode: Callable[[int, Row], Event]

    @property
    def names(self) -> str:
        """The columns, for a SELECT."""
        return ", ".join(("seq", "at_ns", *(column.split()[0] for column in self.columns)))

    @property
    def create(self) -> str:
        """The CREATE statement."""
        columns = ("seq INTEGER PRIMARY KEY", "at_ns INTEGER NOT NULL", *self.columns)
        return f"CREATE TABLE {self.name} ({', '.join(columns)}) STRICT"

    @property
    def insert(self) -> str:
        """The INSERT statement."""
        marks = ", ".join("?" * (len(self.columns) + 2))
        return f"INSERT INTO {self.name} VALUES ({marks})"  # noqa: S608  # the name is one of this module


def encode(event: Event) -> tuple[str, Row]:
    """The table of an event and its row.

    Raises:
        TypeError: this is no event, or its samples are none.
    """
    match event:
        case BlockArrived(_, block):
            return "block", _block_row(block)
        case StatusChanged(_, status):
            reason = None if status.reason is None else str(status.reason)
            warnings = cells.words(sorted(status.warnings))
            return "status", (status.sensor, str(status.state), reason, status.since_ns, status.detail, warnings)
        case Estimated(_, sensor, estimate):
            return "estimate", (sensor, *_estimate_row(estimate))
        case Ticked():
            return "tick", ()
        case Assessed(_, assessment):
            return "assessment", _assessment_row(assessment)
        case Alerted(_, alert):
            return "alert", _alert_row(alert)
        case Acknowledged(_, target):
            return "acknowledgement", (target,)
    raise TypeError(f"{type(event).__name__} is nothing that a session holds")


def _block_row(block: SampleBlock) -> Row:
    axes, samples = cells.pack(block.values)
    device_s = None if block.device_s is None else float(block.device_s)
    rate_hz, lost = float(block.rate_hz), int(block.lost_before)
    return (block.sensor, str(block.channel), rate_hz, int(block.arrived_ns), device_s, lost, axes, samples)


def _block(at_ns: int, row: Row) -> Event:
    sensor, channel, rate_hz, arrived_ns, device_s, lost, axes, samples = row
    block = SampleBlock(
        sensor=cells.text(sensor),
        channel=Channel(cells.text(channel)),
        values=cells.unpack(cells.integer(axes), samples),
        rate_hz=cells.number(rate_hz),
        arrived_ns=cells.integer(arrived_ns),
        device_s=cells.optional(device_s),
        lost_before=cells.integer(lost),
    )
    return BlockArrived(at_ns, block)


def _status(at_ns: int, row: Row) -> Event:
    sensor, state, reason, since_ns, detail, warnings = row
    status = SensorStatus(
        sensor=cells.text(sensor),
        state=SensorState(cells.text(state)),
        reason=None if reason is None else SensorReason(cells.text(reason)),
        since_ns=cells.integer(since_ns),
        detail=cells.text(detail),
        warnings=frozenset(SensorWarning(word) for word in cells.text(warnings).split()),
    )
    return StatusChanged(at_ns, status)


def _estimate_row(estimate: Estimate) -> Row:
    absence = None if estimate.absence is None else str(estimate.absence)
    low, high = (float(limit) for limit in estimate.interval)
    figures = float(estimate.value), low, high, float(estimate.quality)
    return (str(estimate.modality), *figures, int(estimate.measured_ns), absence, cells.figures(estimate.evidence))


def _estimate(at_ns: int, row: Row) -> Event:
    sensor, modality, value, low, high, quality, measured_ns, absence, evidence = row
    estimate = Estimate(
        modality=Modality(cells.text(modality)),
        value=cells.number(value),
        quality=cells.number(quality),
        interval=(cells.number(low), cells.number(high)),
        measured_ns=cells.integer(measured_ns),
        evidence=cells.read_figures(evidence),
        absence=None if absence is None else Absence(cells.text(absence)),
    )
    return Estimated(at_ns, cells.text(sensor), estimate)


def _tick(at_ns: int, row: Row) -> Event:
    if row:
        raise ValueError("a tick has a time and nothing else")
    return Ticked(at_ns)


def _assessment_row(one: Assessment) -> Row:
    low, high = (None, None) if one.interval is None else (float(one.interval[0]), float(one.interval[1]))
    score = None if one.score is None else float(one.score)
    probability = None if one.probability is None else float(one.probability)
    shares: list[list[str | float]] = [
        [str(share.modality), float(share.log_odds), float(share.quality), float(share.age_s)]
        for share in one.contributions
    ]
    missing = {str(name): str(why) for name, why in one.missing.items()}
    words = cells.words(one.mode), cells.pairs(missing), cells.listed(shares), cells.words(one.reasons)
    return (one.assessed_ns, str(one.verdict), score, low, high, probability, *words)


def _assessment(at_ns: int, row: Row) -> Event:
    assessed_ns, verdict, score, low, high, probability, mode, missing, shares, reasons = row
    assessment = Assessment(
        assessed_ns=cells.integer(assessed_ns),
        verdict=Verdict(cells.text(verdict)),
        score=cells.optional(score),
        interval=None if low is None else (cells.number(low), cells.number(high)),
        probability=cells.optional(probability),
        mode=tuple(Modality(word) for word in cells.text(mode).split()),
        missing={Modality(name): Absence(why) for name, why in cells.read_pairs(missing).items()},
        contributions=_contributions(shares),
        reasons=tuple(cells.text(reasons).split()),
    )
    return Assessed(at_ns, assessment)


def _contributions(cell: Cell) -> tuple[Contribution, ...]:
    found: object = json.loads(cells.text(cell))
    if not isinstance(found, list) or not all(isinstance(row, list) and len(row) == 4 for row in found):
        raise ValueError(f"{found!r:.40} are no contributions")
    return tuple(Contribution(Modality(cells.text(row[0])), *(cells.number(one) for one in row[1:])) for row in found)


def _alert_row(alert: Alert) -> Row:
    low, high = (None, None) if alert.interval is None else (float(alert.interval[0]), float(alert.interval[1]))
    score = None if alert.score is None else float(alert.score)
    words = alert.condition, alert.kind, alert.priority, alert.presence, alert.activation
    return (
        alert.id,
        alert.seq,
        alert.episode,
        *(str(word) for word in words),
        alert.at_ns,
        alert.boot_id,
        alert.wall_ms,
        int(alert.synced),
        str(alert.validity),
        alert.mode,
        cells.pairs(alert.missing),
        score,
        low,
        high,
        cells.words(alert.reasons),
    )


def _alert(at_ns: int, row: Row) -> Event:
    name, number, episode, condition, kind, priority, presence, activation, *rest = row
    moved_ns, boot_id, wall_ms, synced, validity, mode, missing, score, low, high, reasons = rest
    alert = Alert(
        id=cells.text(name),
        seq=cells.integer(number),
        episode=cells.text(episode),
        condition=Condition(cells.text(condition)),
        kind=ConditionKind(cells.text(kind)),
        priority=Priority(cells.text(priority)),
        presence=Presence(cells.text(presence)),
        activation=Activation(cells.text(activation)),
        at_ns=cells.integer(moved_ns),
        boot_id=cells.text(boot_id),
        wall_ms=cells.integer(wall_ms),
        synced=bool(cells.integer(synced)),
        validity=Validity(cells.text(validity)),
        mode=cells.text(mode),
        missing=cells.read_pairs(missing),
        score=cells.optional(score),
        interval=None if low is None else (cells.number(low), cells.number(high)),
        reasons=tuple(cells.text(reasons).split()),
    )
    return Alerted(at_ns, alert)


def _acknowledgement(at_ns: int, row: Row) -> Event:
    (target,) = row
    return Acknowledged(at_ns, cells.text(target))


_BLOCK = ("sensor TEXT", "channel TEXT", "rate_hz ANY", "arrived_ns INTEGER", "device_s ANY", "lost_before INTEGER")
_ESTIMATE = ("sensor TEXT", "modality TEXT", "value ANY", "low ANY", "high ANY", "quality ANY", "measured_ns INTEGER")
_SCORE = ("score ANY", "low ANY", "high ANY")
_ALARM = ("condition TEXT", "kind TEXT", "priority TEXT", "presence TEXT", "activation TEXT")
_STAMP = ("moved_ns INTEGER", "boot_id TEXT", "wall_ms INTEGER", "synced INTEGER")

TABLES = (
    Table("block", (*_BLOCK, "axes INTEGER", "samples BLOB"), _block),
    Table(
        "status",
        ("sensor TEXT", "state TEXT", "reason TEXT", "since_ns INTEGER", "detail TEXT", "warnings TEXT"),
        _status,
    ),
    Table("estimate", (*_ESTIMATE, "absence TEXT", "evidence TEXT"), _estimate),
    Table("tick", (), _tick),
    Table(
        "assessment",
        (
            *("assessed_ns INTEGER", "verdict TEXT", *_SCORE, "probability ANY"),
            *("mode TEXT", "missing TEXT", "contributions TEXT", "reasons TEXT"),
        ),
        _assessment,
    ),
    Table(
        "alert",
        (
            *("id TEXT", "number INTEGER", "episode TEXT", *_ALARM, *_STAMP, "validity TEXT"),
            *("mode TEXT", "missing TEXT", *_SCORE, "reasons TEXT"),
        ),
        _alert,
    ),
    Table("acknowledgement", ("target TEXT",), _acknowledgement),
)
"""Every table of events."""
