"""A short soak keeps to its limits; what leaks or writes too much is told."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edge import clock as clocks
from edge.sensors.simulated.band import SimulatedBand
from tests.soak.clock import SoakClock
from tests.soak.gauges import Sample, look, written_bytes
from tests.soak.limits import DATABASE_BYTES, GROWTH_KIB, WRITTEN_BYTES_PER_DAY, holding
from tests.soak.sensors import Relay

STEADY = [Sample(60.0 * one, 100_000, 14, 6, 11, 1_000_000, 500_000 + 10_000 * one) for one in range(100)]


def test_a_box_that_stands_still_keeps_every_limit() -> None:
    found = holding(STEADY, 600)
    assert found.broken() == []
    assert found.written_bytes_per_day == 10_000 * 1440


@pytest.mark.parametrize(
    ("gauge", "more", "words"),
    [
        ("resident_kib", 2 * GROWTH_KIB, "memory grew"),
        ("descriptors", 4, "descriptors more"),
        ("threads", 4, "threads more"),
        ("tasks", 4, "tasks more"),
        ("database_bytes", DATABASE_BYTES, "state file"),
        ("written_bytes", 2 * WRITTEN_BYTES_PER_DAY, "written in a day"),
    ],
)
def test_what_grows_over_the_looks_is_told(gauge: str, more: int, words: str) -> None:
    grown = [
        replace(one, **{gauge: getattr(one, gauge) + more * number // len(STEADY)}) for number, one in enumerate(STEADY)
    ]
    [told] = holding(grown, 600).broken()
    assert words in told


def test_growth_before_the_warm_up_is_over_does_not_count() -> None:
    begun = [replace(one, resident_kib=50_000 + 5_000 * number) for number, one in enumerate(STEADY[:10])]
    assert holding([*begun, *STEADY[10:]], 600).broken() == []


def test_too_few_looks_are_no_verdict() -> None:
    with pytest.raises(ValueError, match="eight are needed"):
        holding(STEADY[:12], 600)


async def test_a_look_counts_what_this_process_holds_and_writes(tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    before = look(0.0, database, real_time=False)
    with database.open("wb", buffering=0) as file:
        file.write(bytes(100_000))
        task = asyncio.create_task(asyncio.sleep(10))
        after = look(1.0, database, real_time=False)
    task.cancel()
    assert (after.descriptors, after.tasks) == (before.descriptors + 1, before.tasks + 1)
    assert after.database_bytes == 100_000
    assert after.written_bytes - before.written_bytes >= 100_000
    assert after.resident_kib > 10_000
    assert written_bytes(real_time=True) >= 0


async def test_one_life_follows_another_without_an_end(tmp_path: Path) -> None:
    (tmp_path / "short.toml").write_text('title = "two seconds"\nduration_s = 2.0\n')
    band = SimulatedBand(driver="simulated_band", name="band", scene=tmp_path / "short.toml")
    clock = SoakClock()
    seeds: list[int] = []

    def begin(number: int) -> object:
        seeds.append(number)
        return band.open(clock)

    async def play() -> None:
        async for _ in Relay(begin).stream():  # type: ignore[arg-type]  # any driver
            if len(seeds) == 3:
                return

    await asyncio.to_thread(clocks.run, clock, play())
    assert seeds == [0, 1, 2]
    assert clock.now_ns() >= 4e9


@pytest.mark.timeout(300)
def test_minutes_of_a_bed_with_its_broker_and_station_are_judged_and_drawn(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.soak", "hours", "0.08", str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=280)
    assert done.stdout, done.stderr[-2000:]
    figures = json.loads(done.stdout)
    assert done.returncode == (1 if figures["broken"] else 0)
    assert figures["counts"]["transitions"] > 0
    assert 100_000 < figures["written_bytes_per_day"] < 2 * WRITTEN_BYTES_PER_DAY
    assert figures["growth_threads"] == 0
    assert (tmp_path / "soak-0.08-hours.png").read_bytes().startswith(b"\x89PNG")
    assert len(json.loads((tmp_path / "soak-0.08-hours.json").read_text())["samples"]) >= 25
