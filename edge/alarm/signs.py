"""What assessment, sensors and the box itself say about each alarm condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from edge.alarm.table import Rule, Sign
from edge.config import Alarm
from edge.types import (
    CAMERA_STATE_LOST,
    Absence,
    Assessment,
    BoxFacts,
    Condition,
    Hold,
    Modality,
    Priority,
    SensorState,
    SensorStatus,
    SensorWarning,
    Verdict,
)

_BAND = frozenset({Modality.PPG, Modality.GSR, Modality.HEART_RATE})

_SILENT = frozenset({Absence.NOT_CONFIGURED})
"""Absences that are no loss: there is no such sensor."""

_NO_CAMERA = _SILENT | {Absence.CAMERA_OFF}
"""There is no camera, or somebody has switched it off."""

_UNDECIDED = frozenset({Absence.WARMING_UP})
"""Absences that neither begin nor end a loss: the sensor is there and its estimator gathers its first data."""

_POOR = frozenset({SensorWarning.PARTIAL, SensorWarning.CHANNEL_SILENT})
"""Warnings of a sensor whose signal is worth less than it should be."""

COOLER_C = 5.0
"""The box counts as cool again this far below `hot_c`, degrees: fans and throttling work in steps of about 5."""

HOT_DELAY_S = 30.0
"""Condition delay of "box hot", seconds: a burst of work heats a processor for moments."""

REMINDER_S = 4 * 3600.0
"""What does not hinder watching (a battery, a clock, a camera switched off) reminds this long after it was
acknowledged, seconds: once or twice a shift."""

BOX_CONDITIONS = frozenset(
    {
        Condition.STATION_SILENT,
        Condition.BOX_HOT,
        Condition.CLOCK_UNSYNCED,
        Condition.STORAGE_FAILING,
        Condition.ANNUNCIATOR_FAILING,
    }
)
"""Conditions of the box itself: a session does not record what they rest on."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything that signs rest on.

    Attributes:
        assessment, sensors: of this tick.
        facts: of the box.
        holds: what a person asked for.
        offset: of the pain threshold, score units.
        storage_fails: the disk takes no alarm states.
        unanswered: an escalated alarm waits for far too long.
    """

    assessment: Assessment
    sensors: Mapping[str, SensorStatus] = field(default_factory=dict[str, SensorStatus])
    facts: BoxFacts = field(default_factory=BoxFacts)
    holds: tuple[Hold, ...] = ()
    offset: float = 0.0
    storage_fails: bool = False
    unanswered: bool = False


def rules(alarm: Alarm) -> dict[Condition, Rule]:
    """The rule of every condition, from the configuration.

    Pain latches; a technical condition whose cause is gone needs nobody. Losing one of several sensors is of low
    priority: the bed is still watched. Causes that flap faster than `clear_s` count as one.
    """
    pain = Rule(
        Priority.MEDIUM,
        onset_s=alarm.pain_delay_s,
        clear_s=alarm.pain_clear_s,
        acknowledge_s=alarm.acknowledge_timeout_s,
        latches=True,
        unseen_s=alarm.blind_delay_s,
        bed_s=alarm.bed_after_s,
        second_s=alarm.second_station_after_s,
    )
    lost = replace(
        pain,
        priority=Priority.LOW,
        onset_s=alarm.sensor_delay_s,
        clear_s=alarm.clear_s,
        latches=False,
        unseen_s=0.0,
        grace_s=alarm.clear_s,
        flap_s=alarm.flap_s,
    )
    note = replace(lost, acknowledge_s=REMINDER_S)
    grave = replace(lost, priority=Priority.MEDIUM)
    return {
        Condition.PAIN: pain,
        Condition.CANNOT_ASSESS: replace(lost, priority=alarm.blind_priority, onset_s=alarm.blind_delay_s),
        Condition.FACE_LOST: lost,
        Condition.BAND_LOST: lost,
        Condition.SIGNAL_POOR: replace(lost, onset_s=alarm.signal_delay_s),
        Condition.BATTERY_LOW: note,
        Condition.CAMERA_OFF: replace(note, onset_s=0.0, clear_s=0.0, grace_s=0.0, flap_s=0.0),
        Condition.STATION_SILENT: replace(grave, onset_s=alarm.station_delay_s),
        Condition.BOX_HOT: replace(grave, onset_s=HOT_DELAY_S),
        Condition.CLOCK_UNSYNCED: replace(note, onset_s=alarm.clock_delay_s),
        Condition.STORAGE_FAILING: replace(grave, onset_s=0.0),
        Condition.ANNUNCIATOR_FAILING: replace(grave, onset_s=0.0),
    }


def signs(view: View, alarm: Alarm) -> dict[Condition, Sign]:
    """The sign of every condition at one tick."""
    return {condition: sign(view, alarm) for condition, (sign, _) in SOURCES.items()}


def _pain(view: View, alarm: Alarm) -> Sign:
    """Reports move where pain begins, never where it is severe, and never raise where it ends."""
    score = view.assessment.score
    if score is None:
        return Sign.UNKNOWN
    if score >= alarm.pain_high_score:
        return Sign.HIGH
    begins = alarm.pain_on_score + view.offset
    if score >= begins:
        return Sign.PRESENT if score >= max(alarm.pain_medium_score + view.offset, begins) else Sign.LOW
    ends = min(alarm.pain_off_score, alarm.pain_off_score + view.offset)
    if score >= ends:
        return Sign.HOLD
    return Sign.UNKNOWN if _face_out_of_sight(view) else Sign.GONE


def _face_out_of_sight(view: View) -> bool:
    """Whether the face should be seen and is not: a wristband that is calm does not end what the face has shown."""
    return view.assessment.missing.get(Modality.FACE, Absence.NOT_CONFIGURED) not in _NO_CAMERA


def _blind(view: View, _alarm: Alarm) -> Sign:
    return _present(view.assessment.verdict is Verdict.CANNOT_ASSESS)


def _face_lost(view: View, _alarm: Alarm) -> Sign:
    if Hold.CARE in view.holds or Hold.CAMERA_OFF in view.holds:
        return Sign.GONE
    return _lost(view.assessment, frozenset({Modality.FACE}))


def _band_lost(view: View, _alarm: Alarm) -> Sign:
    return _lost(view.assessment, _BAND)


def _lost(assessment: Assessment, sensor: frozenset[Modality]) -> Sign:
    """Lost: configured, and none of its modalities in use, while something else is."""
    why = {absence for modality, absence in assessment.missing.items() if modality in sensor} - _SILENT
    if sensor & set(assessment.mode) or not why:
        return Sign.GONE
    if assessment.verdict is Verdict.CANNOT_ASSESS:
        return Sign.UNKNOWN  # "cannot assess" speaks for all of them
    return Sign.HOLD if why <= _UNDECIDED else Sign.PRESENT


def _signal_poor(view: View, _alarm: Alarm) -> Sign:
    """Part of the evidence is too poor to use, while the sensor is there and the rest of it serves."""
    if view.assessment.verdict is Verdict.CANNOT_ASSESS:
        return Sign.UNKNOWN
    if Hold.CARE in view.holds:
        return Sign.GONE
    poor = {modality for modality, why in view.assessment.missing.items() if why is Absence.POOR_SIGNAL}
    band_in_use = bool(_BAND & set(view.assessment.mode))
    warned = any(one.warnings & _POOR for one in view.sensors.values() if one.state is SensorState.STREAMING)
    return _present(warned or bool(poor & _BAND and band_in_use))


def _battery(view: View, _alarm: Alarm) -> Sign:
    there = [one for one in view.sensors.values() if one.state is SensorState.STREAMING]
    if any(SensorWarning.BATTERY_LOW in one.warnings for one in view.sensors.values()):
        return Sign.PRESENT
    return Sign.GONE if there or not view.sensors else Sign.UNKNOWN


def _camera_off(view: View, _alarm: Alarm) -> Sign:
    return _present(Hold.CAMERA_OFF in view.holds)


def _station(view: View, _alarm: Alarm) -> Sign:
    if view.facts.station_silent is None:
        return Sign.GONE
    return _present(view.facts.station_silent or view.unanswered)


def _hot(view: View, alarm: Alarm) -> Sign:
    degrees = view.facts.temperature_c
    if degrees is None:
        return Sign.UNKNOWN
    if degrees >= alarm.hot_c:
        return Sign.PRESENT
    return Sign.HOLD if degrees > alarm.hot_c - COOLER_C else Sign.GONE


def _clock(view: View, alarm: Alarm) -> Sign:
    synced = view.facts.clock_synced
    if synced is None:
        return Sign.UNKNOWN
    return _present(alarm.clock_alarm and not synced)


def _storage(view: View, _alarm: Alarm) -> Sign:
    return _present(view.storage_fails or bool(view.facts.storage_fault))


def _annunciator(view: View, _alarm: Alarm) -> Sign:
    return _present(bool(view.facts.annunciator_fault))


def _present(there: bool) -> Sign:  # a conversion of a boolean
    return Sign.PRESENT if there else Sign.GONE


SOURCES: dict[Condition, tuple[Callable[[View, Alarm], Sign], str]] = {
    Condition.PAIN: (_pain, "the fused score"),
    Condition.CANNOT_ASSESS: (_blind, "no usable evidence of any modality"),
    Condition.FACE_LOST: (_face_lost, "no usable face, while a band is in use; not in care mode"),
    Condition.BAND_LOST: (_band_lost, "no usable signal of the band, while the face is in use"),
    Condition.SIGNAL_POOR: (_signal_poor, "a channel that is poor, partial or silent; not in care mode"),
    Condition.BATTERY_LOW: (_battery, "the band's charge"),
    Condition.CAMERA_OFF: (_camera_off, "the command `camera_off`; or nobody knows whether the camera may look"),
    Condition.STATION_SILENT: (
        _station,
        "no broker, rows it does not take, alarms no station confirms, or that nobody acknowledges",
    ),
    Condition.BOX_HOT: (_hot, "the hottest thermal zone, against `hot_c`"),
    Condition.CLOCK_UNSYNCED: (_clock, "the kernel's word on its clock"),
    Condition.STORAGE_FAILING: (
        _storage,
        "the disk does not take alarm states, or the state file was damaged within the hour",
    ),
    Condition.ANNUNCIATOR_FAILING: (_annunciator, "the bed's light, sound or button fails its test or its work"),
}
"""For every condition, its sign and what that rests on, in words."""


def reasons(
    condition: Condition, assessment: Assessment, sensors: Mapping[str, SensorStatus], *, camera_lost: bool = False
) -> tuple[str, ...]:
    """Codes behind a transition: of the score for pain, of the silent sensors where evidence is missing.

    Args:
        condition: that changes.
        assessment: of this tick.
        sensors: likewise.
        camera_lost: whether the cameras are off because nobody knows what was decided.
    """
    unknown = (CAMERA_STATE_LOST,) if camera_lost else ()
    match condition:
        case Condition.PAIN:
            return assessment.reasons
        case Condition.SIGNAL_POOR | Condition.BATTERY_LOW:
            wanted = _POOR if condition is Condition.SIGNAL_POOR else {SensorWarning.BATTERY_LOW}
            return tuple(one.sensor for one in sensors.values() if one.warnings & wanted)
        case Condition.CANNOT_ASSESS | Condition.FACE_LOST | Condition.BAND_LOST:
            silent = (status for status in sensors.values() if status.state is not SensorState.STREAMING)
            told = assessment.reasons if assessment.verdict is Verdict.CANNOT_ASSESS else ()
            why = (str(status.reason) for status in silent if status.reason is not None)
            return tuple(dict.fromkeys((*unknown, *told, *why)))
        case Condition.CAMERA_OFF:
            return unknown
        case _:
            return ()
