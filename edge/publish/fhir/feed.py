"""The records of the box that is running, for a server: its state file, and the scores of its sessions."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edge.errors import SessionError
from edge.publish.fhir.bundle import bundles, everything
from edge.publish.fhir.history import Place, Span, read, sessions
from edge.publish.fhir.ledger import Ledger
from edge.publish.fhir.live import read_live
from edge.publish.fhir.push import push
from edge.publish.fhir.resources import Json, Release
from edge.recorder.session import Session

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Feed:
    """One running box.

    Attributes:
        state_file: of the box; only read.
        place: whose.
        folder: of the recorder; None: no scores.
        per_s: length of the spans of the score, seconds.
        release: of FHIR.
        patient: reference of the patient who lies there.
    """

    state_file: Path
    place: Place
    folder: Path | None
    per_s: int
    release: Release
    patient: str | None
    _told: set[Path] = field(default_factory=set[Path], repr=False)

    def bundles(self, ledger: Ledger | None = None) -> Iterator[Json]:
        """The bundles with everything, or with what is new to the ledger's server.

        Raises:
            StoreError, SessionError, ExportError: a file cannot be read.
        """
        history = read_live(self.state_file, self.place, self._spans(), self.per_s)
        return bundles(history, self.release, self.patient, everything if ledger is None else ledger.new)

    def push(self, server: str, ledger: Ledger, token: str | None) -> int:
        """Send what is new, each bundle noted as soon as it is taken.

        Returns:
            How many bundles the server took.

        Raises:
            StoreError, SessionError: a file of the box cannot be read.
            ExportError: the server cannot be used; what it has taken is noted, and the next push goes on behind it.
        """
        return push(server, self.bundles(ledger), token, on_taken=ledger.note)

    def _spans(self) -> list[Span]:
        """The scores; a session that cannot be read keeps neither the others nor the alarms from being sent."""
        if self.folder is None or not self.folder.is_dir():
            return []
        files = [one for one in sessions([self.folder]) if self._is_ours(one)]
        try:
            found = read(files, self.per_s)
        except SessionError:
            found = read([one for one in files if self._is_sound(one)], self.per_s)
        return [span for one in found for span in one.spans]

    def _is_ours(self, path: Path) -> bool:
        """Whether a session is of this bed and as real as the box is now."""
        try:
            with Session.open(path) as session:
                facts = session.facts
        except SessionError as error:
            self._tell(path, error)
            return False
        return (facts.site, facts.bed, facts.validity) == (self.place.site, self.place.bed, self.place.validity)

    def _is_sound(self, path: Path) -> bool:
        try:
            read([path], self.per_s)
        except SessionError as error:
            self._tell(path, error)
            return False
        return True

    def _tell(self, path: Path, error: SessionError) -> None:
        if path not in self._told:
            self._told.add(path)
            logger.warning("%s; its scores are left out", error)
