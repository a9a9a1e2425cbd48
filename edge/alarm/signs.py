"""What an assessment says about each alarm condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edge.alarm.table import Rule, Sign
from edge.config import Alarm
from edge.types import Absence, Assessment, Condition, Modality, Priority, SensorState, SensorStatus, Verdict

_BAND = frozenset({Modality.PPG, Modality.GSR, Modality.HEART_RATE})

_SILENT = frozenset({Absence.NOT_CONFIGURED})
"""Absences that are no loss: there is no such sensor."""

_UNDECIDED = frozenset({Absence.WARMING_UP})
"""Absences that neither begin nor end a loss: the sensor is there and its estimator gathers its first data."""


def rules(alarm: Alarm) -> dict[Condition, Rule]:
    """The rules of the four conditions, from the configuration.

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
    )
    lost = Rule(
        Priority.LOW,
        onset_s=alarm.sensor_delay_s,
        clear_s=alarm.clear_s,
        acknowledge_s=alarm.acknowledge_timeout_s,
        grace_s=alarm.clear_s,
    )
    return {
        Condition.PAIN: pain,
        Condition.CANNOT_ASSESS: replace(lost, priority=alarm.blind_priority, onset_s=alarm.blind_delay_s),
        Condition.FACE_LOST: lost,
        Condition.BAND_LOST: lost,
    }


def signs(assessment: Assessment, alarm: Alarm) -> dict[Condition, Sign]:
    """The sign of every condition at one tick."""
    blind = assessment.verdict is Verdict.CANNOT_ASSESS
    return {
        Condition.PAIN: _pain(assessment, alarm),
        Condition.CANNOT_ASSESS: Sign.PRESENT if blind else Sign.GONE,
        Condition.FACE_LOST: _lost(assessment, frozenset({Modality.FACE})),
        Condition.BAND_LOST: _lost(assessment, _BAND),
    }


def _pain(assessment: Assessment, alarm: Alarm) -> Sign:
    if assessment.score is None:
        return Sign.UNKNOWN
    if assessment.score >= alarm.pain_high_score:
        return Sign.HIGH
    if assessment.score >= alarm.pain_on_score:
        return Sign.PRESENT
    return Sign.HOLD if assessment.score >= alarm.pain_off_score else Sign.GONE


def _lost(assessment: Assessment, sensor: frozenset[Modality]) -> Sign:
    """Lost: configured, and none of its modalities in use, while something else is."""
    why = {absence for modality, absence in assessment.missing.items() if modality in sensor} - _SILENT
    if sensor & set(assessment.mode) or not why:
        return Sign.GONE
    if assessment.verdict is Verdict.CANNOT_ASSESS:
        return Sign.UNKNOWN  # "cannot assess" speaks for all of them
    return Sign.HOLD if why <= _UNDECIDED else Sign.PRESENT


def reasons(condition: Condition, assessment: Assessment, sensors: Mapping[str, SensorStatus]) -> tuple[str, ...]:
    """Codes behind a transition: of the score for pain, of the silent sensors for the technical conditions."""
    if condition is Condition.PAIN:
        return assessment.reasons
    silent = (status for status in sensors.values() if status.state is not SensorState.STREAMING)
    return tuple(dict.fromkeys(str(status.reason) for status in silent if status.reason is not None))
