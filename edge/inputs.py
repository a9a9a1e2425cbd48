"""One sensor's way from its driver to the estimates of the moment: driver, connection state, estimator.

`edge.daemon` holds one input per `[[sensor]]` stanza and asks each for its estimates at every tick.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from edge.biosignal import BiosignalEstimator
from edge.bundle import Bundle
from edge.clock import Clock
from edge.errors import CommandError, CommandReason, InferenceError
from edge.face import FaceEstimator
from edge.face.estimator import MODEL as FACE_MODEL
from edge.face.judge import Judge, Settings, judged
from edge.face.reference import NEEDED_S, Reference
from edge.recorder.recorder import Recording
from edge.references import References, still_stands
from edge.sensors.care import supervise
from edge.sensors.driver import Driver
from edge.sensors.gauge import SensorGauge, damage_of, dropped_of
from edge.sensors.replay import ReplayedFace
from edge.sensors.report import ClockReport, SensorReport
from edge.sensors.simulated.face import SimulatedFace
from edge.sensors.stanza import BandSection, CameraSection
from edge.sensors.table import Kind
from edge.timeline import Timeline
from edge.types import (
    NS_PER_S,
    Absence,
    Channel,
    Estimate,
    FaceReading,
    Frame,
    Modality,
    SampleBlock,
    SensorState,
    SensorStatus,
    SensorWarning,
    Window,
)

log = logging.getLogger(__name__)

BAND_STEP_S = 1.0
"""Pulse and skin are judged once per second: the networks were trained on series of one value per second."""

SAVE_REFERENCE_S = 60.0
"""The resting face is kept on disk this often while the face is seen: what a power cut costs of it."""

_BAND_CHANNELS = (
    Channel.PPG,
    Channel.GSR_US,
    Channel.ACC_G,
    Channel.HEART_RATE_BPM,
    Channel.IBI_S,
    Channel.CONTACT,
    Channel.SKIN_TEMPERATURE_C,
)


class _FaultLog:
    """Logs an estimator's fault when it is new, not ten times a second."""

    def __init__(self, sensor: str) -> None:
        self._sensor = sensor
        self._told = ""

    def tell(self, error: InferenceError) -> None:
        """Log with the traceback unless the last fault said the same."""
        if error.message != self._told:
            self._told = error.message
            log.error("%s cannot be judged; its evidence is absent: %s", self._sensor, error.message, exc_info=error)


@dataclass(frozen=True, slots=True)
class Glance:
    """What an input held at the moment of a tick; taken of all inputs at once, before any of it is judged.

    Attributes:
        at_ns: monotonic time of the tick.
        status: the connection.
        estimates: what is said already.
        windows: samples that are to be judged instead, where it is time to.
    """

    at_ns: int
    status: SensorStatus
    estimates: tuple[Estimate, ...] = ()
    windows: Mapping[Channel, Window] | None = None


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
        return told.model_copy(update={"dropped": self.dropped, **_worth(estimates)})

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
    """A face that is read already: detection and network are left out, what follows them is not."""

    def __init__(self, driver: Driver[FaceReading], judge: Judge, clock: Clock, recording: Recording) -> None:
        super().__init__(driver.name, SensorGauge(driver.stall_after_s), clock, recording)
        self.driver = driver
        self._judge = judge
        self._clock = clock

    def on_item(self, item: FaceReading) -> None:
        """Judge it here and now: there is no picture to work on."""
        self._say(judged(self._judge, item))

    async def follow(self) -> None:
        """Keep the sensor connected, for ever or until that is of no more use."""
        await supervise(self.driver, self._clock, self.on_item, self.on_status, gauge=self.gauge)


class CameraInput(_FaceInput):
    """One camera: its newest frame, its estimator and what that last said."""

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
        self._faults = _FaultLog(driver.name)
        self._estimator = estimator
        self._clock = clock
        self._newest: Frame | None = None
        self._arrived = asyncio.Event()
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
        self._arrived.set()

    def on_status(self, status: SensorStatus) -> None:
        """Remember the state, and forget a frame from before a loss."""
        super().on_status(status)
        if status.state is SensorState.LOST:
            self._newest = None

    async def follow(self) -> None:
        """Keep the sensor connected, for ever or until that is of no more use."""
        await supervise(self.driver, self._clock, self.on_item, self.on_status, gauge=self.gauge)

    async def run(self) -> None:
        """Estimate each newest frame in a worker thread, for ever."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            frame, self._newest = self._newest, None
            if frame is not None:
                self._say(await self._clock.in_thread(self._step, frame))

    def keep_references(self, shelf: References) -> None:
        """Take up the resting face of before a restart where it still stands, and keep it from now on."""
        self._shelf = shelf
        kept = shelf.newest(self.driver.name)
        if kept is None:
            return
        if still_stands(kept, self._clock.instant()):
            self._estimator.restore_reference(kept.reference)
            return
        self._estimator.number_references(kept.reference.version + 1)
        log.info("the resting face of %s of before the restart is too old, and is learnt anew", self.driver.name)

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


class BandInput:
    """One wristband: its samples on the box's clock and its estimator."""

    def __init__(
        self,
        driver: Driver[SampleBlock],
        stanza: BandSection,
        estimator: BiosignalEstimator,
        clock: Clock,
        recording: Recording,
    ) -> None:
        self.driver = driver
        self.gauge = SensorGauge(driver.stall_after_s)
        self.modalities = stanza.modalities
        self.status = SensorStatus(driver.name, SensorState.CONNECTING, None, clock.now_ns())
        self._faults = _FaultLog(driver.name)
        self._timeline = Timeline(least_delay_s=stanza.least_delay_ms / 1000.0)
        self._recording = recording
        self._estimator = estimator
        self._clock = clock
        self._stepped_ns: int | None = None
        self._estimates: tuple[Estimate, ...] = ()

    def on_item(self, block: SampleBlock) -> None:
        """Place the samples on the box's clock."""
        self._recording.block(block)
        self._timeline.push(block)

    def on_status(self, status: SensorStatus) -> None:
        """Remember the state; after a loss the band is judged anew."""
        self._recording.status(status)
        self.status = status
        if status.state is SensorState.LOST:
            self._stepped_ns = None

    async def follow(self) -> None:
        """Keep the sensor connected, for ever or until that is of no more use."""
        await supervise(self.driver, self._clock, self.on_item, self.on_status, gauge=self.gauge)

    def reset_reference(self) -> str:
        """Forget what is usual for the wearer and learn it anew; what was done in a sentence."""
        self._estimator.forget()
        return f"{self.driver.name}: what is usual for this person is forgotten and learnt anew"

    def look(self, now_ns: int) -> Glance:
        """The past minute, where it is to be judged anew (once per `BAND_STEP_S` while data flow)."""
        if self.status.state is not SensorState.STREAMING:
            return Glance(now_ns, self.status)
        if self._stepped_ns is not None and now_ns - self._stepped_ns < BAND_STEP_S * NS_PER_S:
            return Glance(now_ns, self.status, self._estimates)
        self._stepped_ns = now_ns
        name = self.driver.name
        windows = {
            channel: window
            for channel in _BAND_CHANNELS
            if (window := self._timeline.window(name, channel, now_ns, self._estimator.window_s)) is not None
        }
        return Glance(now_ns, self.status, windows=windows)

    async def judge(self, glance: Glance) -> tuple[Estimate, ...]:
        """What pulse and skin say."""
        if glance.windows is None:
            return glance.estimates
        worn = SensorWarning.NOT_WORN not in glance.status.warnings
        self._estimates = await self._clock.in_thread(self._step, glance.at_ns, glance.windows, worn)
        self._recording.estimates(self.driver.name, self._estimates)
        return self._estimates

    def report(self, driver: str, now_ns: int) -> SensorReport:
        """The figures of the band; `driver` is the word for it in the configuration."""
        told = self.gauge.report(self.status, driver, now_ns)
        name = self.driver.name
        counts = {
            "dropped": dropped_of(self.driver),
            "duplicates": self._timeline.duplicates(name),
            "damage": damage_of(self.driver) + self._timeline.rejected(name),
        }
        return told.model_copy(update={**counts, **_worth(self._estimates), "clock": self._clock_report()})

    def _clock_report(self) -> ClockReport | None:
        known = self._timeline.clock_report(self.driver.name)
        if known is None:
            return None
        return ClockReport(offset_s=known.offset_s, drift_ppm=known.drift_ppm, jitter_ms=1000.0 * known.jitter_s)

    def _step(self, now_ns: int, windows: Mapping[Channel, Window], worn: bool) -> tuple[Estimate, ...]:
        try:
            return self._estimator.step(now_ns, windows, worn=worn)
        except InferenceError as error:
            self._faults.tell(error)
            return tuple(Estimate.absent(modality, Absence.ESTIMATOR_FAULT, now_ns) for modality in self.modalities)


def _worth(estimates: tuple[Estimate, ...]) -> dict[str, dict[str, float] | dict[str, str]]:
    """Quality by modality, and why a modality says nothing."""
    return {
        "quality": {str(estimate.modality): round(estimate.quality, 3) for estimate in estimates},
        "absent": {str(one.modality): str(one.absence) for one in estimates if one.absence is not None},
    }


Input = CameraInput | EstimateInput | ReadingInput | BandInput
"""Any input."""


def build_input(stanza: Kind, bundle: Bundle, threads: int, clock: Clock, recording: Recording) -> Input:
    """The input of a stanza. Nothing is opened before its driver's `stream` runs."""
    if isinstance(stanza, CameraSection):
        camera = stanza.open(clock)
        gauge = SensorGauge(camera.stall_after_s, stanza.rate_hz if stanza.live else 0.0)
        return CameraInput(camera, FaceEstimator(bundle, threads=threads), clock, recording, gauge)
    if isinstance(stanza, ReplayedFace):
        return EstimateInput(stanza.open(clock), clock, recording)
    if isinstance(stanza, SimulatedFace):
        judge = Judge(Settings.read(bundle.model(FACE_MODEL).parameters))
        return ReadingInput(stanza.open(clock), judge, clock, recording)
    estimator = BiosignalEstimator(bundle, threads=threads)
    return BandInput(stanza.open(clock), stanza, estimator, clock, recording)
