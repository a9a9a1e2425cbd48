"""What all messages share: strictness, encoding, and the head of those that a box sends."""

from __future__ import annotations

from typing import Annotated, TypedDict, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.clock import Instant
from edge.types import Validity

CONTRACT = "1.0"
"""Version of all that is published: the first number rises with a change that a receiver has to know of, the second
with what may be ignored."""

BLIND_MODE = "blind"
"""Mode text when no modality is in use."""

MessageId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}-[0-9]{1,12}$")]
"""Boot id, a dash, and the box's running number: unique for ever, rising within a box. Receivers drop repeats by it."""

Mode = Annotated[str, Field(pattern=r"^(blind|(face|ppg|gsr|hr)([+](face|ppg|gsr|hr)){0,3})$")]
"""Modalities in use, joined by "+", or "blind"."""

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,16}$")]
"""A reason code."""

Score = Annotated[float, Field(ge=0, le=10)]
"""Evidence score, 5 at the threshold."""

CommandId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
"""Chosen by the station; a repeated command with the same id is carried out once and answered alike."""

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


M = TypeVar("M", bound=Message)


def decode(model: type[M], payload: bytes) -> M | None:
    """Read a message; None where the payload is not one."""
    try:
        return model.model_validate_json(payload)
    except ValidationError:
        return None


def message_id(boot_id: str, number: int) -> str:
    """Id of the message with this running number."""
    return f"{boot_id}-{number}"


class HeadValues(TypedDict):
    """Values of a `Head`, by the names of its attributes."""

    id: str
    since_boot_ms: int
    wall_ms: int
    synced: bool
    validity: Validity
    mode: str


def head(instant: Instant, number: int, validity: Validity, mode: str) -> HeadValues:
    """The head of a message that is written at `instant`.

    A wall clock from before 1970 counts as 1970: it must not keep a message from being sent.
    """
    return HeadValues(
        id=message_id(instant.boot_id, number),
        since_boot_ms=instant.mono_ns // 1_000_000,
        wall_ms=max(0, instant.wall_ms),
        synced=instant.synced,
        validity=validity,
        mode=mode,
    )


def within(score: float, digits: int) -> float:
    """A score within its range, rounded: one a hair above 10 must not keep a message from being sent."""
    return round(min(10.0, max(0.0, score)), digits)
