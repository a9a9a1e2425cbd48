"""Connection care on the virtual clock: states, back-off, stalls, and what is logged."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import numpy as np
import pytest

from edge.clock import Clock, VirtualClock, run
from edge.errors import SensorError, SensorReason
from edge.sensors.care import FIRST_ITEM_S, GIVE_UP_STALLED_S, supervise
from edge.types import NS_PER_S, Channel, SampleBlock, SensorState, SensorStatus

STALL_S = 5.0
GONE = SensorError(SensorReason.DISCONNECTED, "the link was lost")


class Scripted:
    """A driver whose connections each follow a script; the last one is repeated."""

    name = "wrist"
    stall_after_s = STALL_S

    def __init__(self, clock: Clock, *scripts: Callable[[Scripted], AsyncIterator[SampleBlock]]) -> None:
        """Remember the scripts."""
        self.clock = clock
        self._scripts = list(scripts)
        self.opened_ns: list[int] = []
        self.closed = 0

    async def stream(self) -> AsyncIterator[SampleBlock]:
        """Play the next script."""
        self.opened_ns.append(self.clock.now_ns())
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        try:
            async for block in script(self):
                yield block
        finally:
            self.closed += 1

    def block(self) -> SampleBlock:
        """One sample, now."""
        return SampleBlock(self.name, Channel.PPG, np.zeros(1, np.float32), 1.0, self.clock.now_ns())


def failing(error: Exception) -> Callable[[Scripted], AsyncIterator[SampleBlock]]:
    """Never connect."""

    async def script(driver: Scripted) -> AsyncIterator[SampleBlock]:
        if driver.opened_ns:  # always
            raise error
        yield driver.block()

    return script


refuse = failing(SensorError(SensorReason.NOT_FOUND, "no such band"))
damaged = failing(SensorError(SensorReason.EMPTY, "no sample in it", retryable=False))
buggy = failing(ZeroDivisionError("oops"))


async def silent(driver: Scripted) -> AsyncIterator[SampleBlock]:
    """Connect, and never send."""
    await driver.clock.sleep(1e6)
    yield driver.block()


def flowing(seconds: int, then: SensorError | None = None) -> Callable[[Scripted], AsyncIterator[SampleBlock]]:
    """One block per second; then an error, or the end of a recording."""

    async def script(driver: Scripted) -> AsyncIterator[SampleBlock]:
        for _ in range(seconds):
            await driver.clock.sleep(1.0)
            yield driver.block()
        if then is not None:
            raise then

    return script


async def pausing(driver: Scripted) -> AsyncIterator[SampleBlock]:
    """A stall that heals by itself, then the end."""
    yield driver.block()
    await driver.clock.sleep(STALL_S + 3.0)
    yield driver.block()


async def freezing(driver: Scripted) -> AsyncIterator[SampleBlock]:
    """A stream that hangs after its first block."""
    yield driver.block()
    await driver.clock.sleep(1e6)


class Story:
    """Runs care over a scripted driver and keeps what it told."""

    def __init__(self, *scripts: Callable[[Scripted], AsyncIterator[SampleBlock]]) -> None:
        """Prepare."""
        self.clock = VirtualClock()
        self.driver = Scripted(self.clock, *scripts)
        self.items: list[SampleBlock] = []
        self.statuses: list[SensorStatus] = []

    def play(self, seconds: float = 1e5) -> Story:
        """Let care run until it ends or the time is over."""
        run(self.clock, self._play(seconds))
        return self

    @property
    def states(self) -> list[tuple[SensorState, SensorReason | None]]:
        """The states told, with their reasons."""
        return [(status.state, status.reason) for status in self.statuses]

    async def _play(self, seconds: float) -> None:
        care = asyncio.ensure_future(
            supervise(
                self.driver,
                self.clock,
                self.items.append,
                self.statuses.append,
                rng=random.Random(7),  # noqa: S311  # jitter only
            )
        )
        over = asyncio.ensure_future(self.clock.sleep(seconds))
        await asyncio.wait((care, over), return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if not care.done():
            care.cancel()
            await asyncio.wait((care,))
        else:
            care.result()


def test_a_recording_plays_to_its_end_and_care_returns() -> None:
    story = Story(flowing(3)).play()
    assert len(story.items) == 3
    assert story.states == [
        (SensorState.CONNECTING, SensorReason.STARTING),
        (SensorState.STREAMING, None),
        (SensorState.LOST, SensorReason.END_OF_RECORDING),
    ]
    assert story.driver.closed == 1


def test_a_lost_connection_is_made_again() -> None:
    story = Story(flowing(3, GONE), flowing(2)).play()
    assert story.states[1:] == [
        (SensorState.STREAMING, None),
        (SensorState.LOST, SensorReason.DISCONNECTED),
        (SensorState.STREAMING, None),
        (SensorState.LOST, SensorReason.END_OF_RECORDING),
    ]
    assert len(story.items) == 5


def test_lost_lasts_until_data_flow_again_and_keeps_its_beginning() -> None:
    story = Story(flowing(3, GONE), refuse, refuse, flowing(1)).play()
    lost = [status for status in story.statuses if status.state is SensorState.LOST][:2]
    assert [status.reason for status in lost] == [SensorReason.DISCONNECTED, SensorReason.NOT_FOUND]
    assert {status.since_ns for status in lost} == {3 * NS_PER_S}


def test_waits_double_up_to_the_cap_and_never_below_half() -> None:
    story = Story(refuse).play(600.0)
    waits_s = [(b - a) / NS_PER_S for a, b in pairwise(story.driver.opened_ns)]
    full_s = [min(30.0, 0.5 * 2.0**n) for n in range(len(waits_s))]
    assert len(waits_s) > 15
    assert all(full / 2 <= wait <= full for wait, full in zip(waits_s, full_s, strict=True))
    assert len({round(wait, 6) for wait in waits_s[7:]}) > 5  # jitter: boxes do not try in step


def test_waiting_begins_anew_after_a_connection_that_held() -> None:
    story = Story(refuse, refuse, refuse, refuse, flowing(60, GONE), flowing(1)).play()
    last_wait_s = story.driver.opened_ns[-1] / NS_PER_S - story.items[-2].arrived_ns / NS_PER_S
    assert last_wait_s <= 0.5


def test_a_connection_that_breaks_at_once_does_not_reset_the_waiting() -> None:
    story = Story(flowing(1, GONE)).play(300.0)
    assert len(story.driver.opened_ns) < 25


def test_silence_is_a_stall_and_heals() -> None:
    story = Story(pausing).play()
    assert story.states[1:4] == [
        (SensorState.STREAMING, None),
        (SensorState.STALLED, SensorReason.NO_DATA),
        (SensorState.STREAMING, None),
    ]
    stalled = story.statuses[2]
    assert stalled.since_ns == STALL_S * NS_PER_S
    assert len(story.driver.opened_ns) == 1


def test_a_stall_soon_after_a_slow_connection_is_noticed_in_time() -> None:
    async def connects_then_freezes(driver: Scripted) -> AsyncIterator[SampleBlock]:
        await driver.clock.sleep(20.0)
        yield driver.block()
        await driver.clock.sleep(1e6)

    story = Story(connects_then_freezes, flowing(1)).play()
    stalled = next(status for status in story.statuses if status.state is SensorState.STALLED)
    assert stalled.since_ns == (20 + STALL_S) * NS_PER_S


def test_a_stall_after_hours_of_data_is_noticed_in_time() -> None:
    async def freezes_late(driver: Scripted) -> AsyncIterator[SampleBlock]:
        for _ in range(10_000):
            await driver.clock.sleep(1.0)
            yield driver.block()
        await driver.clock.sleep(1e6)

    story = Story(freezes_late, flowing(1)).play()
    stalled = next(status for status in story.statuses if status.state is SensorState.STALLED)
    assert stalled.since_ns == (10_000 + STALL_S) * NS_PER_S


def test_a_frozen_source_is_torn_down_and_made_anew() -> None:
    story = Story(freezing, flowing(1)).play()
    assert story.states[2:5] == [
        (SensorState.STALLED, SensorReason.NO_DATA),
        (SensorState.LOST, SensorReason.SILENT),
        (SensorState.STREAMING, None),
    ]
    assert story.statuses[3].since_ns == (STALL_S + GIVE_UP_STALLED_S) * NS_PER_S
    assert story.driver.closed == 2


def test_a_connection_that_never_sends_is_given_up() -> None:
    story = Story(silent, flowing(1)).play()
    assert (SensorState.LOST, SensorReason.SILENT) in story.states
    assert story.driver.opened_ns[1] >= FIRST_ITEM_S * NS_PER_S


def test_what_a_person_must_mend_is_not_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    story = Story(damaged).play()
    assert story.states[-1] == (SensorState.LOST, SensorReason.EMPTY)
    assert len(story.driver.opened_ns) == 1
    assert "not tried again" in caplog.text


def test_a_drivers_bug_is_shown_once_with_its_traceback_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    story = Story(buggy, buggy, buggy, flowing(1)).play()
    assert (SensorState.LOST, SensorReason.DRIVER_FAULT) in story.states
    assert len(story.items) == 1
    faults = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(faults) == 1
    assert faults[0].exc_info is not None


def test_an_outage_is_logged_once_lost_and_once_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "edge.sensors.care")
    Story(flowing(20, GONE), refuse, refuse, refuse, freezing, flowing(1)).play(40.0)
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == "wrist: streaming"
    assert told[1] == "wrist: lost (disconnected): the link was lost"
    assert told[2] == "wrist: streaming again"


def test_cancelling_care_closes_the_driver() -> None:
    story = Story(silent).play(10.0)
    assert story.driver.closed == 1


def test_an_error_of_the_consumer_is_not_taken_for_one_of_the_driver() -> None:
    story = Story(flowing(3))

    def fail(_block: SampleBlock) -> None:
        raise LookupError("the consumer's own")

    with pytest.raises(LookupError):
        run(story.clock, supervise(story.driver, story.clock, fail, story.statuses.append))
    assert story.driver.closed == 1


def test_blocks_before_the_loss_are_all_handed_on() -> None:
    async def burst(driver: Scripted) -> AsyncIterator[SampleBlock]:
        for _ in range(100):
            yield driver.block()
        raise GONE

    assert len(Story(burst, flowing(1)).play().items) == 101
