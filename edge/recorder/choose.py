"""Which recording a box makes: none, one without conditions (no patient), or one that hangs on consent and seals."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from edge.clock import Clock
from edge.config import Recorder as Settings
from edge.errors import SessionError
from edge.recorder.consent import Consent
from edge.recorder.consented import Consented
from edge.recorder.recorder import NotRecording, Recorder, Recording, Tell, nobody
from edge.recorder.shelf import Shelf
from edge.types import Validity

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

log = logging.getLogger(__name__)


def recording(
    settings: Settings,
    clock: Clock,
    state_dir: Path,
    validity: Validity,
    tell: Tell = nobody,
) -> Recording:
    """What the configuration asks for.

    A box that speaks of a real patient records only while a consent stands, and only what it covers, sealed for the
    site. One in a test or a demonstration records as it is told.

    Args:
        settings: `[recorder]`.
        clock: time.
        state_dir: where the consent lies.
        validity: whether there is a patient.
        tell: told what the audit log keeps.
    """
    folder = settings.folder
    if folder is None:
        return NotRecording()
    try:
        key = None if settings.site_key is None else _site_key(settings.site_key)
    except SessionError as error:
        return _refused(error.message)
    if validity is not Validity.REAL:
        return Recorder(folder, settings, clock, key, tell)
    if key is None:
        return _refused("[recorder] has no site_key to seal a real patient's sessions for: anodyne sessions keygen")

    def make(consent: Consent) -> Recorder:
        under = {"consent": consent.mark(), "scope": str(consent.scope)}
        return Recorder(folder, settings, clock, key, lambda kind, detail: tell(kind, detail | under))

    return Consented(state_dir, make, lambda: _tidy(folder, settings, clock, tell), clock, tell)


def _refused(why: str) -> NotRecording:
    log.error("nothing is recorded: %s", why)
    return NotRecording(why)


def _site_key(path: Path) -> X25519PublicKey:
    from edge.recorder.seal import public_key  # here, because only boxes that seal need the library

    return public_key(path)


def _tidy(folder: Path, settings: Settings, clock: Clock, tell: Tell) -> None:
    """What is too old goes also where nothing new is recorded."""
    try:
        for gone in Shelf(folder).tidy(settings.max_mb * 1_000_000, settings.keep_days, clock.instant(), None):
            tell("recording_deleted", {"session": gone.name, "why": "older or more than is kept"})
    except OSError as error:
        log.warning("%s cannot be tidied: %s", folder, error)
