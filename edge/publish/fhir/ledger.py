"""Which resources a server has taken, so that a push goes on where it broke off. Losing it costs traffic, no more."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

from edge.durable import PRIVATE, give_to_owner
from edge.errors import ExportError
from edge.publish.fhir.resources import Json

FILE = "fhir-pushed.sqlite3"
"""Name in the box's state folder."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS taken (server TEXT NOT NULL, url TEXT NOT NULL, digest TEXT NOT NULL, "
    "PRIMARY KEY (server, url)) STRICT"
)


class Ledger:
    """The open file, for one server.

    Args:
        path: made where it is missing.
        server: base URL.

    Raises:
        ExportError: the file cannot be used.
    """

    def __init__(self, path: Path, server: str) -> None:
        """Open it."""
        self._path = path
        self._server = server
        try:
            path.touch(PRIVATE)
            give_to_owner(path)
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise self._failed(error) from error

    def __enter__(self) -> Self:
        """For the time of a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._db.close()

    def new(self, entries: Iterable[Json]) -> list[Json]:
        """Those entries of a transaction that the server has not taken as they are now.

        Raises:
            ExportError: the file cannot be read.
        """
        try:
            rows = self._db.execute("SELECT url, digest FROM taken WHERE server = ?", (self._server,))
            taken = {str(url): str(digest) for url, digest in rows}
        except sqlite3.Error as error:
            raise self._failed(error) from error
        return [one for one in entries if taken.get(str(one["fullUrl"])) != _digest(one)]

    def note(self, bundle: Json) -> None:
        """The server has taken this bundle.

        Raises:
            ExportError: it cannot be written down; what was sent is sent once more, and is there once.
        """
        entries = bundle["entry"]
        rows = (
            [(self._server, str(one["fullUrl"]), _digest(one)) for one in entries if isinstance(one, dict)]
            if (isinstance(entries, Sequence))
            else []
        )
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("REPLACE INTO taken VALUES (?, ?, ?)", rows)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError | sqlite3.Error) -> ExportError:
        return ExportError(f"{self._path} cannot be used ({error}): name another file with --ledger")


def _digest(entry: Json) -> str:
    """Of all but the patient: when another one lies there, nothing of the one before is written into the new record."""
    resource = entry["resource"]
    told = resource if isinstance(resource, dict) else {}
    without = {key: value for key, value in told.items() if key not in ("subject", "patient")}
    return hashlib.sha256(json.dumps({**entry, "resource": without}, sort_keys=True).encode()).hexdigest()
