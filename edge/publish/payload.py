"""What is published, as strict pydantic models and compact JSON (docs/mqtt.md, docs/schema/).

Every message starts with the same head: `id` ("<boot id>-<number>"), `t`, `w`, `y`, `v`, `m`. Keys are short because an
alert must fit into 256 bytes; attributes have long names. The models hold strings, numbers, booleans and lists or maps
of those: there is no field that a picture, an array or raw bytes would fit into, and the outbox takes nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edge.clock import Instant
from edge.types import (
    Absence,
    Activation,
    Alert,
    Assessment,
    Condition,
    ConditionKind,
    Hold,
    Modality,
    Presence,
    Priority,
    Validity,
    Verdict,
)

MAX_ALERT_BYTES = 256
"""Longest alert, bytes of JSON."""

REASON_CHARS = 16
"""Reason codes are cut to this many characters ("end_of_recording" is the longest in use)."""

MAX_REASONS = 3
"""Reasons in an alert, strongest first; fewer where they would not fit into `MAX_ALERT_BYTES`."""

MAX_LATE_S = 9_999_999
"""A lateness is cut here, seconds: a hundred days, seven digits."""

BLIND_MODE = "blind"
"""Mode text when no modality is in use."""

KIND = dict.fromkeys(Condition, ConditionKind.TECHNICAL) | {Condition.PAIN: ConditionKind.PHYSIOLOGICAL}
"""Kind of each condition. It follows from the condition and is therefore not on the wire."""

ACTIVATION = {
    Presence.ON: Activation.ON,
    Presence.LATCHED: Activation.ON,
    Presence.ACKNOWLEDGED: Activation.PAUSED,
    Presence.OFF: Activation.OFF,
}
"""Whether the signal may sound, by presence: acknowledging silences it. Not on the wire either."""

MessageId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}-[0-9]{1,12}$")]
"""Boot id, a dash, and the box's running number: unique for ever, rising within a box. Receivers drop repeats by it."""

Mode = Annotated[str, Field(pattern=r"^(blind|(face|ppg|gsr|hr)(\+(face|ppg|gsr|hr)){0,3})$")]
"""Modalities in use, joined by "+", or "blind"."""

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,16}$")]
"""A reason code."""

Score = Annotated[float, Field(ge=0, le=10)]
"""Evidence score, 5 at the threshold."""

CommandId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
"""Chosen by the station; a repeated command with the same id is carried out and answered once."""

Person = Annotated[str, Field(min_length=1, max_length=64)]
"""Who gave a command, in the station's words."""


class Message(BaseModel):
    """Anything that is published: unknown keys are refused, no silent conversions, immutable."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
    )

    def encode(self) -> bytes:
        """Compact JSON, UTF-8."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()


class Head(Message):
    """What every message of a box carries."""

    id: MessageId
    """Boot id, a dash, and the box's running number."""
    since_boot_ms: int = Field(alias="t", ge=0)
    """Milliseconds since the boot named in `id`: orders messages even where the wall clock jumped."""
    wall_ms: int = Field(alias="w", ge=0)
    """Unix time in milliseconds as the box believes it."""
    synced: bool = Field(alias="y")
    """Whether the wall clock was synchronised."""
    validity: Validity = Field(alias="v")
    """"real", "test" or "demo"."""
    mode: Mode = Field(alias="m")
    """Modalities in use, or "blind"."""

    @property
    def boot_id(self) -> str:
        """Boot in which `since_boot_ms` counts."""
        return self.id.partition("-")[0]

    @property
    def seq(self) -> int:
        """The box's running number."""
        return int(self.id.partition("-")[2])


class ModalityCode(StrEnum):
    """One letter per modality, for alerts."""

    FACE = "f"
    PPG = "p"
    GSR = "g"
    HEART_RATE = "h"


class AbsenceCode(StrEnum):
    """Two letters per absence, for alerts."""

    NOT_CONFIGURED = "nc"
    CONNECTING = "co"
    SENSOR_LOST = "lo"
    SENSOR_STALLED = "sl"
    STALE = "st"
    NO_FACE = "nf"
    FACE_TURNED = "tu"
    FACE_COVERED = "cv"
    TWO_FACES = "tf"
    OTHER_FACE = "of"
    FACE_TOO_SMALL = "sm"
    TOO_DARK = "dk"
    POOR_SIGNAL = "ps"
    NOT_WORN = "nw"
    WARMING_UP = "wu"
    ESTIMATOR_FAULT = "ef"
    CAMERA_OFF = "ca"
    FIXED_RATE = "fr"


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


class StateContribution(Message):
    """How much one modality moved the score."""

    modality: Modality
    """Whose evidence."""
    log_odds: float
    """Its share of the evidence, log-odds."""
    quality: float
    """0..1."""
    age_s: float
    """Age of the evidence, seconds."""


class StateMessage(Head):
    """The newest assessment (topic `state`, retained)."""

    verdict: Verdict
    """"calm", "pain" or "cannot_assess"."""
    missing: dict[Modality, Absence]
    """Modalities not in use, each with its reason."""
    every_s: float
    """The next state follows within this time; a receiver that waits three times as long must call the bed stale."""
    score: Score | None = None
    """Evidence score; absent exactly when the verdict is cannot_assess."""
    interval: tuple[Score, Score] | None = None
    """90 % interval of the score."""
    probability: Annotated[float, Field(ge=0, le=1)] | None = None
    """Calibrated probability of a pain episode."""
    contributions: list[StateContribution] = []
    """Strongest first."""
    reasons: list[str] = []
    """Codes behind the score, strongest first."""
    holds: list[Hold] = []
    """What a person at the bed has asked of the alarms: a station does not sound while they are paused."""

    @model_validator(mode="after")
    def _blind_has_no_number(self) -> Self:
        blind = self.verdict is Verdict.CANNOT_ASSESS
        if blind != (self.score is None) or blind != (self.mode == BLIND_MODE):
            raise ValueError("a state has no score and the mode blind exactly when it cannot assess")
        return self


class AvailabilityMessage(Head):
    """Whether the box is there (topic `availability`, retained; the last will says offline)."""

    online: bool
    """False means: nobody is watching this bed."""
    reason: Literal["started", "stopped", "connection_lost"]
    """Why."""


class Acknowledge(Message):
    """The command `acknowledge`: give the condition, or the number of the episode."""

    id: CommandId
    """Chosen by the station."""
    do: Literal["acknowledge"]
    """What to do."""
    condition: Condition | None = None
    """Acknowledge whatever episode of this condition is active …"""
    episode: int | None = Field(default=None, ge=0)
    """… or exactly this episode (`ep` of the alert), so that a newer one cannot be silenced by mistake."""
    by: Person
    """Who acknowledges."""

    @property
    def target(self) -> str:
        """What `AlarmManager.acknowledge` wants to know: the condition's name or the episode's number."""
        return str(self.condition) if self.condition is not None else str(self.episode)


class ReferenceCommand(Message):
    """The commands about the patient's resting face: `set_reference`, `reset_reference`."""

    id: CommandId
    """Chosen by the station."""
    do: Literal["set_reference", "reset_reference"]
    """Take the face as it is now for the resting one; or forget it and learn anew (another patient lies here)."""
    camera: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Name of one camera; all of the bed's by default."""
    by: Person
    """Who asks."""


class ControlCommand(Message):
    """The commands that hold alarms back for a while, and those that end it."""

    id: CommandId
    """Chosen by the station."""
    do: Literal[
        "pause_audio",
        "pause_alarms",
        "resume",
        "care_on",
        "care_off",
        "quiet_on",
        "quiet_off",
        "camera_off",
        "camera_on",
    ]
    """What to do; `resume` ends both pauses."""
    seconds: int | None = Field(default=None, ge=1, le=86_400)
    """How long, for those that begin something; the box's configuration says how long by default and at most."""
    by: Person
    """Who asks."""

    @property
    def target(self) -> str:
        """As it is recorded: without the person."""
        return self.do if self.seconds is None else f"{self.do} {self.seconds}"


class ReportCommand(Message):
    """The command `report`: what the patient, a relative or a nurse says of the pain."""

    id: CommandId
    """Chosen by the station."""
    do: Literal["report"]
    """What to do."""
    scale: Literal["nrs", "painad"]
    """"nrs": numeric rating scale, said by the patient or a relative; "painad": five items observed by a nurse."""
    value: int = Field(ge=0, le=10)
    """0 (no pain) to 10."""
    by: Person
    """Who says so."""

    @property
    def target(self) -> str:
        """As it is recorded: without the person."""
        return f"{self.scale} {self.value}"


class BurdenCommand(Message):
    """The command `burden`: publish the alarm burden of the day so far."""

    id: CommandId
    """Chosen by the station."""
    do: Literal["burden"]
    """What to do."""
    by: Person
    """Who asks."""


class ProofCommand(Message):
    """The command `proof`: when broker, station and person had an alert."""

    id: CommandId
    """Chosen by the station."""
    do: Literal["proof"]
    """What to do."""
    episode: int | None = Field(default=None, ge=0)
    """Of this episode; default: of the newest alerts."""
    by: Person
    """Who asks."""


class BurdenMessage(Head):
    """The alarm burden of one bed and day (topic `burden/<day>`, retained)."""

    day: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    """Local date as the box believed it."""
    complete: bool
    """Whether the day is over."""
    raised: dict[Condition, int]
    """Episodes begun, by condition."""
    physiological: int
    """Episodes of physiological conditions."""
    technical: int
    """Episodes of technical conditions."""
    acknowledged: int
    """How many were acknowledged."""
    median_acknowledge_s: float | None = None
    """Median time from the alarm to its acknowledgement, seconds."""
    longest_acknowledge_s: float | None = None
    """Longest such time, seconds."""
    repeated: int
    """Alarms that sounded again within their episode, after an acknowledgement or after they had latched."""
    escalated: int
    """Steps of escalation because nobody acknowledged."""
    minutes_blind: float
    """Time in which the bed could not be assessed, minutes."""
    minutes_watched: float
    """Time in which the box ran, minutes."""


Command = Acknowledge | ReferenceCommand | ControlCommand | ReportCommand | BurdenCommand | ProofCommand
"""Whatever a station may ask."""


class ReceiptMessage(Message):
    """A station says that it has an alert and shows it (topic `receipt`)."""

    id: MessageId
    """Id of the alert."""
    by: Person
    """Name of the station."""


class ReplyMessage(Head):
    """The answer to a command (topic `reply`)."""

    to: str
    """Id of the command, or "" where none could be read."""
    ok: bool
    """Whether the command was carried out."""
    reason: str | None = None
    """Why not: malformed, unknown, not_applicable."""
    detail: str | None = None
    """Why not, or what was done, in a sentence."""


class NoteMessage(Message):
    """A nurse's words on one bed, from a station to all stations (topic `note`, retained: the newest one)."""

    id: CommandId
    """Chosen by the station."""
    wall_ms: int = Field(ge=0)
    """When it was written, Unix milliseconds of the station."""
    text: Annotated[str, Field(min_length=1, max_length=280)]
    """The note."""
    by: Person
    """Who wrote it."""


M = TypeVar("M", bound=Message)


def decode(model: type[M], payload: bytes) -> M | None:
    """Read a message; None where the payload is not one."""
    try:
        return model.model_validate_json(payload)
    except ValidationError:
        return None


def alert_message(alert: Alert) -> AlertMessage:
    """The wire form of an alert, with as many reasons as fit into `MAX_ALERT_BYTES`."""
    reasons = [_code(reason) for reason in alert.reasons[:MAX_REASONS]]
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


def _code(reason: str) -> str:
    """A reason as the wire takes it: an odd one must not keep an alert from being sent."""
    return re.sub("[^A-Za-z0-9_]", "_", reason)[:REASON_CHARS] or "_"


def _within(score: float, digits: int) -> float:
    """A score within its range, rounded: one a hair above 10 must not keep an alert from being sent."""
    return round(min(10.0, max(0.0, score)), digits)


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
        score=None if alert.score is None else _within(alert.score, 1),
        interval=None if interval is None else (_within(interval[0], 1), _within(interval[1], 1)),
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


def message_id(boot_id: str, number: int) -> str:
    """Id of the message with this running number."""
    return f"{boot_id}-{number}"


def state_message(
    assessment: Assessment,
    instant: Instant,
    number: int,
    validity: Validity,
    every_s: float,
    holds: Iterable[Hold] = (),
) -> StateMessage:
    """The wire form of an assessment, taken at `instant`."""
    interval = assessment.interval
    return StateMessage(
        id=message_id(instant.boot_id, number),
        since_boot_ms=assessment.assessed_ns // 1_000_000,
        wall_ms=instant.wall_ms,
        synced=instant.synced,
        validity=validity,
        mode=assessment.mode_text,
        verdict=assessment.verdict,
        missing=dict(assessment.missing),
        every_s=every_s,
        score=None if assessment.score is None else _within(assessment.score, 2),
        interval=None if interval is None else (_within(interval[0], 2), _within(interval[1], 2)),
        probability=None if assessment.probability is None else round(assessment.probability, 4),
        contributions=[
            StateContribution(
                modality=one.modality,
                log_odds=round(one.log_odds, 3),
                quality=round(one.quality, 3),
                age_s=round(one.age_s, 2),
            )
            for one in assessment.contributions
        ],
        reasons=list(assessment.reasons),
        holds=list(holds),
    )
