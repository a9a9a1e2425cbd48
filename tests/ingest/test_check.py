"""`anodyne ingest --check`: what keeps a worker from its work is found before it is needed."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import psycopg
import pytest

from edge.cli import main
from edge.config import Station
from edge.health.findings import Finding, Grade
from edge.ingest.check import examine
from edge.publish.embedded import free_port
from edge.publish.topics import Topics
from edge.station.postgres_schema import MIGRATIONS, migrate
from tests.ingest.processes import configuration
from tests.peers.broker import Mosquitto
from tests.peers.postgres import PASSWORD, PostgresServer

_NUMBERS = count(1)


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.database(f"check{next(_NUMBERS)}")


def record_of(url: str, broker: Mosquitto, folder: Path, password: str = PASSWORD) -> Finding:
    """What is found of the database."""
    secret = folder / "secret"
    secret.write_text(password)
    section = Station(history=url, history_password_file=secret, state_dir=folder)
    found = {one.name: one for one in examine(section, broker.mqtt(), Topics("ward", "+"), "one")}
    assert found["sharing"].grade is Grade.OK
    return found["record"]


def test_the_command_says_that_all_is_well(
    mosquitto: Mosquitto, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configuration(tmp_path / "here", mosquitto, url)
    (tmp_path / "here" / "state" / "ingest-one").mkdir(parents=True)
    assert main(["ingest", "--config", str(config), "--name", "one", "--check"]) == 0
    told = capsys.readouterr().out
    assert "shares subscriptions over MQTT 5" in told
    assert "the first worker or station makes the tables" in told


def test_tables_of_every_age_are_told_apart(mosquitto: Mosquitto, url: str, tmp_path: Path) -> None:
    with psycopg.connect(url, password=PASSWORD, autocommit=True) as connection:
        migrate(connection, MIGRATIONS[:1])
        assert record_of(url, mosquitto, tmp_path).grade is Grade.WARNING
        migrate(connection)
        assert record_of(url, mosquitto, tmp_path).text.endswith(f"tables of version {len(MIGRATIONS)}")
        migrate(connection, (*MIGRATIONS, "SELECT 1"))
        assert record_of(url, mosquitto, tmp_path).remedy == "install the newer"


def test_rights_that_are_missing_are_named(mosquitto: Mosquitto, url: str, tmp_path: Path) -> None:
    poor = url.replace("postgres@", "poor@")
    with psycopg.connect(url, password=PASSWORD, autocommit=True) as connection:
        connection.execute("CREATE ROLE poor LOGIN PASSWORD 'of the tests'")
        assert "may make none" in record_of(poor, mosquitto, tmp_path, "of the tests").text
        migrate(connection)
        connection.execute("GRANT USAGE ON SCHEMA anodyne TO poor")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA anodyne TO poor")
        connection.execute("GRANT INSERT, UPDATE ON anodyne.event, anodyne.deed, anodyne.note TO poor")
        found = record_of(poor, mosquitto, tmp_path, "of the tests")
    assert found.text == "this user lacks rights on the tables: trend INSERT, trend UPDATE"


def test_a_wrong_password_and_a_database_that_is_away_are_errors(
    mosquitto: Mosquitto, url: str, tmp_path: Path
) -> None:
    wrong = record_of(url, mosquitto, tmp_path, "not the secret")
    assert "password authentication failed" in wrong.text
    assert "not the secret" not in wrong.text
    away = record_of(f"postgresql://postgres@127.0.0.1:{free_port()}/none", mosquitto, tmp_path)
    assert (away.grade, away.remedy) == (Grade.ERROR, "check station.history and its password")


def test_a_broker_that_is_away_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--host", "127.0.0.1", "--port", str(free_port()), "--state-dir", str(tmp_path)]
    assert main(["ingest", *where, "--check"]) == 1
    assert "error     broker tcp" in capsys.readouterr().out
