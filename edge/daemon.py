"""Builds the rooms from the configuration and keeps them running: the only module that knows them all.

    cameras ─► newest frame ─► FaceEstimator ─┐
                                              ├─► Fusion ─► AlarmManager ─► Outbox ─► Publisher
    bands ───► Timeline ─► BiosignalEstimator ┘

A fault that no room expected ends the process; the supervisor starts it again and the alarm state is restored from
disk. That is safer than a half-alive box.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from edge.alarm.manager import AlarmManager
from edge.biosignal import BiosignalEstimator
from edge.bundle import Bundle
from edge.clock import Clock
from edge.config import Band, Camera, Config, HeartRateBand, V4l2Camera, VideoFileCamera
from edge.errors import InferenceError, StoreError, StoreReason
from edge.face import FaceEstimator
from edge.fusion import Calibration, Fusion
from edge.health.systemd import Notifier
from edge.publish.mqtt import Publisher
from edge.publish.outbox import Outbox
from edge.publish.payload import Acknowledge
from edge.sensors import factory
from edge.sensors.care import supervise
from edge.sensors.driver import Driver
from edge.store import Store, set_aside
from edge.timeline import Timeline
from edge.types import (
    NS_PER_S,
    Absence,
    Alert,
    Assessment,
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

STORE_FILE = "anodyne.sqlite3"
"""Alarm state and outbox, in the state folder."""

DRAIN_S = 5.0
"""How long a stopping box waits for the broker to take what is in the outbox; the rest is sent at the next start."""

BAND_STEP_S = 1.0
"""Pulse and skin are judged once per second: the networks were trained on series of one value per second."""

_ABSENCE_OF_STATE = {
    SensorState.CONNECTING: Absence.CONNECTING,
    SensorState.STALLED: Absence.SENSOR_STALLED,
    SensorState.LOST: Absence.SENSOR_LOST,
}

_BAND_CHANNELS = (
    Channel.PPG,
    Channel.GSR_US,
    Channel.ACC_G,
    Channel.HEART_RATE_BPM,
    Channel.IBI_S,
    Channel.SKIN_TEMPERATURE_C,
    Channel.CONTACT,
)


class _CameraInput:
    """One camera: its newest frame, its estimator and what that last said."""

    modalities = (Modality.FACE,)

    def __init__(self, driver: Driver[Frame], estimator: FaceEstimator, clock: Clock) -> None:
        self.driver = driver
        self.status = SensorStatus(driver.name, SensorState.CONNECTING, None, clock.now_ns())
        self.dropped = 0
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
        """Remember the state; a camera that is gone has nothing left to say."""
        self.status = status
        if status.state is SensorState.LOST:
            self._newest = None

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
        except InferenceError:
            log.exception("the face estimator failed on a frame of %s", frame.sensor)
            return Estimate.absent(Modality.FACE, Absence.ESTIMATOR_FAULT, frame.measured_ns)

    async def estimates(self, now_ns: int) -> tuple[Estimate, ...]:
        """What the face says now: the last estimate, or why there is none."""
        if self._estimate is None:
            return (Estimate.absent(Modality.FACE, Absence.CONNECTING, now_ns),)
        return (self._estimate,)


class _BandInput:
    """One wristband: its samples on the box's clock and its estimator."""

    def __init__(
        self, driver: Driver[SampleBlock], modalities: tuple[Modality, ...], estimator: BiosignalEstimator, clock: Clock
    ) -> None:
        self.driver = driver
        self.modalities = modalities
        self.status = SensorStatus(driver.name, SensorState.CONNECTING, None, clock.now_ns())
        self._timeline = Timeline()
        self._estimator = estimator
        self._clock = clock
        self._stepped_ns: int | None = None
        self._estimates: tuple[Estimate, ...] = ()

    def on_item(self, block: SampleBlock) -> None:
        """Place the samples on the box's clock."""
        self._timeline.push(block)

    def on_status(self, status: SensorStatus) -> None:
        """Remember the state."""
        self.status = status

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
        except InferenceError:
            log.exception("the biosignal estimator failed on %s", self.driver.name)
            return tuple(Estimate.absent(modality, Absence.ESTIMATOR_FAULT, now_ns) for modality in self.modalities)


_Input = _CameraInput | _BandInput


class Daemon:
    """The whole box.

    Args:
        config: the checked configuration.
        clock: the system's clock, or a virtual one for simulation.
        notifier: tells the service manager that the box is ready and alive; silent by default.
        on_assessment: called with every assessment, after alarms and publishing have taken it.
        on_alert: called with every alert, after it is on disk.

    Raises:
        BundleError, InferenceError: the models cannot be used.
        StoreError: the state folder cannot be used, or another daemon holds it.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        *,
        notifier: Notifier | None = None,
        on_assessment: Callable[[Assessment], None] | None = None,
        on_alert: Callable[[Alert], None] | None = None,
    ) -> None:
        """Build every room; nothing is started yet."""
        self._config = config
        self._clock = clock
        self._notifier = notifier or Notifier.from_environment({})
        self._on_assessment = on_assessment
        self._on_alert = on_alert
        bundle = Bundle.load(config.models.bundle)
        self._inputs: dict[str, _Input] = {
            stanza.name: _build_input(stanza, bundle, config.models.threads, clock) for stanza in config.sensor
        }
        self._fusion = Fusion(Calibration(bundle), config.fusion)
        self._store = _open_store(config.box.state_dir / STORE_FILE)
        self._outbox = Outbox(self._store)
        self._alarms = AlarmManager(self._store, config.alarm, clock, config.box.validity, self._outbox)
        self._publisher = Publisher(config.mqtt, config.box, self._outbox, clock, self._on_command)

    async def run(self) -> None:
        """Run until cancelled, then say goodbye to the broker and close the state."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._publisher.run(), name="publisher")
                for source in self._inputs.values():
                    self._start(group, source)
                for alert in self._alarms.restored():
                    self._tell(alert)
                await self._tick()
                self._notifier.ready()
                await self._tick_forever()
        finally:
            self._notifier.stopping()
            self._store.close()

    def _start(self, group: asyncio.TaskGroup, source: _Input) -> None:
        name = source.driver.name
        if isinstance(source, _CameraInput):
            group.create_task(source.run(), name=f"face of {name}")
            care = supervise(source.driver, self._clock, source.on_item, source.on_status)
        else:
            care = supervise(source.driver, self._clock, source.on_item, source.on_status)
        group.create_task(care, name=f"care of {name}")

    async def _tick_forever(self) -> None:
        next_ns = self._clock.now_ns()
        step_ns = round(self._config.fusion.tick_s * NS_PER_S)
        while True:
            next_ns = max(next_ns + step_ns, self._clock.now_ns())
            await self._clock.sleep_until(next_ns)
            await self._tick()

    async def _tick(self) -> None:
        """One assessment, carried through to the alarms; only its completion feeds the watchdog."""
        assessment = await self._assess()
        for alert in self._alarms.step(assessment, self._statuses()):
            self._tell(alert)
        self._publisher.publish_state(assessment)
        if self._on_assessment is not None:
            self._on_assessment(assessment)
        self._notifier.alive()

    async def _assess(self) -> Assessment:
        now_ns = self._clock.now_ns()
        absences = dict.fromkeys((Modality.FACE, Modality.PPG, Modality.GSR), Absence.NOT_CONFIGURED)
        estimates: list[Estimate] = []
        for source in self._inputs.values():
            absence = _ABSENCE_OF_STATE.get(source.status.state)
            absences.update(dict.fromkeys(source.modalities, absence or Absence.WARMING_UP))
            if absence is None:
                estimates += await source.estimates(now_ns)
        return self._fusion.assess(now_ns, _best(estimates), absences)

    def _statuses(self) -> dict[str, SensorStatus]:
        return {name: source.status for name, source in self._inputs.items()}

    def _tell(self, alert: Alert) -> None:
        self._publisher.publish_alert(alert)
        if self._on_alert is not None:
            self._on_alert(alert)

    def _on_command(self, command: Acknowledge) -> Alert:
        """Carry out what a station asked for; the publisher announces the alert and replies.

        Raises:
            CommandError: it cannot be carried out; the publisher sends the reason as the reply.
        """
        target = command.condition or str(command.episode)
        alert = self._alarms.acknowledge(target, command.by)
        if self._on_alert is not None:
            self._on_alert(alert)
        return alert


def _open_store(path: Path) -> Store:
    """Open the state; a damaged file is set aside, because a bed without a watcher is worse than lost history.

    Raises:
        StoreError: the folder cannot be used, or another daemon holds the file.
    """
    try:
        return Store.open(path)
    except StoreError as error:
        if error.reason is not StoreReason.CORRUPT:
            raise
        log.critical("%s; it is kept as %s and a new one begun", error.message, set_aside(path).name)
        return Store.open(path)


def _build_input(stanza: Camera | Band, bundle: Bundle, threads: int, clock: Clock) -> _Input:
    if isinstance(stanza, V4l2Camera | VideoFileCamera):
        return _CameraInput(factory.camera(stanza, clock), FaceEstimator(bundle, threads=threads), clock)
    modalities = (Modality.HEART_RATE,) if isinstance(stanza, HeartRateBand) else (Modality.PPG, Modality.GSR)
    return _BandInput(factory.band(stanza, clock), modalities, BiosignalEstimator(bundle, threads=threads), clock)


def _best(estimates: Iterable[Estimate]) -> list[Estimate]:
    """One estimate per modality: of several sensors the one with the best signal."""
    best: dict[Modality, Estimate] = {}
    for estimate in estimates:
        known = best.get(estimate.modality)
        if known is None or estimate.quality > known.quality:
            best[estimate.modality] = estimate
    return list(best.values())
