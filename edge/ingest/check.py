"""What keeps a worker from its work: `anodyne ingest --check`, in the order in which a person would fix it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

from edge.config import Mqtt, Station
from edge.errors import PublishError, StationError
from edge.health.broker import way_to
from edge.health.findings import Finding, Grade, error, ok, warning
from edge.health.machine import state_folder
from edge.ingest.scribe import filters
from edge.ingest.worker import folder_of
from edge.publish.link import SHARED, Handlers, Incoming, Link, Version
from edge.publish.topics import Topics
from edge.station.keeping import history_password

if TYPE_CHECKING:
    import psycopg


def examine(section: Station, mqtt: Mqtt, topics: Topics, name: str) -> Iterator[Finding]:
    """Look at broker, folder and database. Nothing is taken, and nothing is changed.

    Args:
        section: `[station]` of the configuration.
        mqtt: the broker.
        topics: the beds.
        name: which worker.
    """
    for broker in mqtt.brokers():
        findings = list(way_to(broker))
        yield from findings
        if all(one.grade is not Grade.ERROR for one in findings):
            yield asyncio.run(_sharing(broker, topics))
    yield state_folder(folder_of(section, name), configured=True)
    if section.history is None:
        yield ok("record", f"station.db in {section.state_dir}; a hospital's database is named by station.history")
    else:
        yield _database(section, section.history)


async def _sharing(broker: Mqtt, topics: Topics) -> Finding:
    """Join a group that nobody else is in, on a topic where nothing is published, and leave it."""
    name = f"check-{secrets.token_hex(4)}"
    link = Link(
        broker,
        f"anodyne-ingest-{name}",
        Version.V5,
        Handlers(_unheard, _unread),
        subscriptions=tuple(f"{SHARED}{name}/{one}" for one in filters(Topics(topics.site, name))),
        lasting=False,
        window=1,
    )
    try:
        await asyncio.to_thread(link.open)
    except PublishError as failure:
        remedy = "the broker must speak MQTT 5, share subscriptions, and let this user read (docs/mosquitto/acl)"
        return error("sharing", failure.message, remedy)
    finally:
        await asyncio.to_thread(link.close)
    return ok("sharing", f"{broker.host}:{broker.port} shares subscriptions over MQTT 5")


def _database(section: Station, url: str) -> Finding:
    try:
        import psycopg
    except ImportError:
        return error("record", "station.history needs the package psycopg", "pip install 'anodyne[hospital]'")
    from edge.station.postgres import CONNECT_S
    from edge.station.postgres_schema import MIGRATIONS

    try:
        password = history_password(section)
        with psycopg.connect(url, password=password, connect_timeout=CONNECT_S) as connection:
            connection.read_only = True
            return _tables(connection, len(MIGRATIONS))
    except StationError as failure:
        return error("record", failure.message)
    except psycopg.Error as failure:
        said = str(failure).strip().partition("\n")[0]
        return error("record", f"the database cannot be used: {said}", "check station.history and its password")


def _tables(connection: psycopg.Connection, known: int) -> Finding:
    if connection.execute("SELECT to_regclass('anodyne.schema_version')").fetchone() == (None,):
        if connection.execute("SELECT has_database_privilege(current_database(), 'CREATE')").fetchone() == (True,):
            return ok("record", "the database answers; the first worker or station makes the tables")
        remedy = "GRANT CREATE ON DATABASE to this user until the tables are there"
        return error("record", "there are no tables yet, and this user may make none", remedy)
    rows = connection.execute("SELECT max(version) FROM anodyne.schema_version").fetchall()
    version = int(rows[0][0] or 0)
    if version > known:
        return error("record", f"its tables are of version {version}, this program knows {known}", "install the newer")
    lacking = connection.execute(
        "SELECT coalesce(string_agg(one || ' ' || may, ', '), '') FROM unnest(%s::text[]) one, unnest(%s::text[]) may "
        "WHERE NOT has_table_privilege('anodyne.' || one, may)",
        [["event", "trend", "deed", "note"], ["SELECT", "INSERT", "UPDATE"]],
    ).fetchall()[0][0]
    if lacking:
        return error("record", f"this user lacks rights on the tables: {lacking}", "GRANT them (docs/hospital.md)")
    if version < known:
        return warning("record", f"its tables are of version {version}; the next start brings them to {known}")
    return ok("record", f"the database answers, tables of version {version}")


def _unheard(_mid: int, _refusal: str | None) -> None:
    """A visitor publishes nothing."""


def _unread(_incoming: Incoming) -> None:
    """Nothing is published in this group."""
