"""What a station may ask of a box."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge.publish.payload.message import CommandId, Message, MessageId, Person
from edge.types import Condition


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


Control = Literal[
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
"""What holds alarms back for a while, and what ends it; `resume` ends both pauses."""


class ControlCommand(Message):
    """The commands that hold alarms back for a while, and those that end it."""

    id: CommandId
    """Chosen by the station."""
    do: Control
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


class LocateCommand(Message):
    """The command `locate`: let the bed's own light flash and sound softly, so that somebody finds it."""

    id: CommandId
    """Chosen by the station."""
    do: Literal["locate"]
    """What to do."""
    seconds: int | None = Field(default=None, ge=1, le=60)
    """How long; 15 by default."""
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


class ReceiptMessage(Message):
    """A station says that it has an alert and shows it (topic `receipt`)."""

    id: MessageId
    """Id of the alert."""
    by: Person
    """Name of the station."""


Command = Acknowledge | ReferenceCommand | ControlCommand | ReportCommand | BurdenCommand | LocateCommand | ProofCommand
"""Whatever a station may ask."""
