"""A face on its way from its driver to the estimates of the moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from edge.clock import Clock
from edge.errors import CommandError, CommandReason, InferenceError, SensorReason
from edge.face import FaceEstimator
from edge.face.judge import Judge, judged
from edge.face.reference import NEEDED_S, Reference
from edge.health.pace import Level
from edge.health.progress import STUCK_S
from edge.inputs.glance import FaultLog, Glance, worth
from edge.recorder.recorder import Recording
from edge.references import References, still_stands
from edge.sensors.care import supervise
from edge.sensors.driver import Driver, Holding, Paced
from edge.sensors.gauge import SensorGauge
from edge.sensors.report import SensorReport
from edge.types import (
    NS_PER_S,
    Absence,
    Estimate,
    FaceReading,
    Frame,
    Modality,
    SensorState,
    SensorStatus,
)

log = logging.getLogger(__name__)

SAVE_REFERENCE_S = 60.0
"""The resting face is kept on disk this often while the face is seen: what a power cut costs of it."""


class _FaceInput:
    """What was last said of a face."""

    modalities = (Modality.FACE,)

    def __init__(self, name: str, gauge: SensorGauge, clock: Clock, recording: Recording) -> None:
        self.gauge = gauge
        self.status = SensorStatus(name, SensorState.CONNECTING, None, clock.now_ns())
        self.dropped = 0
        self.switched_off = False
        self._recording = recording
        self._estimate: Estimate | None = None

    def switch(self, *, off: bool, lost: bool = False) -> None:
        """Somebody has switched the camera off, or on again; `lost`: it is off because nobody knows which."""
        del lost
        self.switched_off = off

    def on_status(self, status: SensorStatus) -> None:
        """Remember the state; what a camera said before it was lost is not evidence for when it is back."""
        self._recording.status(status)
        self.status = status
        if status.state is SensorState.LOST:
            self._estimate = None

    def look(self, now_ns: int) -> Glance:
        """What the face says now: the last estimate, or why there is none."""
        if self.switched_off:
            return Glance(now_ns, self.status, (Estimate.absent(Modality.FACE, Absence.CAMERA_OFF, now_ns),))
        estimate = self._estimate or Estimate.absent(Modality.FACE, Absence.CONNECTING, now_ns)
        return Glance(now_ns, self.status, (estimate,))

    async def judge(self, glance: Glance) -> tuple[Estimate, ...]:
        """A face has been judged frame by frame already."""
        return glance.estimates

    def report(self, driver: str, now_ns: int) -> SensorReport:
        """The figures of the camera; `driver` is the word for it in the configuration."""
        estimates = () if self._estimate is None else (self._estimate,)
        told = self.gauge.report(self.status, driver, now_ns)
        return told.model_copy(update={"dropped": self.dropped, **worth(estimates)})

    def _say(self, estimate: Estimate) -> None:
        self._recording.estimates(self.status.sensor, (estimate,))
        self._estimate = estimate


class EstimateInput(_FaceInput):
    """A replayed face: its estimates come ready-made, for no pictures were kept to judge."""

    def __init__(self, driver: Driver[Estimate], clock: Clock, recording: Recording) -> None:
        super().__init__(driver.name, SensorGauge(driver.stall_after_s), clock, recording)
        self.driver = driver
        self._clock = clock

    def on_item(self, estimate: Estimate) -> None:
        """Keep the newest estimate."""
        self._say(estimate)

    async def follow(self) -> None:
        """Keep the sensor connected, for ever or until that is of no more use."""
        await supervise(self.driver, self._clock, self.on_item, self.on_status, gauge=self.gauge)


class ReadingInput(_FaceInput):
    """A face that is read already: detection and network are left out, what follows them is not.

    Attributes:
        tap: is handed each reading too; None: nobody is.
    """

    def __init__(self, driver: Driver[FaceReading], judge: Judge, clock: Clock, recording: Recording) -> None:
        super().__init__(driver.name, SensorGauge(driver.stall_after_s), clock, recording)
        self.driver = driver
        self.tap: Callable[[FaceReading], None] | None = None
        self._judge = judge
        self._clock = clock

    def on_item(self, item: FaceReading) -> None:
        """Judge it here and now: there is no picture to work on."""
        self._say(judged(self._judge, item))
        if self.tap is not None:
            self.tap(item)

    async def follow(self) -> None:
        """Keep the sensor connected, for ever or until that is of no more use."""
        await supervise(self.driver, self._clock, self.on_item, self.on_status, gauge=self.gauge)


class CameraInput(_FaceInput):
    """One camera: its newest frame, its estimator and what that last said.

    Attributes:
        tap: is handed each frame that is judged too, in memory, in this process; None: nobody is.
    """

    def __init__(
        self,
        driver: Driver[Frame],
        estimator: FaceEstimator,
        clock: Clock,
        recording: Recording,
        gauge: SensorGauge | None = None,
    ) -> None:
        super().__init__(driver.name, gauge or SensorGauge(driver.stall_after_s), clock, recording)
        self.driver = driver
        self.tap: Callable[[Frame], None] | None = None
        self._faults = FaultLog(driver.name)
        self._estimator = estimator
        self._clock = clock
        self._newest: Frame | None = None
        self._judging_ns: int | None = None
        self._hung_ns: int | None = None
        self._switched = asyncio.Event()
        self._switched_ns = clock.now_ns()
        self._off_words = ""
        self._came_ns = clock.now_ns()
        self._work_ns: int | None = None
        self._aged_ns = 0
        self._arrived = asyncio.Event()
        self._closed = True
        self._shelf: References | None = None
        self._saved_ns: int | None = None

    def on_item(self, frame: Frame) -> None:
        """Keep the newest frame; one that was not looked at in time is dropped and counted."""
        if self.switched_off:
            self._newest = None
            return
        if self._newest is not None:
            self.dropped += 1
        self._newest = frame
        self._came_ns = self._clock.now_ns()
        self._arrived.set()

    def on_status(self, status: SensorStatus) -> None:
        """Remember the state, and forget a frame from before a loss."""
        super().on_status(status)
        if status.state is SensorState.LOST:
            self._newest = None
        if status.reason is not SensorReason.HUNG:
            self._hung_ns = None
        elif self._hung_ns is None:
            self._hung_ns = self._clock.now_ns()

    def switch(self, *, off: bool, lost: bool = False) -> None:
        """Let go of the device and forget what was seen, or take it up again; `follow` does it."""
        self._off_words = "what was decided is lost: ask a nurse" if lost else "switched off by a person"
        if off != self.switched_off:
            self.switched_off = off
            self._switched_ns = self._clock.now_ns()
            self._newest = self._estimate = None
            self._switched.set()

    @property
    def let_go(self) -> bool:
        """Whether it is switched off and holds no device."""
        holds = isinstance(self.driver, Holding) and self.driver.holds_device
        return self.switched_off and self._closed and not holds

    async def follow(self) -> None:
        """Keep the sensor connected while it is switched on, for ever or until that is of no more use.

        Switched off it holds no device, from the start on where it was so before.
        """
        while True:
            self._switched.clear()
            if self.switched_off:
                log.warning("%s: switched off; the device is closed until it is switched on", self.driver.name)
                self.on_status(self._off_status())
                await self._switched.wait()
                continue
            if await self._care():
                return  # what is of no more use stays so: a recording has ended

    async def _care(self) -> bool:
        """Keep the sensor connected until it is switched off; whether it has ended by itself.

        Apart from `follow`, which must not hold on to how a connection ended: a traceback holds pictures.
        """
        self._closed = False
        care = asyncio.ensure_future(
            supervise(self.driver, self._clock, self.on_item, self.on_status, gauge=self.gauge)
        )
        switched = asyncio.ensure_future(self._switched.wait())
        try:
            await asyncio.wait((care, switched), return_when=asyncio.FIRST_COMPLETED)
            ended = care.done() and not self.switched_off
        finally:
            switched.cancel()
            care.cancel()
            await asyncio.wait((care, switched))
            self._closed = True
        if not care.cancelled():
            care.result()
        return ended

    def _off_status(self) -> SensorStatus:
        return SensorStatus(
            self.driver.name, SensorState.LOST, SensorReason.SWITCHED_OFF, self._switched_ns, self._off_words
        )

    async def run(self) -> None:
        """Estimate each newest frame in a worker thread, for ever."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            await self._judge_newest()

    async def _judge_newest(self) -> None:
        """Estimate the newest frame, where there is one; nothing holds it afterwards."""
        frame, self._newest = self._newest, None
        if frame is None:
            return
        came_ns, self._judging_ns = self._came_ns, self._clock.now_ns()
        self._work_ns = came_ns
        if self.tap is not None:
            self.tap(frame)
        self._say(await self._clock.in_thread(self._step, frame))
        self._aged_ns = max(self._aged_ns, self._clock.now_ns() - came_ns)
        self._judging_ns = self._work_ns = None

    def age_s(self, now_ns: int) -> float:
        """Age of the oldest picture since the last call, from its arrival to its estimate or to now, seconds."""
        aged_ns, self._aged_ns = self._aged_ns, 0
        if self._work_ns is not None:
            aged_ns = max(aged_ns, now_ns - self._work_ns)
        return max(0, aged_ns) / NS_PER_S

    def ease(self, level: Level) -> None:
        """Take and judge pictures as a level of load allows."""
        if isinstance(self.driver, Paced):
            self.gauge.expect(self.driver.limit_rate(level.rate_hz))
        self._estimator.ease(level.stretch, level.threads)

    def stuck(self, now_ns: int) -> str | None:
        """What hangs, in a sentence; None while pictures are judged and the camera's library answers."""
        if self._judging_ns is not None and now_ns - self._judging_ns > STUCK_S * NS_PER_S:
            return f"{self.driver.name}: a picture has been in work for over {STUCK_S:.0f} s"
        if self.switched_off and not self.let_go and now_ns - self._switched_ns > STUCK_S * NS_PER_S:
            return f"{self.driver.name}: it is switched off, and its library does not let go of the device"
        if self._hung_ns is not None and now_ns - self._hung_ns > STUCK_S * NS_PER_S:
            return f"{self.driver.name}: the camera's library hangs"
        return None

    def keep_references(self, shelf: References) -> None:
        """Take up the resting face of before a restart where it still stands, and keep it from now on.

        One that another network has read does not stand.
        """
        self._shelf = shelf
        kept = shelf.newest(self.driver.name)
        if kept is None:
            return
        if kept.model == shelf.model and still_stands(kept, self._clock.instant()):
            self._estimator.restore_reference(kept.reference)
            return
        self._estimator.number_references(kept.reference.version + 1)
        log.info(
            "the resting face of %s of before the restart is too old, or another network's, and is learnt anew",
            self.driver.name,
        )

    def set_reference(self, by: str) -> str:
        """Take the face as it is now for the resting one; what was done in a sentence.

        Raises:
            CommandError: NOT_APPLICABLE: it is not seen well enough, or shows an episode.
        """
        found = self._estimator.set_reference(self._clock.now_ns(), by)
        if found is None:
            raise CommandError(
                CommandReason.NOT_APPLICABLE,
                f"{self.driver.name}: the face was not well seen for the last seconds, or shows signs of pain",
            )
        return f"{self.driver.name}: {found.seconds} s of this face are the reference{self._keep(found)}"

    def reset_reference(self, by: str) -> str:
        """Forget the resting face and learn it anew; what was done in a sentence."""
        found = self._estimator.forget_reference(by)
        return f"{self.driver.name}: forgotten; {NEEDED_S} s of a resting face are needed{self._keep(found)}"

    def _keep(self, reference: Reference) -> str:
        """Write a reference to disk; a remark where that failed."""
        if self._shelf is None or self._shelf.save(self.driver.name, reference, self._clock.instant()):
            return ""
        return " (in memory only: the disk refused)"

    def _step(self, frame: Frame) -> Estimate:
        try:
            estimate = self._estimator.step(frame)
        except InferenceError as error:
            self._faults.tell(error)
            return Estimate.absent(Modality.FACE, Absence.ESTIMATOR_FAULT, frame.measured_ns)
        if estimate.absence is None and self._time_to_save():
            self._keep(self._estimator.reference())
        return estimate

    def _time_to_save(self) -> bool:
        now_ns = self._clock.now_ns()
        if self._saved_ns is not None and 0 <= now_ns - self._saved_ns < SAVE_REFERENCE_S * NS_PER_S:
            return False
        self._saved_ns = now_ns
        return True
