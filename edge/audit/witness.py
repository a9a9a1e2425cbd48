"""What the daemon tells the audit log, each in one call."""

from __future__ import annotations

import hashlib

from edge.audit.chain import Detail, Kind
from edge.audit.log import AuditLog
from edge.publish.commands import Heard

BOX = "box"
"""Who is named where no person did it."""


class Witness:
    """The daemon's side of the log.

    Args:
        audit: the log; None for a box without a life of its own (a replay, a simulation): then nothing is kept.
    """

    def __init__(self, audit: AuditLog | None) -> None:
        """Whether cameras are off the log says, where they have been so before."""
        self.audit = audit
        self._camera_off: bool | None = None

    def boot(self, software: str, config: str, models: str | None) -> None:
        """The daemon starts; where configuration or models are others than at the last start, that too.

        Args:
            software: its version.
            config: the configuration; only its hash is kept.
            models: version and hash of the bundle; None in safe mode, which uses none: those of before still stand.
        """
        if self.audit is None:
            return
        before = self.audit.newest(Kind.BOOT)
        now: Detail = {
            "software": software,
            "config_sha256": hashlib.sha256(config.encode()).hexdigest(),
            "models": models or (None if before is None else before.detail.get("models")),
        }
        self.note(Kind.BOOT, BOX, now)
        for key, kind in (("config_sha256", Kind.CONFIG_CHANGED), ("models", Kind.MODELS_CHANGED)):
            if before is not None and before.detail.get(key) != now[key]:
                self.note(kind, BOX, {"before": before.detail.get(key), "now": now[key]})

    def command(self, heard: Heard) -> None:
        """A command has come, and this came of it."""
        detail: Detail = {"do": heard.do, "way": str(heard.channel), "outcome": heard.outcome}
        self.note(Kind.COMMAND, heard.by or "unknown", detail)

    def camera(self, *, off: bool, by: str, lost: bool = False) -> None:
        """The cameras are off, or on; said again and again, kept where it changes, over restarts too.

        Args:
            off: which.
            by: who decided.
            lost: they are off because nobody knows what was decided.
        """
        if self._camera_off is None:
            last = None if self.audit is None else self.audit.newest(Kind.CAMERA_OFF, Kind.CAMERA_ON)
            self._camera_off = last is not None and last.kind is Kind.CAMERA_OFF
        if off != self._camera_off:
            self.note(Kind.CAMERA_OFF if off else Kind.CAMERA_ON, by, {"state_lost": True} if lost else {})
        self._camera_off = off

    def stop(self) -> None:
        """The daemon ends on purpose."""
        self.note(Kind.STOP, BOX, {})
        if self.audit is not None:
            self.audit.flush()

    def note(self, kind: Kind, by: str, detail: Detail) -> None:
        """Anything else that is to be kept."""
        if self.audit is not None:
            self.audit.note(kind, by, detail)
