"""The one file that says which bundle runs: replaced as a whole, under a lock, never edited in place."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.durable import PRIVATE, replace
from edge.errors import BundleError, BundleReason

POINTER_FILE = "pointer.json"
"""In the folder of bundles."""

LOCK_FILE = "lock"
"""Whoever changes the pointer or the folder holds it."""

SHIPPED = "shipped"
"""Name of the bundle that came with the program; it is trusted through the program."""

PATIENCE_S = 5.0
"""Longest wait for another program that changes the folder, seconds: an installation takes about one."""

_RETRY_S = 0.05

_FORMAT = 1


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Trial(_Kept):
    """A bundle that runs, and is not confirmed yet."""

    id: str
    """Which."""
    seconds: Annotated[float, Field(gt=0.0)]
    """It is confirmed after so long without a fault, seconds."""
    over: str = ""
    """Digest of the shipped `bundle.toml` when it was put to use, as in `Pointer`."""
    running: str | None = None
    """Boot in which it was started and has not ended cleanly since; None: it does not run."""


class ShadowState(StrEnum):
    """How far a shadow run has come."""

    WANTED = "wanted"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class Shadowing(_Kept):
    """A bundle that runs beside the one in use."""

    id: str
    """Which."""
    seconds: Annotated[float, Field(gt=0.0)]
    """The declared time, seconds in which the box runs."""
    state: ShadowState = ShadowState.WANTED
    """How far it has come."""
    running: str | None = None
    """As in `Trial`."""
    why: str = ""
    """Why it failed."""


class Pointer(_Kept):
    """Which bundle runs, and what is under way."""

    format: Annotated[int, Field(ge=_FORMAT, le=_FORMAT)] = _FORMAT
    """Of this file."""
    active: str = SHIPPED
    """The confirmed bundle."""
    previous: str = SHIPPED
    """The confirmed bundle before it: where `rollback` leads."""
    over: str = ""
    """Digest of the shipped `bundle.toml` when `active` was confirmed: another program brings another one."""
    trial: Trial | None = None
    """A bundle on trial."""
    shadow: Shadowing | None = None
    """A bundle beside it, or the last that was."""
    downgrades: dict[str, str] = {}
    """Older bundles that somebody has allowed, each with the reason."""

    def names(self) -> frozenset[str]:
        """Every bundle that it mentions."""
        under_way = [one.id for one in (self.trial, self.shadow) if one is not None]
        return frozenset([self.active, self.previous, *under_way]) - {SHIPPED}


def report_file(folder: Path, name: str) -> Path:
    """Where the figures of a bundle's shadow run lie."""
    return folder / f"shadow-{name}.json"


def read_pointer(folder: Path) -> Pointer:
    """The pointer of a folder; that of a fresh box where there is none.

    Raises:
        BundleError: UNREADABLE: it is there and cannot be read; FORMAT: it is damaged.
    """
    path = folder / POINTER_FILE
    try:
        return Pointer.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return Pointer()
    except ValidationError as error:
        raise BundleError(
            BundleReason.FORMAT, f"{path} is damaged, so the models that came with the program run: remove it"
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> BundleError:
    """Why something in the folder cannot be read; it belongs to the daemon's user alone."""
    hint = ": run this as the daemon's user, sudo -u anodyne …" if isinstance(error, PermissionError) else ""
    return BundleError(BundleReason.UNREADABLE, f"{path} cannot be read: {error.strerror}{hint}")


def write_pointer(folder: Path, pointer: Pointer) -> None:
    """Put a pointer in place, on the disk.

    Raises:
        BundleError: UNREADABLE: the disk refuses; the old one stands.
    """
    try:
        replace(folder / POINTER_FILE, (pointer.model_dump_json(indent=1) + "\n").encode())
    except OSError as error:
        raise BundleError(
            BundleReason.UNREADABLE, f"{folder / POINTER_FILE} cannot be written: {error.strerror}; nothing is changed"
        ) from error


@contextmanager
def locked(folder: Path, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold the folder; whoever else changes it waits. A process that dies lets go.

    Raises:
        BundleError: UNREADABLE: the folder cannot be made or written; STATE: another holds it for `patience_s`.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK_FILE, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    except OSError as error:
        raise BundleError(
            BundleReason.UNREADABLE, f"{folder} cannot be written ({error.strerror}): run this as the daemon's user"
        ) from error
    try:
        _lock(descriptor, folder, time.monotonic() + patience_s)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path, until_s: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until_s:
                raise BundleError(BundleReason.STATE, f"another program is changing {folder}: try again") from None
            time.sleep(_RETRY_S)
        else:
            return
