"""The hospital's record in PostgreSQL: written and read by every station. Blocks: for worker threads alone."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import LiteralString

import psycopg

from edge.station.history import Row, Value
from edge.station.postgres_schema import migrate
from edge.station.spool import Kind, Spooled, key_of

logger = logging.getLogger(__name__)

CONNECT_S = 5
"""Longest wait for a connection, seconds."""

STATEMENT_S = 10
"""Longest statement, seconds; the server ends longer ones."""

_OPTIONS = f"-c search_path=anodyne -c statement_timeout={STATEMENT_S * 1000} -c timezone=UTC"


_WRITE: dict[Kind, LiteralString] = {
    Kind.EVENT: "INSERT INTO event (place, id, heard_at, at, synced, episode, condition, priority, presence, validity, "
    "score, reasons) VALUES (%s, %s, to_timestamp(%s::double precision / 1000), "
    "to_timestamp(%s::double precision / 1000), %s::int::boolean, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
    Kind.DEED: "INSERT INTO deed (id, place, heard_at, what, who, episode, condition, detail) "
    "VALUES (%s, %s, to_timestamp(%s::double precision / 1000), %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET "
    "place = excluded.place, heard_at = excluded.heard_at, what = excluded.what, who = excluded.who, "
    "episode = excluded.episode, condition = excluded.condition, detail = excluded.detail WHERE deed.what = ''",
    Kind.REPLY: "INSERT INTO deed (id, place, heard_at, what, who, detail, ok, reply) "
    "VALUES (%s, %s, to_timestamp(%s::double precision / 1000), '', '', '', %s::int::boolean, %s) "
    "ON CONFLICT (id) DO UPDATE SET ok = excluded.ok, reply = excluded.reply "
    "WHERE deed.ok IS DISTINCT FROM excluded.ok OR deed.reply <> excluded.reply",
    Kind.ANSWER: "UPDATE deed SET ok = %s::int::boolean, reply = %s WHERE id = %s",
    Kind.NOTE: "INSERT INTO note (id, place, at, who, words) "
    "VALUES (%s, %s, to_timestamp(%s::double precision / 1000), %s, %s) ON CONFLICT DO NOTHING",
    Kind.MINUTE: "INSERT INTO trend (place, at, sight, low, high, mode, seq) "
    "VALUES (%s, to_timestamp(%s::double precision * 60), %s, %s, %s, %s, %s) ON CONFLICT (place, at) DO UPDATE SET "
    "sight = CASE WHEN coalesce(array_position(ARRAY['calm','pain','cannot assess'], excluded.sight), 0) "
    "> coalesce(array_position(ARRAY['calm','pain','cannot assess'], trend.sight), 0) "
    "THEN excluded.sight ELSE trend.sight END, low = least(trend.low, excluded.low), "
    "high = greatest(trend.high, excluded.high), "
    "mode = CASE WHEN excluded.seq >= trend.seq THEN excluded.mode ELSE trend.mode END, "
    "seq = greatest(trend.seq, excluded.seq)",
}
"""Each may be carried out twice, in any order, and by several stations, with the effect of once."""

_ORDER = {kind: number for number, kind in enumerate(_WRITE)}
"""An answer comes after its command."""


_UNFIT = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded)
"""What is said of a row that no table or index can hold; everything else is the database's own trouble."""


class Postgres:
    """One connection, made when it is needed and anew after it was lost.

    Args:
        url: "postgresql://user@host/database?sslmode=verify-full", without a password.
        password: None: the server asks for none, or the file `~/.pgpass` has it.
    """

    def __init__(self, url: str, password: str | None) -> None:
        """Nothing is connected yet."""
        self._url = url
        self._password = password
        self._connection: psycopg.Connection | None = None

    def write(self, rows: Sequence[Spooled]) -> None:
        """Write these rows in one transaction; one that the database cannot hold is left out and logged.

        Raises:
            psycopg.OperationalError, StoreError: there is no database, or not one for us; nothing was written.
        """
        connection = self._open()
        # Whoever writes the same beds at once takes them in the same order, so that nobody waits for who waits for him.
        rows = sorted(rows, key=lambda one: (_ORDER[one.kind], key_of(one.kind, one.row)))
        try:
            with connection.transaction():
                self._execute(connection, rows)
        except _UNFIT:
            with connection.transaction():
                self._one_by_one(connection, rows)

    def events(self, place: str | None, limit: int) -> list[Row]:
        """See `Reading`."""
        return self._read(
            "SELECT (extract(epoch FROM heard_at) * 1000)::bigint, place, condition, presence, priority, validity, "
            "reasons, id FROM event WHERE %s::text IS NULL OR place = %s ORDER BY heard_at DESC LIMIT %s",
            [place, place, limit],
        )

    def deeds(self, place: str | None, limit: int) -> list[Row]:
        """See `Reading`."""
        return self._read(
            "SELECT (extract(epoch FROM heard_at) * 1000)::bigint, place, what, who, detail, ok::int, reply FROM deed "
            "WHERE what <> '' AND (%s::text IS NULL OR place = %s) ORDER BY heard_at DESC LIMIT %s",
            [place, place, limit],
        )

    def notes(self, place: str | None, limit: int) -> list[Row]:
        """See `Reading`."""
        return self._read(
            "SELECT (extract(epoch FROM at) * 1000)::bigint, place, who, words FROM note "
            "WHERE %s::text IS NULL OR place = %s ORDER BY at DESC LIMIT %s",
            [place, place, limit],
        )

    def trend(self, first_minute: int, place: str | None) -> list[Row]:
        """See `Reading`."""
        return self._read(
            "SELECT place, (extract(epoch FROM at) / 60)::bigint, sight, high FROM trend "
            "WHERE at >= to_timestamp(%s::double precision * 60) AND (%s::text IS NULL OR place = %s)",
            [first_minute, place, place],
        )

    def episodes(self, since_ms: int) -> list[Row]:
        """See `Reading`."""
        return self._read(
            "SELECT place, episode, condition, (extract(epoch FROM min(at)) * 1000)::bigint, "
            "(extract(epoch FROM coalesce(min(at) FILTER (WHERE presence = 'acknowledged'), "
            "CASE WHEN bool_or(presence = 'latched') THEN max(at) FILTER (WHERE presence = 'off') END)) "
            "* 1000)::bigint FROM event WHERE heard_at >= to_timestamp(%s::double precision / 1000) "
            "GROUP BY place, episode, condition",
            [since_ms],
        )

    def break_off(self) -> None:
        """End whatever another thread waits for on this connection; it then sees that the connection is lost."""
        connection = self._connection
        if connection is None:
            return
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as wire:
            wire.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection; the next call makes another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> psycopg.Connection:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        connection = psycopg.connect(
            self._url,
            password=self._password,
            autocommit=True,
            connect_timeout=CONNECT_S,
            application_name="anodyne-station",
            options=_OPTIONS,
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=20_000,
        )
        try:
            migrate(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _read(self, query: LiteralString, values: Sequence[Value]) -> list[Row]:
        """Rows of a query.

        Raises:
            psycopg.Error, StoreError: there is no database, or not one for us.
        """
        return self._open().execute(query, [_clean(value) for value in values]).fetchall()

    @staticmethod
    def _execute(connection: psycopg.Connection, rows: Iterable[Spooled]) -> None:
        with connection.cursor() as cursor:
            for kind, values in _runs(rows):
                cursor.executemany(_WRITE[kind], values)

    def _one_by_one(self, connection: psycopg.Connection, rows: Iterable[Spooled]) -> None:
        for one in rows:
            try:
                with connection.transaction():
                    self._execute(connection, [one])
            except _UNFIT as error:
                # Without the traceback, which would quote the row.
                logger.log(logging.ERROR, "the hospital's database cannot hold one %s: %s", one.kind, error.sqlstate)


def _runs(rows: Iterable[Spooled]) -> Iterable[tuple[Kind, list[list[Value]]]]:
    """Neighbours of one kind together, their order kept; texts without the one character that PostgreSQL lacks."""
    kind: Kind | None = None
    values: list[list[Value]] = []
    for one in rows:
        if one.kind is not kind and kind is not None:
            yield kind, values
            values = []
        kind = one.kind
        values.append([_clean(value) for value in one.row])
    if kind is not None:
        yield kind, values


def _clean(value: Value) -> Value:
    if isinstance(value, bool):
        return int(value)
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value
