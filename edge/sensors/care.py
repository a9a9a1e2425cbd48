"""Connection care, once for all drivers: state, back-off, stalls, warnings, and few lines of log."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.backoff import Backoff, rest
from edge.sensors.driver import Driver
from edge.sensors.flow import Lack
from edge.sensors.gauge import SensorGauge
from edge.sensors.story import Story
from edge.types import NS_PER_S, Estimate, FaceReading, Frame, SampleBlock, SensorState, SensorStatus

Item = TypeVar("Item", Frame, SampleBlock, Estimate, FaceReading)

log = logging.getLogger(__name__)

FIRST_ITEM_S = 150.0
"""Longest wait for the first item of a connection: the longest connection time-out that can be configured (120 s)
and half a minute for the first data."""

GIVE_UP_STALLED_S = 10.0
"""A stream that stays silent this long after it was called stalled is torn down and made anew: a hung radio link or
camera pipeline often heals only so. Well below the alarm delays' sum, well above a burst of radio interference."""

GIVE_UP_PARTIAL_S = 60.0
"""A stream that goes on, but with too little in it, is made anew after this: a measurement that died in the band heals
so. A weak link does not, and each attempt costs up to 20 s of the little that came: hence no sooner."""

LET_GO_S = 12.0
"""Longest wait for a driver to release its device after a connection: a Bluetooth link takes up to 10 s to part."""

SHUTDOWN_S = 5.0
"""...when the whole program ends: the service manager kills it after 15 s, and the others have to finish too."""

MOST_HUNG = 3
"""Connections of one driver that may hang while another attempt is made; with more, one of them is waited for."""

JUDGE_EVERY_S = 1.0
"""Time between two judgements of rates and warnings while all is well: a thousand blocks a second must cost little."""

TURN = 16
"""Items after which the others on the event loop get their turn, however fast a source delivers."""

_LACK_REASON = {Lack.PARTIAL: SensorReason.PARTIAL, Lack.SILENT: SensorReason.CHANNEL_SILENT}


async def supervise(
    driver: Driver[Item],
    clock: Clock,
    on_item: Callable[[Item], None],
    on_status: Callable[[SensorStatus], None],
    *,
    gauge: SensorGauge | None = None,
    backoff: Backoff | None = None,
    rng: random.Random | None = None,
) -> None:
    """Keep one driver connected and hand on what it yields.

    Runs until it is cancelled, a recording has ended (LOST, END_OF_RECORDING), or an error says that trying again
    cannot help (LOST with its reason). `on_item` and `on_status` are called on the event loop; what they raise is not
    caught here. The status is LOST from the moment a connection is lost until data flows again.

    Whatever a driver does (hang while it connects, while it streams or while it lets go; deliver without a pause;
    raise anything), the other sensors go on and cancelling takes at most `SHUTDOWN_S`.

    Args:
        driver: what to supervise.
        clock: its time.
        on_item: receives every frame or block.
        on_status: receives every change of state, reason or warnings.
        gauge: measures rates, charge and wear; give one to read its figures elsewhere.
        backoff: waiting times between attempts.
        rng: source of the jitter; default: of the boot and the sensor's name, so that no two boxes wait alike.
    """
    care = _Care(driver, clock, on_item, on_status, gauge or SensorGauge(driver.stall_after_s))
    waits = backoff or Backoff()
    # Jitter needs no cryptographic quality.
    chance = rng or random.Random(f"{clock.instant().boot_id} {driver.name}")  # noqa: S311 - jitter, no secret
    failures = 0
    care.report(SensorState.CONNECTING, SensorReason.STARTING, "")
    while True:
        outcome = await care.connect_once()
        if not outcome.again:
            care.log_end()
            return
        failures = 1 if outcome.streamed_s >= waits.proven_s else failures + 1
        await rest(driver, clock, waits.wait_s(failures, chance))
        await care.room_for_another()


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
        gauge: SensorGauge,
    ) -> None:
        self._driver: Driver[Item] = driver
        self._clock = clock
        self._on_item: Callable[[Item], None] = on_item
        self._gauge = gauge
        self._story = Story(driver.name, clock, on_status, gauge)
        self._last_ns = 0
        self._first_ns: int | None = None
        self._exposed_ns: int | None = None
        self._judged_ns = 0
        self._flowing = asyncio.Event()
        self._connection = 0
        self._hung: set[asyncio.Future[bool | None]] = set()
        self._fault = ""

    def report(self, state: SensorState, reason: SensorReason | None, detail: str) -> None:
        """Tell a change of state or reason."""
        self._story.tell(state, reason, detail)

    async def connect_once(self) -> _Outcome:
        """Make one connection, follow it to its end, and say whether another attempt makes sense."""
        self._first_ns = self._exposed_ns = None
        self._connection += 1
        self._flowing.clear()
        self._last_ns = self._clock.now_ns()
        stream = self._driver.stream()
        pump = asyncio.ensure_future(self._pump(stream, self._connection))
        watch = asyncio.ensure_future(self._watch())
        try:
            await asyncio.wait((pump, watch), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self._let_go(pump, watch, stream, SHUTDOWN_S)
            raise
        given_up = not pump.done()
        if given_up:
            watch.result()
            self._give_up()
        await self._let_go(pump, watch, stream, LET_GO_S)
        streamed_ns = 0 if self._first_ns is None else self._last_ns - self._first_ns
        return _Outcome(given_up or pump.result(), streamed_ns / NS_PER_S)

    async def room_for_another(self) -> None:
        """Wait while too many earlier connections still hang."""
        while len(self._hung) >= MOST_HUNG:
            await asyncio.wait(self._hung, return_when=asyncio.FIRST_COMPLETED)

    async def _pump(self, stream: AsyncIterator[Item], connection: int) -> bool:
        """Hand on items until the stream ends; the answer is whether to try again.

        A connection that was left behind may come to itself much later: nobody wants to hear of it any more.
        """
        turn = 0
        while True:
            try:
                item = await anext(stream)
            except Exception as error:  # noqa: BLE001  # a driver's bug must not end the bed's other sensors; it is logged
                return connection != self._connection or self._report_end(error)
            if connection != self._connection or not self._take(item):
                return True
            turn += 1
            if turn % TURN == 0:
                await asyncio.sleep(0)

    def _report_end(self, error: Exception) -> bool:
        """Tell how a connection ended; the answer is whether to try again."""
        match error:
            case StopAsyncIteration():
                self.report(SensorState.LOST, SensorReason.END_OF_RECORDING, "the recording has ended")
                return False
            case SensorError():
                self.report(SensorState.LOST, error.reason, error.message)
                return error.retryable
            case _:
                self._report_fault(error)
                return True

    def _take(self, item: Item) -> bool:
        """Hand one item on; the answer is whether the connection is worth keeping."""
        now_ns = self._clock.now_ns()
        if self._first_ns is None:
            self._first_ns = self._last_ns = now_ns
            self._flowing.set()
            self._gauge.connected(now_ns)
        self._on_item(item)
        if isinstance(item, Frame):
            if self._exposed_ns is not None and item.measured_ns <= self._exposed_ns:
                return True  # an old picture that is handed out again is no sign of life
            self._exposed_ns = item.measured_ns
        self._last_ns = now_ns
        self._gauge.push(item, now_ns)
        if now_ns - self._judged_ns < JUDGE_EVERY_S * NS_PER_S and self._story.streaming:
            return True
        self._judged_ns = now_ns
        self._gauge.judge(now_ns)
        stall = self._gauge.stall(now_ns)
        if stall is None:
            self.report(SensorState.STREAMING, None, "")
            return True
        lack, detail = stall
        self.report(SensorState.STALLED, _LACK_REASON[lack], detail)
        return self._story.lasted_s(now_ns) < GIVE_UP_PARTIAL_S

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

    async def _let_go(
        self, pump: asyncio.Task[bool], watch: asyncio.Task[None], stream: AsyncIterator[Item], within_s: float
    ) -> None:
        """End a connection; what does not end in time is left behind, so that nobody else waits for it."""
        watch.cancel()
        pump.cancel()
        _, hanging = await asyncio.wait((pump, watch), timeout=within_s)
        if not hanging and isinstance(stream, AsyncGenerator):
            # A generator that still runs cannot be closed; one that has ended is closed at once.
            closing = asyncio.ensure_future(_close(stream))
            _, hanging = await asyncio.wait((closing,), timeout=within_s)
        if hanging:
            self._leave_behind(hanging, within_s)

    def _leave_behind(self, hanging: Iterable[asyncio.Future[bool | None]], within_s: float) -> None:
        detail = f"the driver does not let go of the device within {within_s:.0f} s"
        if not self._hung:
            log.error("%s: %s; this is a bug, please report it", self._driver.name, detail)
        self._connection += 1
        for task in hanging:
            self._hung.add(task)
            task.add_done_callback(self._came_back)
        self.report(SensorState.LOST, SensorReason.HUNG, detail)

    def _came_back(self, task: asyncio.Future[bool | None]) -> None:
        """A connection that had been left behind is over; its own outcome matters to nobody any more."""
        self._hung.discard(task)
        if not task.cancelled():
            log.debug("%s: let go at last: %r", self._driver.name, task.exception())

    def log_end(self) -> None:
        """Say that nobody will try again, unless a recording simply ended."""
        self._story.log_end()

    def _give_up(self) -> None:
        silent_s = (self._clock.now_ns() - self._last_ns) / NS_PER_S
        self.report(SensorState.LOST, SensorReason.SILENT, f"silent for {silent_s:.0f} s: connecting anew")

    def _report_fault(self, error: Exception) -> None:
        """Show a driver's bug with its traceback: once per kind, then only as the state."""
        text = f"{type(error).__name__}: {error}"
        if text != self._fault:
            log.error("%s: the driver failed; this is a bug, please report it", self._driver.name, exc_info=error)
        self._fault = text
        self.report(SensorState.LOST, SensorReason.DRIVER_FAULT, text)


async def _close(stream: AsyncGenerator[Item, None]) -> None:
    await stream.aclose()
