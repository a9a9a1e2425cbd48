"""One bed as the page shows it: everything in words, and how urgent it is. Pure: what is known and the time in.

Blind is not calm, and this is where it is decided for every screen: a bed that was not heard of in time has no score,
is never "watched", and stands as high as a bed in pain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict

from edge.publish.payload import AlertMessage, NoteMessage, SensorCondition, StateMessage
from edge.station.clocks import apart_ms, clock_words, since
from edge.station.ward import Bed, Sight
from edge.station.words import CONDITION_WORDS, absence_words, because, explain, presence_words, words
from edge.types import NS_PER_S, Condition, Presence, Priority, SensorState, SensorWarning, Validity, Verdict

UNKNOWN_DELAY_S = 15.0
"""Signal delay of a bed that is unknown, seconds: it is shown at once, and sounds when it stays so. A station that
restarts hears every box within its period of 10 s."""

SECOND_UNKNOWN_DELAY_S = 120.0
"""The same at a second station, seconds: whoever is at the first has had time to see it."""

BATTERIES_SHOWN = 4
"""Wristbands of one bed whose charge is shown: more than anybody wears."""

NAME_CHARS = 24
"""Characters of a band's name that are shown: as many as a box's configuration allows."""

TO_SECOND = "to_second"
"""First reason of an alarm that the box has escalated to the second station."""

_SOUNDING = (Presence.ON, Presence.LATCHED)

_MUTED = frozenset({"audio_paused", "alarms_paused"})
"""Holds (`holds` of a state) during which a station does not sound."""


class Look(StrEnum):
    """What a bed looks like: one colour, one shape and one text each (docs/station.md)."""

    UNKNOWN = "unknown"
    BLIND = "blind"
    PAIN_HIGH = "pain-high"
    PAIN = "pain"
    BUILDING = "building"
    TECHNICAL = "technical"
    ATTENDED = "attended"
    WATCHED = "watched"


class AlarmPicture(TypedDict):
    """One alarm that is not over."""

    episode: int
    condition: str
    words: str
    priority: str
    presence: str
    presence_words: str
    sounding: bool
    because: str
    score: float | None
    since_ms: int
    synced: bool
    by: str


class NotePicture(TypedDict):
    """The newest note."""

    text: str
    by: str
    at_ms: int


class BatteryPicture(TypedDict):
    """The charge of one wristband, as a sentence without its full stop."""

    words: str
    low: bool


class BedPicture(TypedDict):
    """One bed. `rank` 0 is the most urgent; `ring` is the priority to sound, "" for none."""

    place: str
    site: str
    bed: str
    look: str
    title: str
    rank: int
    ring: str
    quiet: bool
    score: float | None
    low: float | None
    high: float | None
    mode: str
    why: list[str]
    missing: list[str]
    quality: dict[str, float]
    batteries: list[BatteryPicture]
    clock: str
    heard_ms: int | None
    heard_wall_ms: int | None
    validity: str
    holds: list[str]
    alarms: list[AlarmPicture]
    note: NotePicture | None
    seen_by: str


@dataclass(frozen=True, slots=True)
class Aside:
    """What the station knows beside the bed's own messages.

    Attributes:
        unknown_ns: since when the bed is unknown, monotonic; None while it is not.
        seen_by: who has seen that it is unknown; that ends its sound until it is heard again.
        acknowledged_by: episode to who acknowledged it.
        note: the newest note.
    """

    unknown_ns: int | None = None
    seen_by: str = ""
    acknowledged_by: Mapping[int, str] | None = None
    note: NoteMessage | None = None


def picture(bed: Bed, aside: Aside, now_ns: int, *, second: bool = False) -> BedPicture:
    """The bed as it is to be shown at `now_ns`; `second`: at a second station, which sounds for what was escalated."""
    sight = bed.sight(now_ns)
    known = sight not in (Sight.OFFLINE, Sight.STALE)
    state = bed.state if known else None
    holds = holds_of(state)
    alarms = _alarms(bed, aside, known=known)
    called = [one for one in alarms if not second or _escalated(bed, one)]
    delay_s = SECOND_UNKNOWN_DELAY_S if second else UNKNOWN_DELAY_S
    ring = _ring(called, holds, aside, _lasts(aside, now_ns, delay_s), known=known)
    look = _look(alarms, state)
    low, high = (None, None) if state is None or state.interval is None else state.interval
    return BedPicture(
        place=str(bed.place),
        site=bed.place.site,
        bed=bed.place.bed,
        look=look,
        title=_title(look, bed, alarms, sight),
        rank=_rank(look, ring),
        ring=ring,
        quiet="quiet" in holds,
        score=None if state is None else state.score,
        low=low,
        high=high,
        mode="unknown" if state is None else state.mode,
        why=[] if state is None else explain(state.reasons),
        missing=[] if state is None else _missing(state),
        quality={} if state is None else {str(one.modality): one.quality for one in state.contributions},
        batteries=batteries(bed) if known else [],
        clock=clock_words(apart_ms(bed), synced=bed.state is not None and bed.state.synced),
        heard_ms=bed.state_ns // 1_000_000 if bed.live else None,
        heard_wall_ms=None if bed.state is None else bed.state.wall_ms,
        validity="" if bed.validity in (None, Validity.REAL) else str(bed.validity),
        holds=holds,
        alarms=alarms,
        note=None if aside.note is None else _note(aside.note),
        seen_by="" if known else aside.seen_by,
    )


def holds_of(state: StateMessage | None) -> list[str]:
    """What holds alarms back at the box (pauses, care, quiet)."""
    return [] if state is None else [str(hold) for hold in state.holds]


def _alarms(bed: Bed, aside: Aside, *, known: bool) -> list[AlarmPicture]:
    current = [one for one in bed.alarms.values() if one.presence is not Presence.OFF]
    shown = [_alarm(bed, one, (aside.acknowledged_by or {}).get(one.episode, ""), known=known) for one in current]
    return sorted(shown, key=lambda one: (not one["sounding"], _PRIORITY[one["priority"]], one["since_ms"]))


_PRIORITY = {str(Priority.HIGH): 0, str(Priority.MEDIUM): 1, str(Priority.LOW): 2}


def _alarm(bed: Bed, alert: AlertMessage, by: str, *, known: bool) -> AlarmPicture:
    since_ms, certain = since(bed, alert)
    return AlarmPicture(
        episode=alert.episode,
        condition=str(alert.condition),
        words=CONDITION_WORDS.get(alert.condition, words(alert.condition)),
        priority=str(alert.priority),
        presence=str(alert.presence),
        presence_words=presence_words(alert) if known else f"{presence_words(alert)} when last heard",
        sounding=alert.presence in _SOUNDING,
        because=because(alert),
        score=alert.score,
        since_ms=since_ms,
        synced=certain,
        by=by if alert.presence is Presence.ACKNOWLEDGED else "",
    )


def _escalated(bed: Bed, alarm: AlarmPicture) -> bool:
    """Whether the box has called the second station for it."""
    return any(
        one.episode == alarm["episode"] and one.condition == alarm["condition"] and TO_SECOND in one.reasons
        for one in bed.alarms.values()
    )


def _lasts(aside: Aside, now_ns: int, delay_s: float) -> bool:
    """Whether the bed has been unknown for so long."""
    return aside.unknown_ns is not None and now_ns - aside.unknown_ns >= delay_s * NS_PER_S


def _ring(alarms: list[AlarmPicture], holds: list[str], aside: Aside, lasting: bool, *, known: bool) -> str:
    """The priority to sound; an unknown bed sounds as medium, or as what was sounding when it was lost."""
    if not known and aside.seen_by:
        return ""
    if known and _MUTED.intersection(holds):
        return ""
    sounding = [one["priority"] for one in alarms if one["sounding"]]
    if not known and lasting:
        sounding.append(str(Priority.MEDIUM))
    return min(sounding, key=_PRIORITY.__getitem__, default="")


def _look(alarms: list[AlarmPicture], state: StateMessage | None) -> Look:
    if state is None:
        return Look.UNKNOWN
    pains = [one for one in alarms if one["condition"] == Condition.PAIN]
    if any(one["sounding"] and one["priority"] == Priority.HIGH for one in pains):
        return Look.PAIN_HIGH
    if any(one["sounding"] for one in pains):
        return Look.PAIN
    if state.verdict is Verdict.CANNOT_ASSESS:
        return Look.BLIND
    if pains:
        return Look.ATTENDED
    if state.verdict is Verdict.PAIN:
        return Look.BUILDING
    return Look.TECHNICAL if alarms else Look.WATCHED


def _title(look: Look, bed: Bed, alarms: list[AlarmPicture], sight: Sight) -> str:
    match look:
        case Look.UNKNOWN:
            return f"Unknown: {_why_unknown(bed, sight)}"
        case Look.BLIND:
            return "Cannot assess"
        case Look.PAIN_HIGH:
            return "Strong signs of pain"
        case Look.PAIN:
            over = all(one["presence"] == Presence.LATCHED for one in alarms if one["condition"] == Condition.PAIN)
            return "There were signs of pain" if over else "Signs of pain"
        case Look.BUILDING:
            return "Signs of pain, no alarm yet"
        case Look.ATTENDED:
            return "Signs of pain, acknowledged"
        case Look.TECHNICAL:
            return _sentence(alarms[0]["words"])
        case Look.WATCHED:
            return "No signs of pain seen"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _why_unknown(bed: Bed, sight: Sight) -> str:
    if sight is Sight.OFFLINE and bed.availability is not None:
        return {
            "stopped": "the box was stopped",
            "connection_lost": "the box has lost its connection",
        }.get(bed.availability.reason, "the box is offline")
    if bed.live:
        return "the box has fallen silent"
    return "never heard of" if bed.state is None and bed.availability is None else "not heard of yet"


def _missing(state: StateMessage) -> list[str]:
    absent = [(key, why) for key, why in state.missing.items() if why != "not_configured"]
    return [f"{key}: {absence_words(why)}" for key, why in absent]


def batteries(bed: Bed) -> list[BatteryPicture]:
    """The charge of each wristband that tells it, the lowest first; a single one needs no name."""
    sensors = bed.charges()
    told = {} if sensors is None else {name: one for name, one in sensors.sensors.items() if one.battery is not None}
    lowest = sorted(told.items(), key=lambda one: (one[1].battery or 0.0, one[0]))[:BATTERIES_SHOWN]
    return [_battery(name if len(told) > 1 else "", one) for name, one in lowest]


def _battery(name: str, sensor: SensorCondition) -> BatteryPicture:
    low = SensorWarning.BATTERY_LOW in sensor.warnings
    said = f"wristband{f' {name[:NAME_CHARS]}' if name else ''} battery {sensor.battery or 0.0:.0f} %"
    heard = "" if sensor.state is SensorState.STREAMING else " when last heard"
    return BatteryPicture(words=f"{said}{heard}{', low: charge it' if low else ''}", low=low)


def _rank(look: Look, ring: str) -> int:
    """What sounds comes first, by priority; blind and unknown beds stand as high as painful ones."""
    if ring in (Priority.HIGH, Priority.MEDIUM):
        return 0 if ring == Priority.HIGH else 1
    if look in (Look.PAIN_HIGH, Look.PAIN, Look.BLIND, Look.UNKNOWN):
        return 2
    return {Look.BUILDING: 3, Look.ATTENDED: 5}.get(look, 4 if ring else 6 if look is Look.TECHNICAL else 7)


def _note(note: NoteMessage) -> NotePicture:
    return NotePicture(text=note.text, by=note.by, at_ms=note.wall_ms)
