"""A wristband on its way from its driver to the estimates of the moment."""

from __future__ import annotations

from collections.abc import Mapping

from edge.biosignal import BiosignalEstimator
from edge.clock import Clock
from edge.errors import InferenceError
from edge.inputs.glance import FaultLog, Glance, worth
from edge.recorder.recorder import Recording
from edge.sensors.care import supervise
from edge.sensors.driver import Driver
from edge.sensors.gauge import SensorGauge, damage_of, dropped_of
from edge.sensors.report import ClockReport, SensorReport
from edge.sensors.stanza import BandSection
from edge.timeline import Timeline
from edge.types import (
    NS_PER_S,
    Absence,
    Channel,
    Estimate,
    SampleBlock,
    SensorState,
    SensorStatus,
    SensorWarning,
    Window,
)

BAND_STEP_S = 1.0
"""Pulse and skin are judged once per second: the networks were trained on series of one value per second."""

_BAND_CHANNELS = (
    Channel.PPG,
    Channel.GSR_US,
    Channel.ACC_G,
    Channel.HEART_RATE_BPM,
    Channel.IBI_S,
    Channel.CONTACT,
    Channel.SKIN_TEMPERATURE_C,
)


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
        self._faults = FaultLog(driver.name)
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
        return told.model_copy(update={**counts, **worth(self._estimates), "clock": self._clock_report()})

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
