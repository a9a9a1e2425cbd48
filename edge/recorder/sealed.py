"""A session file that only the site can read, and how it becomes an ordinary one there."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from edge.errors import SessionError, SessionReason
from edge.recorder.cells import Cell
from edge.recorder.events import Event
from edge.recorder.facts import Facts, from_rows, to_rows
from edge.recorder.file import SessionFile
from edge.recorder.seal import Chunk, Seal, unsealed
from edge.recorder.tables import TABLES, encode

_TABLES = {table.name: table for table in TABLES}


class SealedFile:
    """A sealed session that is being written, by one thread; to the recorder it is like `SessionFile`.

    Args:
        path: a file that does not exist.
        facts: its head.
        site: the site's public key.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, path: Path, facts: Facts, site: X25519PublicKey) -> None:
        """Create it, readable by its owner only."""
        self.path = path
        self.next_seq = facts.first_seq
        self._seal = Seal(site)
        self._descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._write(self._seal.head + self._seal.chunk(Chunk.META, dict(to_rows(facts))))

    def append(self, events: Iterable[Event]) -> None:
        """Write events as one chunk, in their order, and force it to the disk.

        Raises:
            OSError: the disk does not take it.
            TypeError: something is no event or holds no samples; none of them was written.
        """
        rows = [[name, event.at_ns, [_out(cell) for cell in row]] for event in events for name, row in [encode(event)]]
        if rows:
            self._write(self._seal.chunk(Chunk.EVENTS, rows))
            self.next_seq += len(rows)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return os.fstat(self._descriptor).st_size

    def close(self) -> None:
        """Mark the session as ended and close the file; behind a chunk that the disk has not taken there is no end.

        Raises:
            OSError: the mark could not be written; everything appended is there.
        """
        try:
            if not self._cut_short:
                self._write(self._seal.chunk(Chunk.END, "stopped"))
        finally:
            os.close(self._descriptor)

    def _write(self, data: bytes) -> None:
        self._cut_short = True
        written = 0
        while written < len(data):
            written += os.write(self._descriptor, data[written:])
        os.fsync(self._descriptor)
        self._cut_short = False


def unseal(path: Path, site: X25519PrivateKey, out: Path) -> bool:
    """Write a sealed session as an ordinary one.

    Args:
        path: the sealed file.
        site: the site's private key.
        out: a file that does not exist.

    Returns:
        Whether the session had been closed, not cut short.

    Raises:
        SessionError: see `unsealed`; what came before the fault is in `out`, as a session that was cut short.
        OSError, sqlite3.Error: `out` cannot be written.
    """
    chunks = unsealed(path, site)
    kind, meta = next(chunks, (None, None))
    if kind is not Chunk.META or not isinstance(meta, dict):
        raise SessionError(SessionReason.EMPTY, f"{path} holds nothing yet")
    try:
        file = SessionFile(out, from_rows(meta))
        try:
            for kind, content in chunks:
                if kind is Chunk.END:
                    file.close()
                    return True
                file.append(_events(content))
        except (SessionError, ValueError, KeyError, TypeError):
            file.abandon()
            raise
    except (ValueError, KeyError, TypeError) as error:
        raise SessionError(SessionReason.CORRUPT, f"{path} does not hold a session: {error}") from error
    file.abandon()
    return False


def _events(content: object) -> Iterator[Event]:
    if not isinstance(content, list):
        raise TypeError("no list of events")
    for name, at_ns, cells in content:
        yield _TABLES[name].decode(at_ns, tuple(map(_in, cells)))


def _out(cell: Cell) -> object:
    return {"b": base64.b64encode(cell).decode()} if isinstance(cell, bytes) else cell


def _in(cell: object) -> Cell:
    if isinstance(cell, dict):
        return base64.b64decode(cell["b"])
    if cell is None or isinstance(cell, int | float | str):
        return cell
    raise TypeError(f"{type(cell).__name__} is no cell")
