"""What is said of a bed beside alarms and state: whether the box is there, its sensors, its answers, burden, notes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge.publish.payload.message import CONTRACT, CommandId, Head, Message, Person
from edge.types import Condition, SensorState, SensorWarning


class AvailabilityMessage(Head):
    """Whether the box is there (topic `availability`, retained; the last will says offline)."""

    online: bool
    """False means: nobody is watching this bed."""
    reason: Literal["started", "stopped", "connection_lost"]
    """Why."""
    contract: str = Field(default=CONTRACT, pattern=r"^[0-9]+\.[0-9]+$")
    """Version of the contract that the box speaks."""


class SensorCondition(Message):
    """One sensor of the bed."""

    state: SensorState
    """Of its connection."""
    battery: Annotated[float, Field(ge=0, le=100)] | None = None
    """Charge, percent, where the sensor tells it."""
    warnings: list[SensorWarning] = Field(default_factory=list)
    """What else is wrong with it."""


class SensorsMessage(Head):
    """The sensors of one bed (topic `sensors`, retained)."""

    sensors: dict[str, SensorCondition]
    """By the name in the box's configuration."""


class LoadMessage(Head):
    """How fast the camera's road runs (topic `load`, retained); bands and alarms are never slowed."""

    level: Literal["full", "eased", "slow", "least"]
    """The level in force."""
    rate_hz: Annotated[float, Field(gt=0)] | None = None
    """Pictures per second at most; absent at full speed."""
    why: list[Literal["temperature", "throttled", "capped", "under_voltage", "age"]] = Field(default_factory=list)
    """What called for it; "age": pictures or assessments were late."""
    temperature_c: float | None = None
    """Of the hottest thermal zone, degrees Celsius."""


class AuditMessage(Head):
    """The end of the box's audit log (topic `audit/<day>`, retained): with it a later cut or forgery is found."""

    day: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    """Local date as the box believed it."""
    entries: Annotated[int, Field(ge=1)]
    """Number of the newest entry."""
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Its hash, SHA-256."""


class BurdenMessage(Head):
    """The alarm burden of one bed and day (topic `burden/<day>`, retained)."""

    day: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
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


class ModelsCondition(Message):
    """The models of one box: which bundle runs, and what is under way."""

    bundle: Annotated[str, Field(max_length=80)]
    """Id of the one in use; "shipped": that of the program."""
    version: Annotated[str, Field(max_length=40)]
    """Of its content."""
    use: Literal["committed", "trial", "configured"]
    """Confirmed; on trial, and given up at the first fault; or named by the configuration, unsigned."""
    since_ms: Annotated[int, Field(ge=0)] | None = None
    """When it was put to use, Unix milliseconds of the box; absent where no step is known."""
    beside: Annotated[str, Field(max_length=80)] | None = None
    """Id of the bundle that runs beside it, or ran last; absent for none."""
    beside_state: Literal["wanted", "running", "done", "failed", "stopped"] | None = None
    """How far that has come."""
    fault: Annotated[str, Field(max_length=160)] | None = None
    """The last bundle that was rolled back or refused, and why; absent once something has been done since."""


class HealthMessage(Head):
    """What is wrong with the box itself (topic `health`, retained)."""

    grade: Literal["ok", "warning", "error"]
    """The worst of what was found."""
    faults: dict[str, Annotated[str, Field(max_length=160)]] = Field(default_factory=dict)
    """What is not as it should be: by what was looked at, a sentence."""
    safe_mode: Annotated[str, Field(max_length=500)] | None = None
    """Why the box is in safe mode and watches nobody, a sentence; absent otherwise."""
    temperature_c: float | None = None
    """Of the hottest thermal zone, degrees Celsius; absent where none is known."""
    software: str
    """Version of Anodyne."""
    models: ModelsCondition | None = None
    """Its models; absent in safe mode, which uses none."""


class ReplyMessage(Head):
    """The answer to a command (topic `reply`)."""

    to: str
    """Id of the command, or "" where none could be read."""
    ok: bool
    """Whether the command was carried out."""
    reason: str | None = None
    """Why not: malformed, unknown, not_authorised, not_applicable."""
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
