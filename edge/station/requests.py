"""What a station asks of a box, and what it overhears of other stations' requests."""

from __future__ import annotations

import os
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from edge.publish.payload import CommandId, Control, Message, Person
from edge.types import Condition

Deed = Literal["acknowledge", Control, "report", "set_reference", "reset_reference"]
"""Everything that the page offers. A box that does not know one of them answers so, and the page shows the answer."""


class Wish(BaseModel):
    """What a browser asks for: a command without its id and its person, which the server adds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    do: Deed
    """What to do."""
    episode: int | None = Field(default=None, ge=0)
    """For `acknowledge`: exactly this episode."""
    seconds: int | None = Field(default=None, ge=1, le=86_400)
    """For pauses, care and quiet: how long; the box decides where this is missing."""
    scale: Literal["nrs", "painad"] | None = None
    """For `report`: which scale."""
    value: int | None = Field(default=None, ge=0, le=10)
    """For `report`: what was found."""


class StationCommand(Message):
    """A command on the wire: the fields of every command of docs/mqtt.md, those in use filled in."""

    id: CommandId
    """Chosen here."""
    do: Deed
    """What to do."""
    episode: int | None = None
    """See `Wish`."""
    seconds: int | None = None
    """See `Wish`."""
    scale: Literal["nrs", "painad"] | None = None
    """See `Wish`."""
    value: int | None = None
    """See `Wish`."""
    by: Person
    """Who asks."""


class HeardCommand(BaseModel):
    """A command of any station as far as the log needs it; keys that it does not know are left out."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    id: CommandId
    """Chosen by that station."""
    do: Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]
    """What to do."""
    by: Person
    """Who asks, in that station's words."""
    episode: int | None = Field(default=None, ge=0)
    """Of an acknowledgement."""
    condition: Annotated[Condition | None, Field(strict=False)] = None
    """Of an acknowledgement."""
    seconds: int | None = None
    """How long."""
    scale: str | None = Field(default=None, max_length=16)
    """Of a report."""
    value: int | None = None
    """Of a report."""

    @property
    def detail(self) -> str:
        """What the log says beside `do`."""
        said = [str(self.condition) if self.condition else "", f"alarm {self.episode}" if self.episode else ""]
        said += [f"for {self.seconds} s" if self.seconds else "", self.scale or ""]
        said.append("" if self.value is None else str(self.value))
        return " ".join(part for part in said if part)


def command(wish: Wish, by: str) -> StationCommand:
    """The command that carries out a wish, with an id that no other has."""
    return StationCommand(id=new_id(), by=by, **wish.model_dump())


def new_id() -> str:
    """An id for a command or a note that no other has."""
    return f"station-{os.urandom(8).hex()}"
