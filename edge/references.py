"""Resting faces on disk: one row per camera and version in the box's store, numbers only.

A reference outlives a restart, not a patient. It is taken up again where the same face was seen less than `TAKE_UP_S`
before: within one boot by the monotonic clock, across boots only by wall clocks that were both synchronised. Where that
cannot be told, the face is learnt anew, which is announced and takes less than a minute.
"""

from __future__ import annotations

import logging

from pydantic import BaseModel, ConfigDict

from edge.clock import Instant
from edge.errors import StoreError
from edge.face.find import LONG_ABSENCE_S
from edge.face.reference import Reference
from edge.store import Store
from edge.types import NS_PER_S

logger = logging.getLogger(__name__)

TAKE_UP_S = LONG_ABSENCE_S
"""Longest time without the face after which its reference still stands over a restart: a power cut is no reason to
think that somebody else lies there, a bed that was empty for half an hour is."""

KEPT_VERSIONS = 16
"""Versions kept per camera: the story of some weeks for whoever wants to know why a score changed."""


class Kept(BaseModel):
    """One row.

    Attributes:
        reference: the resting face.
        begun: when this version was begun (set, reset, or first kept).
        seen: when the face was last judged against it.
        model: digest of the network that read it: another one's intensities are not comparable.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    reference: Reference
    begun: Instant
    seen: Instant
    model: str = ""


class References:
    """The references of one box. Any thread may use it; each call is one short transaction.

    Args:
        store: the box's file.
        model: digest of the network in use.
    """

    def __init__(self, store: Store, model: str = "") -> None:
        """Nothing is read yet."""
        self.model = model
        self._store = store
        self._failed = False

    def newest(self, camera: str) -> Kept | None:
        """The newest version of a camera; None where there is none that can be read."""
        query = "SELECT state FROM face_reference WHERE camera = ? ORDER BY version DESC LIMIT 1"
        try:
            with self._store.reading() as cursor:
                row = cursor.execute(query, (camera,)).fetchone()
            return None if row is None else Kept.model_validate_json(row[0])
        except (StoreError, ValueError) as error:  # a row that cannot be read costs 40 s of learning, not the watch
            logger.warning("the resting face of %s cannot be read and is learnt anew: %s", camera, error)
            return None

    def save(self, camera: str, reference: Reference, now: Instant) -> bool:
        """Keep a reference; the row of its version is replaced.

        Returns:
            False where the disk refused; that is logged once, and the reference stands in memory.
        """
        try:
            with self._store.transaction() as cursor:
                found = cursor.execute(
                    "SELECT state FROM face_reference WHERE camera = ? AND version = ?", (camera, reference.version)
                ).fetchone()
                begun = now if found is None else Kept.model_validate_json(found[0]).begun
                row = Kept(reference=reference, begun=begun, seen=now, model=self.model).model_dump_json()
                cursor.execute("REPLACE INTO face_reference VALUES (?, ?, ?)", (camera, reference.version, row))
                cursor.execute(
                    "DELETE FROM face_reference WHERE camera = ? AND version <= ?",
                    (camera, reference.version - KEPT_VERSIONS),
                )
        except (StoreError, ValueError) as error:
            if not self._failed:
                logger.warning("the resting face of %s is kept in memory only: %s", camera, error)
            self._failed = True
            return False
        self._failed = False
        return True


def still_stands(kept: Kept, now: Instant) -> bool:
    """Whether a reference may be taken up after a restart: see the module's rule."""
    if kept.seen.boot_id == now.boot_id:
        passed_s = (now.mono_ns - kept.seen.mono_ns) / NS_PER_S
    elif kept.seen.synced and now.synced:
        passed_s = (now.wall_ms - kept.seen.wall_ms) / 1000.0
    else:
        return False
    return 0.0 <= passed_s <= TAKE_UP_S
