"""The two clocks: what is virtual jumps, what is held stands still."""

from __future__ import annotations

import asyncio
import time

import pytest

from edge import clock
from edge.types import NS_PER_S


def test_an_hour_of_sleep_takes_no_time() -> None:
    virtual = clock.VirtualClock()

    async def hours() -> int:
        await virtual.sleep(3600.0)
        return virtual.now_ns()

    began = time.monotonic()
    assert clock.run(virtual, hours()) == 3600 * NS_PER_S
    assert time.monotonic() - began < 5.0


def test_sleepers_wake_in_the_order_of_their_times() -> None:
    virtual = clock.VirtualClock()
    woken: list[tuple[str, int]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await virtual.sleep(seconds)
        woken.append((name, virtual.now_ns() // NS_PER_S))

    async def both() -> None:
        await asyncio.gather(sleeper("late", 60.0), sleeper("early", 1.0))

    clock.run(virtual, both())
    assert woken == [("early", 1), ("late", 60)]


def test_a_wait_with_a_timeout_expires_in_virtual_time() -> None:
    virtual = clock.VirtualClock()

    async def wait() -> int:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), timeout=120.0)
        return virtual.now_ns()

    assert clock.run(virtual, wait()) == 120 * NS_PER_S


def test_time_stands_still_while_a_thread_works() -> None:
    virtual = clock.VirtualClock()

    async def work() -> int:
        sleeper = asyncio.create_task(virtual.sleep(10.0))
        await virtual.in_thread(time.sleep, 0.05)
        during = virtual.now_ns()
        await sleeper
        return during

    assert clock.run(virtual, work()) == 0


def test_sleeping_until_the_past_returns_at_once() -> None:
    virtual = clock.VirtualClock()

    async def twice() -> int:
        await virtual.sleep(5.0)
        await virtual.sleep_until(NS_PER_S)
        return virtual.now_ns()

    assert clock.run(virtual, twice()) == 5 * NS_PER_S


def test_a_step_of_the_wall_clock_leaves_monotonic_time_alone() -> None:
    virtual = clock.VirtualClock()
    before = virtual.instant()
    virtual.step_wall(-3600.0)
    after = virtual.instant()
    assert after.mono_ns == before.mono_ns
    assert after.wall_ms == before.wall_ms - 3_600_000


def test_a_monotonic_clock_refuses_to_go_back() -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        clock.VirtualClock().advance(-1.0)


def test_the_system_clock_names_its_boot_and_moves_forward() -> None:
    system = clock.SystemClock()

    async def step() -> tuple[int, int]:
        first = system.now_ns()
        await system.sleep(0.01)
        return first, system.now_ns()

    first, second = clock.run(system, step())
    assert second - first >= 9_000_000
    assert len(system.boot_id) == 12
    assert system.instant().boot_id == system.boot_id
