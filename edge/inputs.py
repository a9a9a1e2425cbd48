"""One sensor's way from its driver to the estimates of the moment: driver, connection state, estimator.

`edge.daemon` holds one input per `[[sensor]]` stanza and asks each for its estimates at every tick.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from edge.biosignal import BiosignalEstimator
from edge.bundle import Bundle
from edge.clock import Clock
from edge.errors import InferenceError
from edge.face import FaceEstimator
from edge.sensors.driver import Driver
from edge.sensors.stanza import BandSection, CameraSection
from edge.timeline import Timeline
from edge.types import (
    NS_PER_S,
    Absence,
    Channel,
    Estimate,
    Frame,
    Modality,
    SampleBlock,
    SensorState,
    SensorStatus,
    Window,
)

log = logging.getLogger(__name__)

BAND_STEP_S = 1.0
"""Pulse and skin are judged once per second: the networks were trained on series of one value per second."""

_BAND_CHANNELS = (
    Channel.PPG,
    Channel.GSR_US,
    Channel.ACC_G,
    Channel.HEART_RATE_BPM,
    Channel.IBI_S,
    Channel.CONTACT,
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


class CameraInput:
    """One camera: its newest frame, its estimator and what that last said."""

    modalities = (Modality.FACE,)

    def __init__(self, driver: Driver[Frame], estimator: FaceEstimator, clock: Clock) -> None:
        self.driver = driver
        self.status = SensorStatus(driver.name, SensorState.CONNECTING, None, clock.now_ns())
        self.dropped = 0
        self._faults = _FaultLog(driver.name)
        self._estimator = estimator
        self._clock = clock
        self._newest: Frame | None = None
        self._arrived = asyncio.Event()
        self._estimate: Estimate | None = None

    def on_item(self, frame: Frame) -> None:
        """Keep the newest frame; one that was not looked at in time is dropped and counted."""
        if self._newest is not None:
            self.dropped += 1
        self._newest = frame
        self._arrived.set()

    def on_status(self, status: SensorStatus) -> None:
        """Remember the state; what a camera said before it was lost is not evidence for when it is back."""
        self.status = status
        if status.state is SensorState.LOST:
            self._newest = None
            self._estimate = None

    async def run(self) -> None:
        """Estimate each newest frame in a worker thread, for ever."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            frame, self._newest = self._newest, None
            if frame is not None:
                self._estimate = await self._clock.in_thread(self._step, frame)

    def _step(self, frame: Frame) -> Estimate:
        try:
            return self._estimator.step(frame)
        except InferenceError as error:
            self._faults.tell(error)
            return Estimate.absent(Modality.FACE, Absence.ESTIMATOR_FAULT, frame.measured_ns)

    async def estimates(self, now_ns: int) -> tuple[Estimate, ...]:
        """What the face says now: the last estimate, or why there is none."""
        if self._estimate is None:
            return (Estimate.absent(Modality.FACE, Absence.CONNECTING, now_ns),)
        return (self._estimate,)


class BandInput:
    """One wristband: its samples on the box's clock and its estimator."""

    def __init__(
        self, driver: Driver[SampleBlock], modalities: tuple[Modality, ...], estimator: BiosignalEstimator, clock: Clock
    ) -> None:
        self.driver = driver
        self.modalities = modalities
        self.status = SensorStatus(driver.name, SensorState.CONNECTING, None, clock.now_ns())
        self._faults = _FaultLog(driver.name)
        self._timeline = Timeline()
        self._estimator = estimator
        self._clock = clock
        self._stepped_ns: int | None = None
        self._estimates: tuple[Estimate, ...] = ()

    def on_item(self, block: SampleBlock) -> None:
        """Place the samples on the box's clock."""
        self._timeline.push(block)

    def on_status(self, status: SensorStatus) -> None:
        """Remember the state; after a loss the band is judged anew."""
        self.status = status
        if status.state is SensorState.LOST:
            self._stepped_ns = None

    async def estimates(self, now_ns: int) -> tuple[Estimate, ...]:
        """What pulse and skin say, from the past minute; judged anew once per `BAND_STEP_S`."""
        if self._stepped_ns is None or now_ns - self._stepped_ns >= BAND_STEP_S * NS_PER_S:
            self._stepped_ns = now_ns
            self._estimates = await self._judge(now_ns)
        return self._estimates

    async def _judge(self, now_ns: int) -> tuple[Estimate, ...]:
        name = self.driver.name
        windows = {
            channel: window
            for channel in _BAND_CHANNELS
            if (window := self._timeline.window(name, channel, now_ns, self._estimator.window_s)) is not None
        }
        return await self._clock.in_thread(self._step, now_ns, windows)

    def _step(self, now_ns: int, windows: Mapping[Channel, Window]) -> tuple[Estimate, ...]:
        try:
            return self._estimator.step(now_ns, windows)
        except InferenceError as error:
            self._faults.tell(error)
            return tuple(Estimate.absent(modality, Absence.ESTIMATOR_FAULT, now_ns) for modality in self.modalities)


Input = CameraInput | BandInput
"""Any input."""


def build_input(stanza: CameraSection | BandSection, bundle: Bundle, threads: int, clock: Clock) -> Input:
    """The input of a stanza. Nothing is opened before its driver's `stream` runs."""
    if isinstance(stanza, CameraSection):
        return CameraInput(stanza.open(clock), FaceEstimator(bundle, threads=threads), clock)
    estimator = BiosignalEstimator(bundle, threads=threads)
    return BandInput(stanza.open(clock), stanza.modalities, estimator, clock)
