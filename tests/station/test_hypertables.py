"""The hospital's tables in TimescaleDB itself: `ANODYNE_PGLITE` names a folder with a PGlite that has its extension."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from itertools import count
from pathlib import Path

import pytest

from edge.station import entries
from edge.station.entries import Entry
from edge.station.history import Minute
from edge.station.postgres import _WRITE as WRITE
from edge.station.postgres import _clean as clean
from edge.station.postgres_schema import MIGRATIONS
from tests.station.messages import alert
from tests.station.test_book import MINUTE, NOW_MS

SCRIPT = Path(__file__).with_name("hypertables.mjs")
DAY_MS = 86_400_000
FIRST = "INSERT INTO trend (place, at, sight, low, high, mode) VALUES ($1, to_timestamp($2), 'calm', 1, 2, 'face')"
"""A minute of the first version, which did not know the box's number."""


def statement(entry: Entry) -> tuple[str, list[object]]:
    """As the program writes it, with PostgreSQL's own placeholders."""
    numbers = count(1)
    return re.sub("%s", lambda _: f"${next(numbers)}", WRITE[entry.kind]), [clean(one) for one in entry.row]


def event(number: int, day: int) -> tuple[str, list[object]]:
    one = alert(number=number).model_copy(update={"wall_ms": NOW_MS + day * DAY_MS})
    return statement(entries.event("ward/bed7", one, NOW_MS + day * DAY_MS + 100))


def part(day: int, sight: str, score: float | None, mode: str, seq: int) -> tuple[str, list[object]]:
    return statement(entries.minute(Minute("ward/bed7", MINUTE + day * 1440, sight, score, score, mode, seq)))


def test_the_tables_become_hypertables_and_are_written_upgraded_and_dropped_as_such() -> None:
    folder = os.environ.get("ANODYNE_PGLITE")
    node = shutil.which("node")
    if folder is None or node is None:
        pytest.skip("set ANODYNE_PGLITE to the folder of a PGlite with TimescaleDB, and install node")
    said = {
        "migrations": MIGRATIONS,
        "before": [event(1, 0), event(2, 30), (FIRST, ["ward/bed7", NOW_MS // 1000])],
        "after": [
            *(event(number, day) for number, day in ((1, 0), (2, 30), (3, 60))),
            part(0, "pain", 7.0, "face+ppg", 14),
            part(0, "calm", 1.0, "ppg", 13),
            part(40, "calm", None, "blind", 15),
            part(40, "cannot assess", 3.0, "face", 16),
        ],
    }
    done = subprocess.run(
        [node, SCRIPT, folder], input=json.dumps(said), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [one["id"] for one in found["events"]] == [f"0123456789ab-{number}" for number in (1, 2, 3)]
    assert [tuple(one.values()) for one in found["trend"]] == [
        ("pain", 1, 7, "face+ppg", 14),
        ("cannot assess", 3, 3, "face", 16),
    ]
    assert [(one["hypertable_name"], one["num_chunks"]) for one in found["chunks"]] == [("event", 3), ("trend", 2)]
    assert 'without the column "at" (used in partitioning)' in found["refused"]
    assert found["dropped"] == 1
    assert len(found["kept"]) == 2
