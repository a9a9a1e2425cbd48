"""The hospital's tables: plain PostgreSQL, with the time column in the key of those that grow, as hypertables want it.

Each migration is applied once, in order, in one transaction, whichever station comes first (an advisory lock makes the
others wait). What has been shipped is never changed: later versions append.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

import psycopg

from edge.errors import StoreError, StoreReason

SCHEMA = "anodyne"
"""The schema that holds the tables; `search_path` of every connection."""

_LOCK = 0x616E6F64
"""Key of the advisory lock ("anod")."""

_FIRST: LiteralString = """
CREATE TABLE event (
    at timestamptz NOT NULL,
    place text NOT NULL,
    id text NOT NULL,
    heard_at timestamptz NOT NULL,
    synced boolean NOT NULL,
    episode bigint NOT NULL,
    condition text NOT NULL,
    priority text NOT NULL,
    presence text NOT NULL,
    validity text NOT NULL,
    score double precision,
    reasons text NOT NULL,
    PRIMARY KEY (place, id, at)
);
CREATE INDEX event_heard ON event (heard_at DESC);
CREATE TABLE trend (
    at timestamptz NOT NULL,
    place text NOT NULL,
    sight text NOT NULL,
    low double precision,
    high double precision,
    mode text NOT NULL,
    PRIMARY KEY (place, at)
);
CREATE TABLE deed (
    id text PRIMARY KEY,
    place text NOT NULL,
    heard_at timestamptz NOT NULL,
    what text NOT NULL,
    who text NOT NULL,
    episode bigint,
    condition text,
    detail text NOT NULL,
    ok boolean,
    reply text NOT NULL DEFAULT ''
);
CREATE INDEX deed_heard ON deed (heard_at DESC);
CREATE TABLE note (
    id text PRIMARY KEY,
    place text NOT NULL,
    at timestamptz NOT NULL,
    who text NOT NULL,
    words text NOT NULL
);
CREATE INDEX note_at ON note (at DESC);
"""

_SECOND: LiteralString = """
ALTER TABLE trend ADD COLUMN seq bigint NOT NULL DEFAULT 0;
"""

MIGRATIONS: tuple[LiteralString, ...] = (_FIRST, _SECOND)
"""What each version of the schema added; the first makes version 1."""


def migrate(connection: psycopg.Connection, migrations: Sequence[LiteralString] = MIGRATIONS) -> int:
    """Bring the schema up to date.

    Args:
        connection: in autocommit mode.
        migrations: all of them, in order.

    Returns:
        How many were applied.

    Raises:
        StoreError: VERSION: a newer program has been here.
        psycopg.Error: the database refuses, or is gone; nothing was changed.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if connection.execute("SELECT to_regclass('anodyne.schema_version')").fetchone() == (None,):
            connection.execute("CREATE SCHEMA IF NOT EXISTS anodyne")
            connection.execute(
                "CREATE TABLE anodyne.schema_version "
                "(version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
            )
        connection.execute("SET LOCAL search_path TO anodyne")
        row = connection.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()
        version = 0 if row is None else int(row[0])
        if version > len(migrations):
            raise StoreError(
                StoreReason.VERSION,
                f"the hospital's database has tables of version {version}, this program knows {len(migrations)}: "
                "install the newer one",
            )
        for number, statements in enumerate(migrations[version:], version + 1):
            connection.execute(statements)
            connection.execute("INSERT INTO schema_version (version) VALUES (%s)", [number])
        return len(migrations) - version
