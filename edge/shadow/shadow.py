"""Runs a bundle beside the one in use and counts how far the two agree.

It is handed what the daemon saw and concluded at each tick, after that has been acted upon. It holds no alarm manager,
no store, no outbox and no publisher, so nothing that it concludes can be announced; a fault in it ends it, and the
box goes on. The newest tick wins: a shadow that is busy leaves ticks out, and the box never waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.bundle import Bundle
from edge.clock import Clock
from edge.config import Config
from edge.durable import replace
from edge.fusion import Calibration, Fusion
from edge.inputs import Glance, Input
from edge.inputs.glance import absences, speaks
from edge.shadow.episodes import Episodes
from edge.shadow.eyes import Eye, FaceEye, end, eye
from edge.shadow.purse import Purse
from edge.shadow.tally import Counter, Tally
from edge.shadow.would import Would
from edge.types import Assessment, Condition, Estimate, Hold

log = logging.getLogger(__name__)

KEEP_EVERY_S = 300.0
"""How often the figures are written to disk, seconds: some 3 kB each time, about 1 MB a day."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick of the daemon, as far as a shadow may know of it.

    Attributes:
        glances: what every sensor held.
        assessment: what the bundle in use made of it.
        holds: what people asked of the alarms.
        offset: of the pain threshold, score units.
    """

    glances: Mapping[str, Glance]
    assessment: Assessment
    holds: tuple[Hold, ...]
    offset: float


class Shadow:
    """One bundle beside another.

    Args:
        bundle: verified and loaded.
        inputs: the daemon's sensors; it hangs on to the faces among them until `run` ends.
        config: of the box.
        clock: of the daemon.
        tally: where it counts; that of an earlier run is gone on with.
        file: where the figures are kept.

    Raises:
        BundleError, InferenceError: the bundle cannot be used.
    """

    def __init__(
        self, bundle: Bundle, inputs: Mapping[str, Input], config: Config, clock: Clock, tally: Tally, file: Path
    ) -> None:
        """Build estimators and fusion."""
        self.tally = tally
        self._clock = clock
        self._file = file
        self._fusion = Fusion(Calibration(bundle), config.fusion)
        self._modalities = {name: source.modalities for name, source in inputs.items()}
        purse = Purse(config.models.shadow_cpu, clock, tally.cost)
        threads = config.models.threads
        self._eyes: dict[str, Eye] = {}
        try:
            for name, source in inputs.items():
                self._eyes[name] = eye(source, bundle, threads, purse, tally.cost)
        except BaseException:
            self._let_go()
            raise
        self._would = (Would(config.alarm), Would(config.alarm))
        self._counters = (Counter(tally.old_burden), Counter(tally.new_burden))
        self._episodes = Episodes()
        self._purse = purse
        self._waiting: Tick | None = None
        self._arrived = asyncio.Event()
        self._last_ns: int | None = None

    def take(self, tick: Tick) -> None:
        """Be told of a tick; returns at once."""
        if self._waiting is not None:
            self.tally.cost.late += 1
        self._waiting = tick
        self._arrived.set()

    def forget(self, camera: str | None, *, bands: bool) -> None:
        """Another person lies here, or rest has become another: learn anew what the bundle in use does.

        Args:
            camera: the one that is meant; None: all of them.
            bands: whether wristbands forget too.
        """
        for name, one in self._eyes.items():
            if camera in (None, name) if isinstance(one, FaceEye) else bands:
                one.forget()

    def _let_go(self) -> None:
        for one in self._eyes.values():
            one.close()

    async def run(self, seconds: float) -> None:
        """Count until so much has been watched in all, then return.

        Raises:
            Exception: whatever fails in an estimator; the box is not concerned.
        """
        begun_s, process_s = time.monotonic(), time.process_time()
        wall_before_s, process_before_s = self.tally.cost.wall_s, self.tally.cost.process_s

        def passed() -> None:
            self.tally.cost.wall_s = wall_before_s + time.monotonic() - begun_s
            self.tally.cost.process_s = process_before_s + time.process_time() - process_s

        counting = asyncio.create_task(self._count(seconds), name="shadow")
        keeping = asyncio.create_task(self._keep_forever(), name="shadow's figures")
        seeing = [asyncio.create_task(one.run(), name="shadow's eye") for one in self._eyes.values()]
        try:
            done, _ = await asyncio.wait([counting, keeping, *seeing], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await end(counting, keeping, *seeing)
            self._let_go()
            self.tally.settle(self._episodes.finish())
            passed()
            self._keep(self.tally.model_dump_json(indent=1))

    async def _count(self, seconds: float) -> None:
        while self.tally.seconds < seconds:
            await self._arrived.wait()
            self._arrived.clear()
            tick, self._waiting = self._waiting, None
            if tick is not None:
                self._compare(tick, await self._assess(tick))

    async def _assess(self, tick: Tick) -> Assessment:
        now_ns = tick.assessment.assessed_ns
        estimates: list[Estimate] = []
        for name, glance in tick.glances.items():
            if speaks(glance):
                estimates += await self._eyes[name].judge(glance)
        missing = absences(tick.glances, self._modalities)
        return await self._purse.spend(self._fusion.assess, now_ns, estimates, missing)

    def _compare(self, tick: Tick, new: Assessment) -> None:
        old, now_ns = tick.assessment, tick.assessment.assessed_ns
        elapsed_ns = 0 if self._last_ns is None else max(0, now_ns - self._last_ns)
        self._last_ns = now_ns
        self.tally.compare(old, new, elapsed_ns)
        sensors = {name: glance.status for name, glance in tick.glances.items()}
        pain: list[bool] = []
        for would, counter, assessment in zip(self._would, self._counters, (old, new), strict=True):
            on = would.step(assessment, sensors, tick.holds, tick.offset)
            counter.step(on, elapsed_ns)
            pain.append(Condition.PAIN in on)
        self.tally.settle(self._episodes.step(pain[0], pain[1], now_ns))

    async def _keep_forever(self) -> None:
        while True:
            await self._clock.sleep(KEEP_EVERY_S)
            await self._clock.in_thread(self._keep, self.tally.model_dump_json(indent=1))

    def _keep(self, text: str) -> None:
        try:
            replace(self._file, text.encode())
        except OSError as error:
            log.warning("the figures of the shadow run are in memory only: %s", error)
