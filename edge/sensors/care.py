"""Connection care, once for all drivers: state, back-off, stall detection, and two log lines per outage."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.driver import Driver
from edge.types import NS_PER_S, Frame, SampleBlock, SensorState, SensorStatus

Item = TypeVar("Item", Frame, SampleBlock)

log = logging.getLogger(__name__)

FIRST_ITEM_S = 150.0
"""Longest wait for the first item of a connection: the longest connection time-out that can be configured (120 s)
and half a minute for the first data."""

GIVE_UP_STALLED_S = 10.0
"""A stream that stays silent this long after it was called stalled is torn down and made anew: a hung radio link or
camera pipeline often heals only so. Well below the alarm delays' sum, well above a burst of radio interference."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting times between attempts.

    The figures are those of Bluetooth practice: a first try at once-ish, doubling, never longer than half a minute,
    so that a band that comes back to the bed is found soon. Jitter keeps many boxes from trying in step.

    Attributes:
        first_s: wait after the first failure, seconds.
        factor: growth per failure.
        cap_s: longest wait, seconds.
        jitter: share of the wait that is drawn at random, 0..1.
        proven_s: a connection that streamed this long was a good one: the next failure begins at `first_s` again.
    """

    first_s: float = 0.5
    factor: float = 2.0
    cap_s: float = 30.0
    jitter: float = 0.5
    proven_s: float = 10.0

    def wait_s(self, failures: int, rng: random.Random) -> float:
        """Seconds to wait after the `failures`-th failure in a row (1, 2, …)."""
        # The exponent is bounded: 2**64 is far beyond any cap, and larger powers overflow a float.
        full_s = min(self.cap_s, self.first_s * self.factor ** min(failures - 1, 64))
        return full_s * (1.0 - self.jitter * rng.random())


async def supervise(
    driver: Driver[Item],
    clock: Clock,
    on_item: Callable[[Item], None],
    on_status: Callable[[SensorStatus], None],
    *,
    backoff: Backoff | None = None,
    rng: random.Random | None = None,
) -> None:
    """Keep one driver connected and hand on what it yields.

    Runs until it is cancelled, a recording has ended (LOST, END_OF_RECORDING), or an error says that trying again
    cannot help (LOST with its reason). `on_item` and `on_status` are called on the event loop; what they raise is not
    caught here. The status is LOST from the moment a connection is lost until data flows again.

    Args:
        driver: what to supervise.
        clock: its time.
        on_item: receives every frame or block.
        on_status: receives every change of state or reason.
        backoff: waiting times between attempts.
        rng: source of the jitter; seed it in tests.
    """
    care = _Care(driver, clock, on_item, on_status)
    waits = backoff or Backoff()
    # Jitter needs no cryptographic quality.
    chance = rng or random.Random()  # noqa: S311
    failures = 0
    care.report(SensorState.CONNECTING, SensorReason.STARTING, "")
    while True:
        outcome = await care.connect_once()
        if not outcome.again:
            care.log_end()
            return
        failures = 1 if outcome.streamed_s >= waits.proven_s else failures + 1
        await clock.sleep(waits.wait_s(failures, chance))


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How one connection ended."""

    again: bool
    streamed_s: float


class _Care(Generic[Item]):
    """One driver's connections and what has been told about them."""

    def __init__(
        self,
        driver: Driver[Item],
        clock: Clock,
        on_item: Callable[[Item], None],
        on_status: Callable[[SensorStatus], None],
    ) -> None:
        self._driver: Driver[Item] = driver
        self._clock = clock
        self._on_item: Callable[[Item], None] = on_item
        self._on_status = on_status
        self._status: SensorStatus | None = None
        self._last_ns = 0
        self._first_ns: int | None = None
        self._flowing = asyncio.Event()
        self._fault = ""

    def report(self, state: SensorState, reason: SensorReason | None, detail: str) -> None:
        """Tell a change of state or reason; `since_ns` is that of the state."""
        old = self._status
        if old is not None and (old.state, old.reason, old.detail) == (state, reason, detail):
            return
        since_ns = old.since_ns if old is not None and old.state is state else self._clock.now_ns()
        self._log(old.state if old is not None else None, state, reason, detail)
        self._status = SensorStatus(self._driver.name, state, reason, since_ns, detail)
        self._on_status(self._status)

    async def connect_once(self) -> _Outcome:
        """Make one connection, follow it to its end, and say whether another attempt makes sense."""
        self._first_ns = None
        self._flowing.clear()
        self._last_ns = self._clock.now_ns()
        stream = self._driver.stream()
        pump = asyncio.ensure_future(self._pump(stream))
        watch = asyncio.ensure_future(self._watch())
        try:
            await asyncio.wait((pump, watch), return_when=asyncio.FIRST_COMPLETED)
            if not pump.done():
                watch.result()
            again = pump.result() if pump.done() else self._given_up()
        finally:
            await _end(watch)
            await _end(pump)
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()
        streamed_ns = 0 if self._first_ns is None else self._last_ns - self._first_ns
        return _Outcome(again, streamed_ns / NS_PER_S)

    async def _pump(self, stream: AsyncIterator[Item]) -> bool:
        """Hand on items until the stream ends; the answer is whether to try again."""
        while True:
            try:
                item = await anext(stream)
            except StopAsyncIteration:
                self.report(SensorState.LOST, SensorReason.END_OF_RECORDING, "the recording has ended")
                return False
            except SensorError as error:
                self.report(SensorState.LOST, error.reason, error.message)
                return error.retryable
            except Exception as error:  # noqa: BLE001  # a driver's bug must not end the bed's other sensors; it is logged
                self._report_fault(error)
                return True
            self._last_ns = self._clock.now_ns()
            if self._first_ns is None:
                self._first_ns = self._last_ns
                self._flowing.set()
            self.report(SensorState.STREAMING, None, "")
            self._on_item(item)

    async def _watch(self) -> None:
        """Notice silence: report a stall, and return when the connection is to be given up."""
        try:
            async with asyncio.timeout(FIRST_ITEM_S):
                await self._flowing.wait()
        except TimeoutError:
            return
        stall_ns = round(self._driver.stall_after_s * NS_PER_S)
        give_up_ns = stall_ns + round(GIVE_UP_STALLED_S * NS_PER_S)
        while True:
            silent_ns = self._clock.now_ns() - self._last_ns
            if silent_ns >= give_up_ns:
                return
            if silent_ns >= stall_ns:
                detail = f"nothing received for {stall_ns / NS_PER_S:.1f} s"
                self.report(SensorState.STALLED, SensorReason.NO_DATA, detail)
            await self._clock.sleep_until(self._last_ns + (give_up_ns if silent_ns >= stall_ns else stall_ns))

    def log_end(self) -> None:
        """Say that nobody will try again, unless a recording simply ended."""
        status = self._status
        if status is not None and status.reason is not SensorReason.END_OF_RECORDING:
            log.error("%s: not tried again before a restart: %s", self._driver.name, status.detail)

    def _given_up(self) -> bool:
        silent_s = (self._clock.now_ns() - self._last_ns) / NS_PER_S
        self.report(SensorState.LOST, SensorReason.SILENT, f"silent for {silent_s:.0f} s: connecting anew")
        return True

    def _report_fault(self, error: Exception) -> None:
        """Show a driver's bug with its traceback: once per kind, then only as the state."""
        text = f"{type(error).__name__}: {error}"
        if text != self._fault:
            log.error("%s: the driver failed; this is a bug, please report it", self._driver.name, exc_info=error)
        self._fault = text
        self.report(SensorState.LOST, SensorReason.DRIVER_FAULT, text)

    def _log(self, old: SensorState | None, new: SensorState, reason: SensorReason | None, detail: str) -> None:
        """One warning when the data stop, one line when they are back; the rest is for debugging."""
        flowing = (SensorState.CONNECTING, SensorState.STREAMING)
        if new is SensorState.STREAMING and old is not SensorState.STREAMING:
            log.info("%s: streaming%s", self._driver.name, "" if old is SensorState.CONNECTING else " again")
        elif new not in flowing and (old in flowing or reason is SensorReason.END_OF_RECORDING):
            level = logging.INFO if reason is SensorReason.END_OF_RECORDING else logging.WARNING
            log.log(level, "%s: %s (%s): %s", self._driver.name, new, reason, detail)
        else:
            log.debug("%s: %s (%s): %s", self._driver.name, new, reason, detail)


async def _end(task: asyncio.Future[bool] | asyncio.Future[None]) -> None:
    """Cancel a task and wait until it is over; its own result was read before."""
    task.cancel()
    await asyncio.wait((task,))
