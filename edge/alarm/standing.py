"""What people have asked of the alarms, and how their reports moved the pain threshold; kept over restarts.

Audio pause and alarm pause (IEC 60601-1-8, 6.8), care mode and quiet end by themselves. None of them touches a
condition's presence: what is paused is the signal. After a boot only the switched-off camera is kept: consent lasts,
and a box that starts anew should sound rather than not.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from edge.clock import Instant
from edge.errors import StoreError, StoreReason
from edge.store import Store
from edge.types import NS_PER_S, Hold

NAME = "standing"
"""Row of the table `setting`."""

LONGEST_S = {Hold.AUDIO_PAUSED: 600.0, Hold.ALARMS_PAUSED: 600.0, Hold.CARE: 7200.0, Hold.QUIET: 43_200.0}
"""No hold lasts longer than this, seconds, whatever the command asks: ten minutes of silence, two hours of care, one
night. CAMERA_OFF lasts until it is revoked."""


class Standing(BaseModel):
    """One value; a change makes another.

    Attributes:
        boot_id: boot in which `until_ns` counts.
        until_ns: monotonic end of each hold; None: until revoked.
        offset: added to the pain threshold, score units.
        camera_lost: CAMERA_OFF stands because what was decided is not known any more; until somebody decides.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    boot_id: str
    until_ns: dict[Hold, int | None] = {}
    offset: float = 0.0
    camera_lost: bool = False

    def holds(self) -> tuple[Hold, ...]:
        """What is held, in a fixed order."""
        return tuple(hold for hold in Hold if hold in self.until_ns) if self.until_ns else ()

    def begin(self, hold: Hold, now_ns: int, seconds: float | None) -> Standing:
        """With this hold from now on; `seconds` is cut to `LONGEST_S` and None lasts until revoked."""
        until_ns = None if seconds is None else now_ns + round(min(seconds, LONGEST_S[hold]) * NS_PER_S)
        lost = self.camera_lost and hold is not Hold.CAMERA_OFF
        return self.model_copy(update={"until_ns": {**self.until_ns, hold: until_ns}, "camera_lost": lost})

    def lose_camera(self) -> Standing:
        """With the cameras off, because nobody knows whether they may be on."""
        until_ns = {**self.until_ns, Hold.CAMERA_OFF: None}
        return self.model_copy(update={"until_ns": until_ns, "camera_lost": True})

    def end(self, *holds: Hold) -> Standing:
        """Without these."""
        left = {hold: until_ns for hold, until_ns in self.until_ns.items() if hold not in holds}
        return self.model_copy(
            update={"until_ns": left, "camera_lost": self.camera_lost and Hold.CAMERA_OFF not in holds}
        )

    def expired(self, now_ns: int) -> tuple[Hold, ...]:
        """Holds whose time is over."""
        return tuple(hold for hold, until_ns in self.until_ns.items() if until_ns is not None and until_ns <= now_ns)


def restore(text: str | None, now: Instant) -> Standing:
    """What an earlier run left behind.

    Raises:
        ValueError: the text is damaged.
    """
    if text is None:
        return Standing(boot_id=now.boot_id)
    kept = Standing.model_validate_json(text)
    if kept.boot_id == now.boot_id:
        return kept
    lasting: dict[Hold, int | None] = {hold: None for hold, until_ns in kept.until_ns.items() if until_ns is None}
    return kept.model_copy(update={"boot_id": now.boot_id, "until_ns": lasting})


def load(store: Store) -> str | None:
    """The row as it lies on disk; None where there is none.

    Raises:
        StoreError: the file cannot be read.
    """
    with store.reading() as cursor:
        row = cursor.execute("SELECT state FROM setting WHERE name = ?", (NAME,)).fetchone()
    if row is None:
        return None
    text = str(row[0])
    try:
        Standing.model_validate_json(text)
    except ValueError as error:  # pydantic's ValidationError is one
        raise StoreError(
            StoreReason.CORRUPT, f"{store.path} holds alarm settings that cannot be read: move the file away ({error})"
        ) from error
    return text


def save(store: Store, standing: Standing) -> None:
    """Write it, within the transaction that is open or in one of its own.

    Raises:
        StoreError: it was not written.
    """
    text = standing.model_dump_json(exclude_defaults=True)
    with store.transaction() as cursor:
        cursor.execute("REPLACE INTO setting (name, state) VALUES (?, ?)", (NAME, text))
