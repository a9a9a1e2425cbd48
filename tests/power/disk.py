"""A disk that loses what was not synced: every write is noted, and any prefix of them can be turned into files.

What a power cut may leave, as SQLite itself assumes it (sqlite.org/atomiccommit.html, powersafe overwrite): writes and
truncations of a file since its last sync are there, or not, in any combination, and a write may be there in part, down
to single sectors; what lies beside them is untouched. A new file, or a deletion, is there for sure once the folder has
been synced.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes put into a file."""

    file: str
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """A file cut to a size."""

    file: str
    size: int


@dataclass(frozen=True, slots=True)
class Create:
    """A file that was not there."""

    file: str


@dataclass(frozen=True, slots=True)
class Delete:
    """A file that is not wanted any more; `synced`: and neither on the disk once this has returned."""

    file: str
    synced: bool


@dataclass(frozen=True, slots=True)
class Sync:
    """Everything of a file is on the disk once this has returned; `folder`: so are all names in its folder."""

    file: str
    folder: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """The program has told somebody something: `promise` is the number of its last word."""

    promise: int


Op = Write | Truncate | Create | Delete | Sync | Mark


class Fate(StrEnum):
    """What becomes of what was not synced."""

    LOST = "lost"
    KEPT = "kept"
    REORDERED = "reordered"
    TORN = "torn"


Files = dict[str, bytes]
"""A folder: contents by name."""


@dataclass
class Disk:
    """The state of a folder after so many operations."""

    stable: dict[str, bytearray] = field(default_factory=dict)
    pending: dict[str, list[Write | Truncate]] = field(default_factory=dict)
    unsure: dict[str, bool] = field(default_factory=dict)
    """Names that a power cut may bring back or take away: True where it was created, False where it was deleted."""

    def do(self, op: Op) -> None:
        """Carry one operation out."""
        match op:
            case Write(file) | Truncate(file):
                self.pending.setdefault(file, []).append(op)
            case Create(file):
                self.stable[file] = bytearray()
                self.pending[file] = []
                self.unsure[file] = True
            case Delete(file, synced):
                if synced:
                    self._forget(file)
                else:
                    self.unsure[file] = False
            case Sync(file, folder):
                for change in self.pending.pop(file, []):
                    _apply(self.stable.setdefault(file, bytearray()), change)
                if folder:
                    for name, there in list(self.unsure.items()):
                        del self.unsure[name]
                        if not there:
                            self._forget(name)
            case Mark():
                pass

    def _forget(self, file: str) -> None:
        self.stable.pop(file, None)
        self.pending.pop(file, None)
        self.unsure.pop(file, None)

    def after(self, fate: Fate, chance: random.Random) -> Files:
        """The files that a power cut at this moment leaves."""
        files: Files = {}
        for name, content in self.stable.items():
            if name in self.unsure and not _there(fate, chance, created=self.unsure[name]):
                continue
            image = bytearray(content)
            for change in _surviving(self.pending.get(name, []), fate, chance):
                _apply(image, change)
            files[name] = bytes(image)
        return files


def _there(fate: Fate, chance: random.Random, *, created: bool) -> bool:
    if fate in (Fate.LOST, Fate.KEPT):
        return created is (fate is Fate.KEPT)
    return chance.random() < 0.5


def _surviving(changes: list[Write | Truncate], fate: Fate, chance: random.Random) -> Iterator[Write | Truncate]:
    match fate:
        case Fate.LOST:
            return
        case Fate.KEPT:
            yield from changes
        case Fate.REORDERED:
            yield from (change for change in changes if chance.random() < 0.5)
        case Fate.TORN:
            for change in changes:
                if isinstance(change, Truncate):
                    if chance.random() < 0.5:
                        yield change
                else:
                    yield from _sectors(change, chance)


def _sectors(write: Write, chance: random.Random) -> Iterator[Write]:
    """Some sectors of a write; now and then the first bytes of it only."""
    if chance.random() < 0.2:
        yield Write(write.file, write.at, write.data[: chance.randrange(len(write.data) + 1)])
        return
    start = write.at
    while start < write.at + len(write.data):
        end = min((start // SECTOR + 1) * SECTOR, write.at + len(write.data))
        if chance.random() < 0.5:
            yield Write(write.file, start, write.data[start - write.at : end - write.at])
        start = end


def _apply(image: bytearray, change: Write | Truncate) -> None:
    if isinstance(change, Truncate):
        del image[change.size :]
        image.extend(bytes(change.size - len(image)))
        return
    image.extend(bytes(max(0, change.at + len(change.data) - len(image))))
    image[change.at : change.at + len(change.data)] = change.data


def cuts(log: list[Op], wanted: Callable[[Op], bool]) -> Iterator[tuple[int, Disk]]:
    """The disk before and after each operation that is wanted, with how many operations were done.

    The same disk is handed out again and again: look at it before the next one.
    """
    disk = Disk()
    for done, op in enumerate(log):
        here = wanted(op)
        if here and not isinstance(op, Mark):
            yield done, disk
        disk.do(op)
        if here:
            yield done + 1, disk
