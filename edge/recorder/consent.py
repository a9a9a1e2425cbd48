"""Consent to a recording: who gave it, who took it down, until when, and for what. Without it nothing is recorded."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.clock import Instant
from edge.durable import replace, sync_folder
from edge.types import NS_PER_S

FILE = "consent.json"
"""Its name in the state folder."""

LONGEST_S = 30 * 24 * 3600
"""Longest consent, seconds: it is asked for again every month (chosen; a stay in a hospice is shorter on average)."""


class Scope(StrEnum):
    """What may be kept. Pictures are in none of them."""

    FEATURES = "features"
    """What was made of the signals: estimates, assessments, alerts, states of sensors."""
    SIGNALS = "signals"
    """The bands' samples as well: with them a session can be replayed."""


Name = Annotated[str, Field(min_length=1, max_length=128)]


class Consent(BaseModel):
    """One consent.

    Attributes:
        by: who gave it: the patient, or who may speak for them.
        noted_by: who took it down.
        scope: what for.
        boot_id, at_ns, wall_ms, synced: when.
        lasts_s: for how long, seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Name
    noted_by: Name
    scope: Scope
    boot_id: str
    at_ns: int
    wall_ms: int
    synced: bool
    lasts_s: int = Field(ge=60, le=LONGEST_S)

    def stands(self, now: Instant) -> bool:
        """Whether it holds now.

        Within the same boot the monotonic clock says so. After a reboot only a synchronised wall clock can, and only
        where it was synchronised when the consent was given: a consent whose end nobody can know is none.
        """
        if now.boot_id == self.boot_id:
            return 0 <= now.mono_ns - self.at_ns < self.lasts_s * NS_PER_S
        return self.synced and now.synced and 0 <= now.wall_ms - self.wall_ms < self.lasts_s * 1000

    @property
    def until_ms(self) -> int:
        """Its end, Unix milliseconds by the clock of when it was given."""
        return self.wall_ms + self.lasts_s * 1000

    def mark(self) -> str:
        """A short hash that names it in the audit log and in no way the person."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


def given(by: str, noted_by: str, scope: Scope, lasts_s: int, now: Instant) -> Consent:
    """A consent that is given now.

    Raises:
        ValueError: a name is missing, or it is to last too long.
    """
    return Consent(
        by=by,
        noted_by=noted_by,
        scope=scope,
        boot_id=now.boot_id,
        at_ns=now.mono_ns,
        wall_ms=now.wall_ms,
        synced=now.synced,
        lasts_s=lasts_s,
    )


def read(folder: Path) -> Consent | None:
    """What lies in the state folder; None where there is none, or none that can be read: that is no consent."""
    try:
        return Consent.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def write(folder: Path, consent: Consent | None) -> None:
    """Put it into the state folder in one step, or take it away; on the disk when this returns.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / FILE
    if consent is None:
        path.unlink(missing_ok=True)
        sync_folder(folder)
    else:
        replace(path, consent.model_dump_json(indent=2).encode() + b"\n")
