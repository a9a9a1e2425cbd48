"""Decides when the bed itself lights and sounds, and keeps every sink's faults away from the alarms.

Each sink plays in a thread of its own. One that fails or hangs is a fault to be told (`fault`), never a delay: alarms
are on disk and on their way before anything here is asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from datetime import time as DayTime  # noqa: N812  # beside the module of that name

from edge.clock import Clock, Instant
from edge.errors import AnnunciatorError
from edge.publish.annunciator.pattern import BURSTS, LOCATE, Burst
from edge.publish.annunciator.sinks import Sink
from edge.types import NS_PER_S, Hold, Priority

logger = logging.getLogger(__name__)

LOOK_S = 0.5
"""How often the alarms are looked at, seconds."""

TEST_EVERY_S = 3600.0
"""Between two self-tests, seconds; the first is at the start."""

HANGS_S = 15.0
"""A sink that has not come back after this counts as hanging, seconds: a program is stopped after 10."""

_RANK = {Priority.LOW: 0, Priority.MEDIUM: 1, Priority.HIGH: 2}


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides whether the bed sounds.

    Attributes:
        alarms: (priority, whether it has been escalated to the bed) of every alarm that sounds.
        silent: the way to the station is broken.
        holds: what a person asked for.
    """

    alarms: Sequence[tuple[Priority, bool]]
    silent: bool
    holds: Iterable[Hold] = ()


def due(situation: Situation, *, home: bool, quiet: bool) -> Burst | None:
    """The burst that the situation asks for; None for silence.

    Args:
        situation: of the moment.
        home: there is no station: the bed always sounds.
        quiet: it is a quiet hour.
    """
    wanted = [priority for priority, to_bed in situation.alarms if home or situation.silent or to_bed]
    if not wanted:
        return None
    holds = set(situation.holds)
    burst = BURSTS[max(wanted, key=_RANK.__getitem__)]
    soft = (quiet or Hold.QUIET in holds) and burst.priority is not Priority.HIGH
    return replace(burst, sound=Hold.AUDIO_PAUSED not in holds, soft=soft)


def is_quiet(now: Instant, begin: DayTime | None, end: DayTime | None) -> bool:
    """Whether a moment lies in the quiet hours; never while the wall clock is not synchronised."""
    if begin is None or end is None or not now.synced:
        return False
    local = datetime.fromtimestamp(now.wall_ms / 1000).astimezone().time()
    return begin <= local < end if begin <= end else local >= begin or local < end


class _Player:
    """One sink, its thread and its fault."""

    def __init__(self, sink: Sink, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._since_ns = 0
        self._waiting: Burst | None = None
        self.fault = ""

    def play(self, burst: Burst) -> None:
        """Begin a burst, or keep it until the sink is free."""
        self._waiting = burst
        self.watch(self._clock.now_ns())

    def stop(self) -> None:
        """There is nothing to play any more."""
        self._waiting = None

    def test(self) -> None:
        """Begin a self-test, unless the sink is at work and so tests itself."""
        if not self._busy:
            self._start(self._sink.test)

    def watch(self, now_ns: int) -> None:
        """Begin what waits, and notice that the sink hangs."""
        if not self._busy and self._waiting is not None:
            burst, self._waiting = self._waiting, None
            self._start(lambda: self._sink.play(burst))
        elif self._busy and now_ns - self._since_ns >= HANGS_S * NS_PER_S:
            self._tell("hangs")

    def close(self) -> None:
        """Let go of the sink; what it is doing is nobody's news any more."""
        if self._task is not None:
            self._task.cancel()
        self._sink.close()

    @property
    def _busy(self) -> bool:
        return self._task is not None and not self._task.done()

    def _start(self, work: Callable[[], None]) -> None:
        self._since_ns = self._clock.now_ns()
        self._task = asyncio.create_task(self._do(work), name=f"annunciator {self._sink.name}")

    async def _do(self, work: Callable[[], None]) -> None:
        try:
            await self._clock.in_thread(work)
        except AnnunciatorError as error:
            self._tell(error.message)
        except Exception as error:  # noqa: BLE001  # a driver's fault of any kind must stay here
            self._tell(f"{type(error).__name__}: {error}")
        else:
            if self.fault:
                logger.info("%s works again", self._sink.name)
            self.fault = ""

    def _tell(self, fault: str) -> None:
        if fault != self.fault:
            logger.error("the bed's %s fails: %s", self._sink.name, fault)
        self.fault = fault


class Annunciator:
    """Plays what is due on every sink.

    Args:
        sinks: what to play on.
        clock: time.
        situation: asked every `LOOK_S`.
        home: there is no station.
        quiet_from, quiet_to: quiet hours, local time.
        faults: of sinks that could not be made.
    """

    def __init__(
        self,
        sinks: Sequence[Sink],
        clock: Clock,
        situation: Callable[[], Situation],
        *,
        home: bool = False,
        quiet_from: DayTime | None = None,
        quiet_to: DayTime | None = None,
        faults: Sequence[str] = (),
    ) -> None:
        """Nothing sounds before `run`."""
        self._players = [_Player(sink, clock) for sink in sinks]
        self._clock = clock
        self._situation = situation
        self._home = home
        self._quiet_hours = (quiet_from, quiet_to)
        self._faults = tuple(faults)
        self._playing: Burst | None = None
        self._next_ns = 0
        self._locate_until_ns = 0

    @property
    def present(self) -> bool:
        """Whether there is, or should be, a sink."""
        return bool(self._players or self._faults)

    @property
    def fault(self) -> str:
        """What does not work; "" while everything does."""
        return "; ".join([*self._faults, *(player.fault for player in self._players if player.fault)])

    def locate(self, seconds: float) -> bool:
        """Flash and sound softly for so long, beneath any alarm; False where there is nothing to do it with."""
        if not self._players:
            return False
        self._locate_until_ns = self._clock.now_ns() + round(seconds * NS_PER_S)
        return True

    async def run(self) -> None:
        """Test at the start and every hour, and play, until cancelled; then let go of the sinks."""
        test_ns = self._clock.now_ns()
        try:
            while True:
                now_ns = self._clock.now_ns()
                for player in self._players:
                    player.watch(now_ns)
                if now_ns >= test_ns:
                    test_ns = now_ns + round(TEST_EVERY_S * NS_PER_S)
                    for player in self._players:
                        player.test()
                self._look(now_ns)
                await self._clock.sleep(LOOK_S)
        finally:
            for player in self._players:
                player.close()

    def _look(self, now_ns: int) -> None:
        situation = self._situation()
        loud = due(situation, home=self._home, quiet=False)
        if loud is None:
            self._stop_or_locate(now_ns, silent=Hold.AUDIO_PAUSED in set(situation.holds))
            return
        playing = self._playing is not None and not self._playing.locate and loud.priority is self._playing.priority
        if playing and now_ns < self._next_ns:
            return
        quiet = is_quiet(self._clock.instant(), *self._quiet_hours)
        burst = due(situation, home=self._home, quiet=quiet) or loud
        self._playing = burst
        self._next_ns = now_ns + round(burst.every_s * NS_PER_S)
        for player in self._players:
            player.play(burst)

    def _stop_or_locate(self, now_ns: int, *, silent: bool) -> None:
        """No alarm sounds here: show where the bed is, or be still."""
        if now_ns >= self._locate_until_ns:
            self._playing = None
            for player in self._players:
                player.stop()
        elif self._playing is None or not self._playing.locate or now_ns >= self._next_ns:
            self._playing = replace(LOCATE, sound=not silent)
            self._next_ns = now_ns + round(LOCATE.every_s * NS_PER_S)
            for player in self._players:
                player.play(self._playing)
