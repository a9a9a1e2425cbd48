"""The chain: what an entry is, how it hangs on the one before, and what of it can be proven.

One line of JSON per entry. `hash` is the SHA-256 of the entry without it (keys sorted, no spaces, UTF-8); `prev` is the
`hash` of the entry before. Changing, removing, inserting or reordering anything but the end breaks the chain there.

What a chain alone cannot show: that its *end* was cut off, or that somebody who may write the file has computed all of
it anew. For that an entry's number and hash must be known from outside (an *anchor*): the box publishes its newest one
every day (topic `audit/<day>`), and `edge.audit.verify` holds the file against those that it is given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.clock import Instant

START = "0" * 64
"""`prev` of the first entry."""

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

Detail = dict[str, str | int | float | bool | None]
"""What an entry says beside its kind; flat, so that it can be read by eye and searched."""


class Kind(StrEnum):
    """What happened."""

    BOOT = "boot"
    """The daemon has started: with which software, configuration and models."""
    CONFIG_CHANGED = "config_changed"
    MODELS_CHANGED = "models_changed"
    STOP = "stop"
    COMMAND = "command"
    """Somebody has asked for something, and what came of it."""
    CAMERA_OFF = "camera_off"
    CAMERA_ON = "camera_on"
    CONSENT_GIVEN = "consent_given"
    CONSENT_ENDED = "consent_ended"
    """Withdrawn or run out."""
    RECORDING_STARTED = "recording_started"
    RECORDING_ENDED = "recording_ended"
    RECORDING_READ = "recording_read"
    RECORDING_DELETED = "recording_deleted"
    SEGMENT = "segment"
    """A new file goes on where another was closed; which, and its entries."""
    SEGMENT_RETIRED = "segment_retired"
    """The oldest file is taken away; which, its entries and the hash of the last."""
    CUT = "cut"
    """The end of the file was cut off, as the note beside it shows; how many entries are lost."""
    TORN = "torn"
    """What stands before was cut short by a crash, or by several in a row; how long it is, and its hash."""


class Entry(BaseModel):
    """One line of the file.

    Attributes:
        n: 1, 2, 3, …
        boot: boot in which `mono_ms` counts.
        mono_ms: milliseconds since that boot.
        wall_ms, synced: Unix milliseconds as the box believed them, and whether its clock was synchronised.
        kind, by, detail: what, who, and what else is known.
        prev, hash: see the module.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    n: int = Field(ge=1)
    boot: str
    mono_ms: int
    wall_ms: int
    synced: bool
    kind: Annotated[Kind, Field(strict=False)]
    by: str
    detail: Detail
    prev: Hash
    hash: Hash

    def line(self) -> bytes:
        """The entry as it stands in the file."""
        return _canonical(self.model_dump(mode="json")) + b"\n"

    def right(self) -> bool:
        """Whether the hash is that of the rest."""
        return self.hash == _digest(self.model_dump(mode="json", exclude={"hash"}))


def entry(n: int, prev: str, at: Instant, kind: Kind, by: str, detail: Detail) -> Entry:
    """The next entry of a chain; "?" stands for what is no character: a name on a command line may be any bytes."""
    values: dict[str, object] = {
        "n": n,
        "boot": at.boot_id,
        "mono_ms": at.mono_ns // 1_000_000,
        "wall_ms": at.wall_ms,
        "synced": at.synced,
        "kind": str(kind),
        "by": _text(by),
        "detail": {key: _text(value) if isinstance(value, str) else value for key, value in detail.items()},
        "prev": prev,
    }
    return Entry.model_validate({**values, "hash": _digest(values)})


def _text(said: str) -> str:
    return said.encode(errors="replace").decode()


def _canonical(values: Mapping[str, object]) -> bytes:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _digest(values: Mapping[str, object]) -> str:
    return hashlib.sha256(_canonical(values)).hexdigest()


def torn_detail(line: bytes) -> Detail:
    """What is said of a line that a crash has cut short."""
    return {"bytes": len(line), "sha256": hashlib.sha256(line).hexdigest()}


def as_entry(line: bytes) -> Entry | None:
    """The entry of a whole line; None where it is none."""
    try:
        found = Entry.model_validate_json(line)
    except ValidationError:
        return None
    return found if found.line() == line else None  # no second way to write the same


class Note(BaseModel):
    """The end of a log, as it is noted beside it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    n: int = Field(ge=1)
    hash: Hash


@dataclass(frozen=True, slots=True)
class Anchor:
    """An entry's number and hash as they are known from outside the box."""

    n: int
    hash: str
