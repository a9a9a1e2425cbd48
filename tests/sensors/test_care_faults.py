"""Drivers that misbehave: they hang, flap, or never pause. Nobody else suffers, and nothing fills up."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from edge.clock import VirtualClock, run
from edge.errors import SensorError, SensorReason
from edge.sensors.care import LET_GO_S, MOST_HUNG, SHUTDOWN_S, supervise
from edge.types import Channel, SampleBlock, SensorState
from tests.sensors.scripted import Band, Script, Told, care_for, care_for_several, steady


async def _hang(band: Band) -> None:
    """Wait as a hung library does: cancelling it is of no use."""
    while not band.released:
        try:
            await band.clock.sleep(1e6)
        except asyncio.CancelledError:
            continue


async def deaf(band: Band) -> AsyncIterator[SampleBlock]:
    """A stream that hangs and cannot be cancelled."""
    yield band.block(Channel.PPG, [0.0, 1.0], 1.0)
    await _hang(band)


async def clinging(band: Band) -> AsyncIterator[SampleBlock]:
    """A driver that never finishes letting go of the device."""
    try:
        yield band.block(Channel.PPG, [0.0, 1.0], 1.0)
        await band.clock.sleep(1e6)
    finally:
        await _hang(band)


async def unreachable(band: Band) -> AsyncIterator[SampleBlock]:
    """A connect that hangs and cannot be cancelled."""
    await _hang(band)
    yield band.block(Channel.PPG, [0.0], 1.0)


async def greedy(band: Band) -> AsyncIterator[SampleBlock]:
    """A driver that has always one more block and never waits."""
    for number in range(20_000):
        yield band.block(Channel.PPG, [float(number % 7)], 1000.0)


async def flapping(band: Band) -> AsyncIterator[SampleBlock]:
    """Half a minute of data, then the link is lost."""
    for second in range(30):
        await band.clock.sleep(1.0)
        yield band.block(Channel.PPG, [float(second), 0.0], 2.0)
    raise SensorError(SensorReason.DISCONNECTED, "the link was lost")


async def breaking(band: Band) -> AsyncIterator[SampleBlock]:
    """One block, then the link is lost."""
    yield band.block(Channel.PPG, [0.0], 1.0)
    raise SensorError(SensorReason.DISCONNECTED, "the link was lost")


HANGING = pytest.mark.parametrize("bad", [deaf, clinging, unreachable])


@HANGING
def test_a_driver_that_hangs_delays_no_other(bad: Script) -> None:
    told, _ = care_for_several({"bad": bad, "good": steady(300, {Channel.PPG: 1.0})}, seconds=200)
    assert len(told["good"].items) >= 199
    assert {status.state for status in told["good"].statuses} == {SensorState.CONNECTING, SensorState.STREAMING}


@HANGING
def test_a_driver_that_hangs_delays_the_end_of_the_program_by_its_bound_only(bad: Script) -> None:
    told, ended_s = care_for_several({"bad": bad, "good": steady(300, {Channel.PPG: 1.0})}, seconds=10)
    assert ended_s <= 10.0 + SHUTDOWN_S
    assert told["bad"].statuses[-1].reason is SensorReason.HUNG


def test_a_stream_that_hangs_is_left_behind_and_made_anew() -> None:
    told, _ = care_for_several({"bad": deaf}, seconds=5.0 + 10.0 + LET_GO_S + 2.0)
    assert [status.reason for status in told["bad"].statuses][2:6] == [
        SensorReason.NO_DATA,
        SensorReason.SILENT,
        SensorReason.HUNG,
        None,
    ]


def test_a_driver_that_hangs_time_and_again_is_not_opened_without_end() -> None:
    clock = VirtualClock()
    band, told = Band(clock, deaf), Told()

    async def an_hour() -> None:
        care = asyncio.ensure_future(supervise(band, clock, told.items.append, told.statuses.append))
        await clock.sleep(3600.0)
        care.cancel()
        await asyncio.wait((care,))
        band.released = True

    run(clock, an_hour())
    assert band.opened == MOST_HUNG


def test_what_hung_is_tried_again_once_it_has_let_go() -> None:
    clock = VirtualClock()
    band, told = Band(clock, deaf), Told()

    async def an_hour() -> None:
        care = asyncio.ensure_future(supervise(band, clock, told.items.append, told.statuses.append))
        await clock.sleep(1800.0)
        band.released = True
        await clock.sleep(3e6)  # the sleep of the hung library ends
        opened = band.opened
        care.cancel()
        await asyncio.wait((care,))
        assert opened > MOST_HUNG

    run(clock, an_hour())


def test_hanging_is_reported_once_as_a_bug(caplog: pytest.LogCaptureFixture) -> None:
    care_for_several({"bad": deaf}, seconds=600)
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1


def test_a_driver_that_never_pauses_leaves_the_others_their_turn() -> None:
    clock = VirtualClock()
    told = Told()
    turns = 0

    async def both() -> None:
        nonlocal turns
        care = asyncio.ensure_future(supervise(Band(clock, greedy), clock, told.items.append, told.statuses.append))
        while not care.done():
            turns += 1
            await asyncio.sleep(0)

    run(clock, both())
    assert len(told.items) == 20_000
    assert turns > 1000


def test_a_band_that_flaps_a_hundred_times_an_hour_writes_about_a_dozen_lines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "edge.sensors.care")
    told = care_for(flapping, seconds=3600.0)
    losses = [status for status in told.statuses if status.state is SensorState.LOST]
    assert len(losses) > 100
    assert len(caplog.messages) < 20


def test_a_recording_is_the_only_end_that_is_not_tried_again() -> None:
    told = care_for(steady(3, {Channel.PPG: 1.0}), steady(3, {Channel.PPG: 1.0}), seconds=60)
    assert len(told.items) == 3
    assert told.statuses[-1].reason is SensorReason.END_OF_RECORDING


def test_after_hours_of_failures_it_is_still_tried() -> None:
    clock = VirtualClock()
    band, told = Band(clock, breaking), Told()

    async def hours() -> None:
        care = asyncio.ensure_future(
            supervise(band, clock, told.items.append, told.statuses.append, rng=random.Random(7))  # noqa: S311 - jitter
        )
        await clock.sleep(14_400.0)
        before = band.opened
        await clock.sleep(31.0)
        assert band.opened > before
        care.cancel()
        await asyncio.wait((care,))

    run(clock, hours())


def test_hundreds_of_reconnections_leave_no_task_and_no_memory(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "edge.sensors.care")  # what the test keeps of the log is no leak
    clock = VirtualClock()
    band = Band(clock, breaking)

    async def storm(times: int) -> tuple[int, int]:
        until = band.opened + times
        care = asyncio.ensure_future(supervise(band, clock, lambda _block: None, lambda _status: None))
        while band.opened < until:
            await clock.sleep(10.0)
        tasks = len(asyncio.all_tasks())
        care.cancel()
        await asyncio.wait((care,))
        gc.collect()
        return tasks, tracemalloc.get_traced_memory()[0]

    async def storms() -> None:
        await storm(200)
        _, before = await storm(200)
        tasks, after = await storm(600)
        assert tasks <= 4
        assert after - before < 50_000

    tracemalloc.start()
    try:
        run(clock, storms())
    finally:
        tracemalloc.stop()
