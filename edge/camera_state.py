"""Whether the cameras may look, kept twice: in the state file, and in a small file of its own that outlives its damage.

Camera off is a decision of consent. Where one of the two copies says off, they are off; where neither can say, they are
off as well, and that is told until somebody decides anew.
"""

from __future__ import annotations

import hashlib
import json
import logging
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from edge.durable import replace
from edge.store import STORE_FILE

log = logging.getLogger(__name__)

FILE = "camera.json"
"""Its name in the state folder."""


class Word(StrEnum):
    """What a copy says."""

    ON = "on"
    OFF = "off"
    LOST = "lost"
    """Off, because what somebody had decided is not known any more."""


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid")

    camera: Word
    sha256: str


def read(path: Path) -> Word | None:
    """What the small file says; None where there is none, or it is damaged or cannot be read."""
    try:
        kept = _Kept.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.warning("%s cannot be read: %s", path, error)
        return None
    if kept.sha256 != _digest(kept.camera):
        log.warning("%s is damaged", path)
        return None
    return kept.camera


def settle(word: Word | None, *, held: bool, sound: bool) -> Word:
    """What both copies say together.

    Args:
        word: of the small file.
        held: whether the state file says off.
        sound: whether that file is known to be the whole one of before, or this is the first start of all.
    """
    if word is Word.LOST or word is Word.OFF:
        return word
    if held:
        return Word.OFF
    return Word.ON if word is Word.ON or sound else Word.LOST


def whole(folder: Path) -> bool:
    """Whether a state folder holds its state file as it was, or nothing has ever run here."""
    if any(folder.glob(f"{STORE_FILE}.damaged-*")):
        return False
    return (folder / STORE_FILE).exists() or not any(folder.glob("audit*.jsonl"))


class CameraState:
    """The small file beside the state file.

    Args:
        folder: the state folder; None for a box without a life of its own (a replay, a simulation).
    """

    def __init__(self, folder: Path | None) -> None:
        """Look at the folder as it is before the state file is opened."""
        self._path = None if folder is None else folder / FILE
        self._whole = folder is None or whole(folder)

    def settle(self, *, held: bool, sound: bool) -> Word:
        """What both copies say together; the small one is mended where it said something else.

        Args:
            held: whether the state file says off.
            sound: whether it was found without damage.
        """
        word = None if self._path is None else read(self._path)
        found = settle(word, held=held, sound=sound and self._whole)
        if found is not word:
            self._write(found)
        return found

    def keep(self, *, off: bool) -> bool:
        """Keep what somebody has decided; whether that is on the disk."""
        return self._write(Word.OFF if off else Word.ON)

    def _write(self, word: Word) -> bool:
        if self._path is None:
            return True
        text = _Kept(camera=word, sha256=_digest(word)).model_dump_json()
        try:
            replace(self._path, f"{text}\n".encode())
        except OSError as error:
            log.critical("whether the cameras may look cannot be kept in %s: %s", self._path, error)
            return False
        return True


def _digest(word: Word) -> str:
    return hashlib.sha256(json.dumps({"camera": word}).encode()).hexdigest()
