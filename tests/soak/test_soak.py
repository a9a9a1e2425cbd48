"""A short soak keeps to its limits; what leaks or writes too much is told."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edge import clock as clocks
from edge.sensors.simulated.band import SimulatedBand
from tests.soak.clock import SoakClock
from tests.soak.gauges import Looks, Sample, look, written_bytes
from tests.soak.limits import DATABASE_BYTES, WRITTEN_BYTES_PER_DAY, drift, holding
from tests.soak.sensors import Relay

NOISE_KIB = 40
"""How far the resident memory of a steady box sways between two looks."""

SWAY = random.Random(1)  # noqa: S311 - an allocator's

STEADY = [
    Sample(60.0 * one, 100_000 + SWAY.randrange(NOISE_KIB), 14, 6, 11, 1_000_000, 500_000 + 10_000 * one)
    for one in range(100)
]


def test_a_box_that_stands_still_keeps_every_limit() -> None:
    found = holding(STEADY, 600)
    assert found.broken() == []
    assert found.written_bytes_per_day == 10_000 * 1440


@pytest.mark.parametrize(
    ("gauge", "more", "words"),
    [
        ("resident_kib", 10 * NOISE_KIB, "memory grew"),
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


def test_a_bed_that_alarms_more_often_than_on_a_bad_day_may_write_as_much_more() -> None:
    busy = [replace(one, written_bytes=60_000 * number) for number, one in enumerate(STEADY)]  # 86 MB a day
    assert "written in a day (limit 50000000)" in holding(busy, 600, 60.0).broken()[0]
    assert holding(busy, 600, 120.0).broken() == []


def test_a_box_that_takes_memory_once_has_no_leak_and_one_that_does_so_again_and_again_has_one() -> None:
    once = [100.0] * 150 + [140.0] * 150
    often = [100.0 + 4 * (one // 30) for one in range(300)]
    assert not drift(once).grows
    assert drift(often).grows
    assert drift(often).growth == 36


@pytest.mark.parametrize("seed", range(5))
def test_a_slow_leak_is_told_from_noise_ten_times_as_large_as_a_step_of_it(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - an allocator's
    noise = [chance.gauss(0.0, 40.0) for _ in range(400)]
    assert not drift(noise).grows
    assert drift([one + 4.0 * number for number, one in enumerate(noise)]).grows


def test_an_outage_at_the_end_is_neither_growth_nor_hides_it() -> None:
    out = [replace(one, descriptors=11, tasks=10) for one in STEADY[-5:]]
    assert holding([*STEADY[:-5], *out], 600).broken() == []
    back = [replace(one, descriptors=17, tasks=14) for one in STEADY[-5:]]
    assert holding([*STEADY[:-5], *back], 600).broken() == []


def test_looks_come_back_as_they_were_kept() -> None:
    looks = Looks(2)
    for one in STEADY[:2]:
        looks.append(one)
    assert looks.all() == STEADY[:2]
    with pytest.raises(ValueError, match="room for 2"):
        looks.append(STEADY[2])


def test_growth_before_the_warm_up_is_over_does_not_count() -> None:
    begun = [replace(one, resident_kib=50_000 + 5_000 * number) for number, one in enumerate(STEADY[:10])]
    assert holding([*begun, *STEADY[10:]], 600).broken() == []


def test_too_few_looks_are_no_verdict() -> None:
    with pytest.raises(ValueError, match="8 are needed"):
        holding(STEADY[:12], 600)


async def test_a_look_counts_what_this_process_holds_and_writes(tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    before = look(0.0, database)
    with database.open("wb", buffering=0) as file:
        file.write(bytes(100_000))
        task = asyncio.create_task(asyncio.sleep(10))
        after = look(1.0, database)
    task.cancel()
    assert (after.descriptors, after.tasks) == (before.descriptors + 1, before.tasks + 1)
    assert after.database_bytes == 100_000
    more = after.written_bytes - before.written_bytes
    assert more == 0 or more >= 100_000  # nothing where the folder is in memory
    assert after.resident_kib > 10_000
    assert written_bytes() >= after.written_bytes


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
    assert figures["written_bytes_per_day"] < 4 * WRITTEN_BYTES_PER_DAY
    assert figures["growth_threads"] == 0
    assert (tmp_path / "soak-0.08-hours.png").read_bytes().startswith(b"\x89PNG")
    assert len(json.loads((tmp_path / "soak-0.08-hours.json").read_text())["samples"]) >= 25
