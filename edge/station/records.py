"""What is read out of the book: the log, the trends, and the burden of alarms."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import TypedDict

from edge.publish.payload import KIND
from edge.station.history import Reading, Row, Value
from edge.station.words import CONDITION_WORDS, explain, words
from edge.types import Condition, ConditionKind

LOG_LINES = 300
"""Longest log that is shown: two nights of a busy ward."""


_PRESENCE_WORDS = {"on": "raised", "latched": "over or out of sight, not acknowledged", "off": "ended"}
"""Transitions in the words of the log."""


class LogLine(TypedDict):
    """One line of the log: `kind` is "alarm", "deed" or "note"."""

    at_ms: int
    place: str
    kind: str
    what: str
    who: str
    detail: str


def log(book: Reading, place: str | None = None, limit: int = LOG_LINES) -> list[LogLine]:
    """Alarms, deeds and notes, newest first, by the station's clock of when they were heard."""
    sources = (("alarm", book.events), ("deed", book.deeds), ("note", book.notes))
    rows = [(kind, row) for kind, newest in sources for row in newest(place, limit)]
    rows.sort(key=lambda one: _whole(one[1][0]), reverse=True)
    return [_line(kind, row) for kind, row in _as_numbered(rows[:limit])]


def _as_numbered(rows: list[tuple[str, Row]]) -> list[tuple[str, Row]]:
    """Alarms of one bed in the order of the box's own numbers: what was repeated may have been heard late."""
    beds: dict[Value, list[Row]] = defaultdict(list)
    for kind, row in rows:
        if kind == "alarm":
            beds[row[1]].append(row)
    for alarms in beds.values():
        alarms.sort(key=lambda row: int(str(row[-1]).rpartition("-")[2]))
    return [(kind, beds[row[1]].pop() if kind == "alarm" else row) for kind, row in rows]


def _line(kind: str, row: Row) -> LogLine:
    at_ms, place, *rest = row
    text = [str(one or "") for one in rest]
    line = LogLine(at_ms=_whole(at_ms), place=str(place), kind=kind, what="", who="", detail="")
    match kind:
        case "alarm":
            condition, presence, priority, validity, reasons, _ = text
            line["what"] = f"{_condition_words(condition)}: {_PRESENCE_WORDS.get(presence, words(presence))}"
            extra = [] if validity == "real" else [validity]
            line["detail"] = ", ".join([f"{priority} priority", *explain(json.loads(reasons)), *extra])
        case "deed":
            line["what"], line["who"] = words(text[0]), text[1]
            outcome = "not answered" if rest[3] is None else "done" if rest[3] else "refused"
            line["detail"] = ": ".join(part for part in (text[2], outcome, text[4]) if part)
        case _:
            line["what"], line["who"], line["detail"] = "note", text[0], text[1]
    return line


def _condition_words(name: str) -> str:
    return CONDITION_WORDS[Condition(name)] if name in list(Condition) else words(name)


def _whole(value: Value) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


class Trend(TypedDict):
    """Scores and sights of one bed in equal steps; `sights` is "" where nothing was heard: unknown, not calm."""

    step_min: int
    until_min: int
    high: list[float | None]
    sights: list[str]


_WORST = ("", "calm", "pain", "cannot assess")
"""Sights of a minute, the one that stands for a longer step last: a blind minute is not hidden by a painful one,
because the step still has its highest score."""


def trends(book: Reading, now_ms: int, hours: int, step_min: int, place: str | None = None) -> dict[str, Trend]:
    """The last hours of every bed (or of one), in steps of some minutes.

    Args:
        book: where the minutes are.
        now_ms: Unix milliseconds; the last step ends with this minute.
        hours: length.
        step_min: minutes in a step.
        place: only this bed.
    """
    until = now_ms // 60_000
    steps = hours * 60 // step_min
    first = until - steps * step_min + 1
    rows = book.trend(first, place)
    found: dict[str, Trend] = {}
    for name, minute, sight, high in rows:
        key = str(name)
        if key not in found:
            found[key] = Trend(step_min=step_min, until_min=until, high=[None] * steps, sights=[""] * steps)
        index = (_whole(minute) - first) // step_min
        if not 0 <= index < steps:
            continue  # the station's clock was set back
        one = found[key]
        before = one["high"][index]
        if isinstance(high, (int, float)):
            one["high"][index] = float(high) if before is None else max(before, float(high))
        one["sights"][index] = max(one["sights"][index], str(sight), key=_sight_rank)
    return found


def _sight_rank(sight: str) -> int:
    return _WORST.index(sight) if sight in _WORST else 0


class BedBurden(TypedDict):
    """How much one bed (or all) asked of the nurses."""

    place: str
    episodes: int
    physiological: int
    technical: int
    acknowledged: int
    median_s: float | None
    longest_s: float | None
    by_condition: dict[str, int]


@dataclass(slots=True)
class _Count:
    conditions: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    waits_s: list[float] = field(default_factory=list)


def burden(book: Reading, since_ms: int) -> list[BedBurden]:
    """Alarm episodes since a moment: all beds first, then each, the busiest first.

    The time to the acknowledgement runs on the box's clock, from the transition that raised the episode to the one that
    acknowledged it; a latched one ends with its acknowledgement.
    """
    rows = book.episodes(since_ms)
    counts: dict[str, _Count] = defaultdict(_Count)
    for place, _, condition, began, acknowledged in rows:
        for key in (str(place), ""):
            counts[key].conditions[str(condition)] += 1
            if acknowledged is not None:
                counts[key].waits_s.append(max(0.0, (_whole(acknowledged) - _whole(began)) / 1000))
    return sorted(
        (_bed_burden(key, one) for key, one in counts.items()), key=lambda one: (-one["episodes"], one["place"])
    )


def _bed_burden(place: str, count: _Count) -> BedBurden:
    total = sum(count.conditions.values())
    physiological = sum(
        number
        for name, number in count.conditions.items()
        if name in list(Condition) and KIND[Condition(name)] is ConditionKind.PHYSIOLOGICAL
    )
    return BedBurden(
        place=place,
        episodes=total,
        physiological=physiological,
        technical=total - physiological,
        acknowledged=len(count.waits_s),
        median_s=round(median(count.waits_s), 1) if count.waits_s else None,
        longest_s=round(max(count.waits_s), 1) if count.waits_s else None,
        by_condition={_condition_words(name): number for name, number in sorted(count.conditions.items())},
    )
