"""The head of a session: enough to replay it, and nothing that should stay on the box."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from edge import config
from edge.bundle import Bundle
from edge.clock import Instant
from edge.config import Config
from edge.recorder.facts import from_rows, to_rows
from edge.recorder.head import head
from edge.recorder.tables import TABLES, Table
from tests.recorder.events import FACTS, write

CONFIG = """
[box]
bed = "bed7"
[[sensor]]
driver = "ble_heart_rate"
name = "wrist"
address = "C0:FF:EE:00:00:01"
[alarm]
pain_delay_s = 3.25
blind_priority = "high"
[mqtt]
host = "broker.secret.example"
username = "nurse-secret"
password_file = "/etc/secret-password"
"""

DOCS = Path(__file__).parents[2] / "docs" / "sessions.md"


@pytest.fixture(scope="module")
def box() -> Config:
    return config.loads(CONFIG)


@pytest.mark.models
def test_nothing_that_opens_a_door_is_in_the_file(box: Config, tmp_path: Path) -> None:
    facts = head(box, Bundle.load(), Instant("0123456789ab", 0, 0, synced=True), {}, FACTS.sensors)
    data = write(tmp_path / "x.anodyne", [], facts).read_bytes()
    assert b"bed7" in data
    assert re.findall(rb"secret|C0:FF|broker", data) == []


@pytest.mark.models
def test_the_settings_make_the_same_fusion_and_alarms(box: Config) -> None:
    facts = head(box, Bundle.load(), Instant("0123456789ab", 0, 0, synced=True), {}, ())
    again = config.loads(facts.settings)
    assert (again.fusion, again.alarm) == (box.fusion, box.alarm)
    assert set(tomllib.loads(facts.settings)) == {"fusion", "alarm"}


def test_a_head_comes_back_from_its_rows() -> None:
    assert from_rows(dict(to_rows(FACTS))) == FACTS


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_is_documented_in_its_order(table: Table) -> None:
    [row] = [line for line in DOCS.read_text().splitlines() if line.startswith(f"| `{table.name}` |")]
    documented = re.findall(r"`(\w+)`", row.split("|")[2])
    assert documented == [column.split()[0] for column in table.columns]


def test_every_row_of_the_head_is_documented() -> None:
    [row] = [line for line in DOCS.read_text().splitlines() if line.startswith("| `meta` |")]
    assert [key for key, _ in to_rows(FACTS) if f"`{key}`" not in row] == []
