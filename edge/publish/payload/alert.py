"""Alerts: one transition of one alarm condition, in at most 256 bytes of JSON."""

from __future__ import annotations

import re

from pydantic import Field

from edge.publish.payload.codes import AbsenceCode, ModalityCode
from edge.publish.payload.message import Code, Head, Score, within
from edge.types import (
    Absence,
    Activation,
    Alert,
    Condition,
    ConditionKind,
    Modality,
    Presence,
    Priority,
)

MAX_ALERT_BYTES = 256
"""Longest alert, bytes of JSON."""

REASON_CHARS = 16
"""Reason codes are cut to this many characters ("end_of_recording" is the longest in use)."""

MAX_REASONS = 3
"""Reasons in an alert, strongest first; fewer where they would not fit into `MAX_ALERT_BYTES`."""

MAX_LATE_S = 9_999_999
"""A lateness is cut here, seconds: a hundred days, seven digits."""

KIND = dict.fromkeys(Condition, ConditionKind.TECHNICAL) | {Condition.PAIN: ConditionKind.PHYSIOLOGICAL}
"""Kind of each condition. It follows from the condition and is therefore not on the wire."""

ACTIVATION = {
    Presence.ON: Activation.ON,
    Presence.LATCHED: Activation.ON,
    Presence.ACKNOWLEDGED: Activation.PAUSED,
    Presence.OFF: Activation.OFF,
}
"""Whether the signal may sound, by presence: acknowledging silences it. Not on the wire either."""


class AlertMessage(Head):
    """One transition of one alarm condition (topics `event` and `alarm/<condition>`); at most 256 bytes."""

    episode: int = Field(alias="ep", ge=0)
    """Number (the part of `id` after the dash) of the alert that raised this episode."""
    condition: Condition = Field(alias="c")
    """Alarm condition."""
    priority: Priority = Field(alias="p")
    """IEC 60601-1-8 priority."""
    presence: Presence = Field(alias="s")
    """"on", "latched" (over or out of sight, not acknowledged), "acknowledged" or "off"."""
    missing: dict[ModalityCode, AbsenceCode] = Field(alias="x", default_factory=dict)
    """Configured modalities not in use, each with its reason."""
    score: Score | None = Field(alias="n", default=None)
    """Score behind the transition; absent when blind."""
    interval: tuple[Score, Score] | None = Field(alias="i", default=None)
    """90 % interval of the score; absent when blind."""
    reasons: list[Code] = Field(alias="r", default_factory=list, max_length=MAX_REASONS)
    """Codes behind the transition, strongest first."""
    late_s: int | None = Field(alias="l", default=None, ge=0, le=MAX_LATE_S)
    """On `event` only: how much later than the transition it was sent, seconds. A late one is history and does not
    ring; what stands now is said by `alarm/<condition>`."""

    @property
    def kind(self) -> ConditionKind:
        """Physiological or technical."""
        return KIND[self.condition]

    @property
    def activation(self) -> Activation:
        """Whether the signal may sound."""
        return ACTIVATION[self.presence]

    def missing_words(self) -> dict[Modality, Absence]:
        """`missing` in the words of `edge.types`."""
        return {Modality[key.name]: Absence[value.name] for key, value in self.missing.items()}


def alert_message(alert: Alert) -> AlertMessage:
    """The wire form of an alert, with as many reasons as fit into `MAX_ALERT_BYTES`."""
    reasons = [code(reason) for reason in alert.reasons[:MAX_REASONS]]
    message = _alert_message(alert, reasons)
    while reasons and len(message.encode()) > MAX_ALERT_BYTES:
        reasons.pop()
        message = _alert_message(alert, reasons)
    return message


def late_message(message: AlertMessage, late_s: float) -> AlertMessage:
    """The same alert marked late, with as many reasons as fit into `MAX_ALERT_BYTES`."""
    late = message.model_copy(update={"late_s": min(MAX_LATE_S, max(0, round(late_s)))})
    while late.reasons and len(late.encode()) > MAX_ALERT_BYTES:
        late = late.model_copy(update={"reasons": late.reasons[:-1]})
    return late


def code(reason: str) -> str:
    """A reason as the wire takes it: an odd one must not keep an alert from being sent."""
    return re.sub("[^A-Za-z0-9_]", "_", reason)[:REASON_CHARS] or "_"


def _alert_message(alert: Alert, reasons: list[str]) -> AlertMessage:
    interval = alert.interval
    return AlertMessage(
        id=alert.id,
        since_boot_ms=alert.at_ns // 1_000_000,
        wall_ms=max(0, alert.wall_ms),
        synced=alert.synced,
        validity=alert.validity,
        mode=alert.mode,
        episode=int(alert.episode.partition("-")[2]),
        condition=alert.condition,
        priority=alert.priority,
        presence=alert.presence,
        missing=_coded(alert),
        score=None if alert.score is None else within(alert.score, 1),
        interval=None if interval is None else (within(interval[0], 1), within(interval[1], 1)),
        reasons=list(reasons),
    )


def _coded(alert: Alert) -> dict[ModalityCode, AbsenceCode]:
    """What is configured and missing; what is not configured is no news in an alert."""
    return {
        ModalityCode[Modality(modality).name]: AbsenceCode[Absence(absence).name]
        for modality, absence in alert.missing.items()
        if absence != Absence.NOT_CONFIGURED
    }


def encode_alert(alert: Alert) -> bytes:
    """JSON of an alert, at most `MAX_ALERT_BYTES`."""
    return alert_message(alert).encode()
