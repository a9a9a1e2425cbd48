"""Counts starts that ended badly, so that a box that cannot start says so instead of trying for ever in silence.

A start is noted on disk before it does anything, and each stage as it is entered: whatever ends the process, a fault, a
kill or the watchdog, the note says how far it had come. A start that has held for `HELD_S`, and one that a person has
ended, clear the record. After `BAD_STARTS` bad ones within `WINDOW_S` the next is a start in safe mode.

A start that the watchdog ends because a camera hangs is none of these: safe mode would take the wristband away as well.
Such starts are counted apart, and come ever more rarely.
"""

from __future__ import annotations

import fcntl
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from edge.clock import Clock
from edge.durable import READABLE, replace
from edge.errors import StoreError, StoreReason
from edge.stages import STAGE_WORDS, Stage
from edge.types import NS_PER_S

log = logging.getLogger(__name__)

BAD_STARTS = 3
"""So many bad starts in a row are no accident."""

WINDOW_S = 600.0
"""They count when they began within this long, seconds: three starts that hang until the service manager gives up
(90 s, and 17 s to be killed and begun anew) take five and a half minutes."""

HELD_S = 600.0
"""A start that has watched for this long was a good one, seconds: the whole window, so no bad one before it counts."""

AGAIN_S = (600.0, 3600.0, 6 * 3600.0)
"""After the first, the second, every further start for a stage that hangs no other is made for this long, seconds: a
library that hung by chance is mended by the first; one that hangs each time may interrupt the wristband's watch
six times in a day."""

FORGOTTEN_S = 24 * 3600.0
"""A start for a stage that hung counts no more after this, seconds."""

RECORD_FILE = "starts.json"
LOCK_FILE = "starts.lock"

MAX_WHY = 400
"""A reason is cut to this many characters."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the box does not start as a whole.

    Attributes:
        count: bad starts in a row.
        stage: what the last of them was doing.
        why: its error in words; "" where the process was killed and could not say.
    """

    count: int
    stage: Stage
    why: str

    @property
    def words(self) -> str:
        """One sentence for people."""
        how = self.why or "the process was killed, by a fault in a library, by hand or by the watchdog"
        times = "the last start failed" if self.count == 1 else f"{self.count} starts failed"
        last = "while" if self.count == 1 else "the last while"
        return f"{times}, {last} {STAGE_WORDS[self.stage]}: {how}"


class _Start(BaseModel):
    model_config = ConfigDict(extra="forbid")

    boot_id: str
    begun_ns: int
    stage: Stage = Stage.CONFIG
    why: str = ""
    hung: bool = False


class _Hung(BaseModel):
    model_config = ConfigDict(extra="forbid")

    boot_id: str
    at_ns: int


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid")

    trial: str = ""
    safe: bool = False
    starts: list[_Start] = []
    hung: list[_Hung] = []


class Starts:
    """The record of starts in the first of some folders that takes it. Make it with `Starts.open`.

    Args:
        folders: where it may be kept, the best first; none: in memory, because nothing can be written.
        lock: the open lock file, kept so that no second daemon counts in the same record.
        clock: time and boot.
    """

    def __init__(self, folders: Sequence[Path], lock: IO[str] | None, clock: Clock) -> None:
        """Read what earlier starts have left."""
        self._folders = folders
        self._lock = lock
        self._clock = clock
        self._current: _Start | None = None
        self._record = _newest(folders, clock.boot_id)

    @classmethod
    def open(cls, folders: Sequence[Path], clock: Clock) -> Starts:
        """Take the record.

        Args:
            folders: the state folder, then others that may serve while it cannot be written.
            clock: time and boot.

        Raises:
            StoreError: LOCKED: another daemon runs on this folder.
        """
        for position, folder in enumerate(folders):
            try:
                lock = (folder / LOCK_FILE).open("a")
            except OSError:
                continue
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                lock.close()
                text = f"{folder} is in use: is a second daemon running on this folder?"
                raise StoreError(StoreReason.LOCKED, text) from error
            return cls(folders[position:], lock, clock)
        log.warning("failed starts cannot be counted: none of %s can be written", ", ".join(map(str, folders)))
        return cls((), None, clock)

    def begin(self) -> Failure | None:
        """Note a start.

        Returns:
            None for a whole start; why it must be one in safe mode, which does not count.
        """
        now = self._clock.instant()
        earliest_ns = now.mono_ns - round(WINDOW_S * NS_PER_S)
        bad = [one for one in _bad(self._record, now.boot_id) if one.begun_ns >= earliest_ns]
        trial = self._record.trial == now.boot_id  # what failed before a reboot may have been mended by it
        if len(bad) >= (1 if trial else BAD_STARTS):
            self._record.safe = True
            self._write()
            return Failure(len(bad), bad[-1].stage, bad[-1].why)
        self._current = _Start(boot_id=now.boot_id, begun_ns=now.mono_ns)
        hung = self._record.hung
        self._record = _Record(trial=self._record.trial if trial else "", starts=[*bad, self._current], hung=hung)
        self._write()
        return None

    def reached(self, stage: Stage) -> None:
        """The start enters a stage."""
        if self._current is not None and self._current.stage is not stage:
            self._current.stage = stage
            self._write()

    def failed(self, why: str) -> None:
        """The start ends with an error."""
        if self._current is not None:
            self._current.why = " ".join(why.split())[:MAX_WHY]
            self._write()

    def clear(self) -> None:
        """Forget all bad starts: this one has held, or a person has ended it."""
        self._current = None
        self._record = _Record(hung=self._record.hung)
        self._write()

    def grant(self) -> bool:
        """Whether the box may be started anew because a stage hangs; noted, and then this start is no bad one.

        The hangs of earlier boots do not count: what hung may have been mended by the reboot.
        """
        now = self._clock.instant()
        oldest_ns = now.mono_ns - round(FORGOTTEN_S * NS_PER_S)
        lately = [one for one in self._record.hung if one.boot_id == now.boot_id and one.at_ns > oldest_ns]
        if lately:
            wait_s = AGAIN_S[min(len(lately), len(AGAIN_S)) - 1]
            if now.mono_ns - lately[-1].at_ns < wait_s * NS_PER_S:
                return False
        if self._current is not None:
            self._current.hung = True
        self._record.hung = [*lately, _Hung(boot_id=now.boot_id, at_ns=now.mono_ns)]
        self._write()
        return True

    def try_again(self) -> None:
        """The next start is a whole one; if that ends badly, safe mode follows at once."""
        self._record = _Record(trial=self._clock.boot_id, hung=self._record.hung)
        self._write()

    def close(self) -> None:
        """Let another daemon take the record."""
        if self._lock is not None:
            self._lock.close()

    def _write(self) -> None:
        """Keep the record in one place: a full disk takes none, though its folder can be opened."""
        for folder in self._folders:
            try:
                replace(folder / RECORD_FILE, self._record.model_dump_json().encode(), READABLE)
            except OSError as error:
                log.warning("this start cannot be noted in %s: %s", folder, error)
                continue
            for other in self._folders:
                if other != folder:
                    with suppress(OSError):  # where it cannot go, an older record is known by its age
                        (other / RECORD_FILE).unlink(missing_ok=True)
            return


def last_failure(folders: Sequence[Path], clock: Clock, *, running: bool) -> Failure | None:
    """What of the record says that starts have failed; None where it says nothing. Nothing is written.

    Args:
        folders: where it may be kept, the best first.
        clock: tells the boot.
        running: whether the daemon runs: then the newest start is its own, unless it is in safe mode.
    """
    record = _newest(folders, clock.boot_id)
    starts = [one for one in record.starts if one.boot_id == clock.boot_id]
    if running and not record.safe:
        starts = starts[:-1]
    bad = [one for one in starts if not one.hung]
    return Failure(len(bad), bad[-1].stage, bad[-1].why) if bad else None


def _bad(record: _Record, boot_id: str) -> list[_Start]:
    return [one for one in record.starts if one.boot_id == boot_id and not one.hung]


def _newest(folders: Sequence[Path], boot_id: str) -> _Record:
    """The record of the newest start of this boot; of several without one the first."""
    found = [record for folder in folders if (record := _read(folder / RECORD_FILE)) is not None]
    begun = [max((one.begun_ns for one in record.starts if one.boot_id == boot_id), default=0) for record in found]
    return found[begun.index(max(begun))] if found else _Record()


def _read(path: Path) -> _Record | None:
    try:
        return _Record.model_validate(json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ValidationError) as error:
        log.warning("no earlier start is known of: %s cannot be read (%s)", path, error)
        return None
