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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edge.alarm.burden import Burden
from edge.alarm.manager import AlarmManager
from edge.alarm.reports import Reports
from edge.bundle import Bundle
from edge.bundles.shelf import Shelf
from edge.button import ReportButton
from edge.clock import Clock
from edge.config import Config
from edge.errors import CommandError
from edge.face.estimator import MODEL as FACE_MODEL
from edge.fusion import Calibration, Fusion
from edge.health.box import BoxWatch
from edge.health.keeper import Keeper
from edge.health.metrics import Look as MetricsLook
from edge.health.metrics import Metrics
from edge.health.progress import Progress
from edge.health.systemd import Notifier
from edge.inputs import BandInput, CameraInput, EstimateInput, Glance, Input, build_input
from edge.inputs.glance import absences, speaks
from edge.orders import Orders
from edge.publish.annunciator.bedside import bedside
from edge.publish.commands import Done, Outcome
from edge.publish.home_assistant.announcer import HomeAssistant
from edge.publish.mqtt import Publisher
from edge.publish.outbox import Outbox
from edge.publish.payload import (
    BLIND_MODE,
    Acknowledge,
    BurdenCommand,
    Command,
    ControlCommand,
    LocateCommand,
    ProofCommand,
    ReferenceCommand,
    ReportCommand,
    SensorCondition,
)
from edge.publish.proof import proof_words
from edge.recorder.facts import Facts, SensorFacts
from edge.recorder.head import head
from edge.recorder.recorder import Recording
from edge.recorder.recorder import recording as make_recording
from edge.refer import refer
from edge.references import References
from edge.reporter import Reporter
from edge.station.home import HomePage
from edge.store import Store
from edge.types import (
    NS_PER_S,
    Absence,
    Alert,
    Assessment,
    Estimate,
    Modality,
    Verdict,
)
from edge.updates import Updates

log = logging.getLogger(__name__)

STORE_FILE = "anodyne.sqlite3"
"""Alarm state and outbox, in the state folder."""


@dataclass(frozen=True, slots=True)
class Look:
    """What all sensors held at one moment: an assessment rests on nothing that came later.

    Attributes:
        at_ns: monotonic time of the tick.
        glances: by sensor.
    """

    at_ns: int
    glances: Mapping[str, Glance]


class Daemon:
    """The whole box.

    Args:
        config: the checked configuration.
        clock: the system's clock, or a virtual one for simulation.
        notifier: tells the service manager that the box is ready and alive; silent by default.
        on_assessment: called with every assessment, after alarms and publishing have taken it.
        on_alert: called with every alert, after it is on disk.
        on_evidence: called with what each assessment rests on, before it is fused.
        recording: hears everything that results depend on; default: what `[recorder]` says.
        store: where alarm state and outbox are kept; default: a file in the state folder.
        shelf: installed bundles, of which one may be in use; default: the configured or the shipped one, for good.
        reports: whether `anodyne sensors` is told of this box once a second; nobody asks a simulated one.

    Attributes:
        inputs: every sensor's way to its estimates, by name.
        updates: which bundle runs, and whether another is to; None without a shelf.
        home: the home page; None where none is configured.

    Raises:
        BundleError, InferenceError: the models cannot be used.
        StationError: `[home]` is configured, and what its page needs is not installed.
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
        on_evidence: Callable[[int, Sequence[Estimate], Mapping[Modality, Absence]], None] | None = None,
        recording: Recording | None = None,
        store: Store | None = None,
        shelf: Shelf | None = None,
        reports: bool = True,
    ) -> None:
        """Build every room; nothing is started yet."""
        self._config = config
        self._clock = clock
        self._notifier = notifier or Notifier.from_environment({})
        self._progress = Progress(self._notifier, clock)
        self._on_assessment = on_assessment
        self._on_alert = on_alert
        self._on_evidence = on_evidence
        self._told_manager: tuple[Verdict, tuple[Modality, ...], str] | None = None
        self._keeper = Keeper(clock)
        self._store = store or self._keeper.open(config.box.state_dir / STORE_FILE)
        self.updates = Updates(shelf, config) if shelf is not None and config.models.bundle is None else None
        self._bundle = bundle = Bundle.load(config.models.bundle) if self.updates is None else self.updates.bundle
        self._recording = recording or make_recording(config.recorder, clock)
        self.inputs: dict[str, Input] = {
            stanza.name: build_input(stanza, bundle, config.models.threads, clock, self._recording)
            for stanza in config.sensor
        }
        drivers: dict[str, str] = {stanza.name: stanza.driver for stanza in config.sensor}
        self._reports = reports
        self._reporter = Reporter(self.inputs, drivers, config.box.state_dir, clock, self._models)
        self._fusion = Fusion(Calibration(bundle), config.fusion)
        for camera in self._cameras():
            camera.keep_references(References(self._store, bundle.model(FACE_MODEL).sha256))
        self._outbox = Outbox(self._store)
        self._alarms = AlarmManager(self._store, config.alarm, clock, config.box.validity, self._outbox)
        self._publisher = Publisher(config.mqtt, config.box, self._outbox, clock, self.on_command)
        self._burden = Burden(self._outbox, clock, config.box.validity, self._alarms.active())
        self._orders = Orders(
            self._alarms,
            Reports(self._store),
            self._burden,
            config.alarm,
            clock,
            self._switch_cameras,
            lambda seconds: self._bedside.locate(seconds),
        )
        self.home = (
            HomePage(config.home, config.box, clock, self._outbox, self._publisher, self.on_command)
            if config.home.pin_file is not None
            else None
        )
        self._bedside = bedside(config.annunciator, clock, self._alarms, self._publisher)
        self._button = None if config.button.pin is None else ReportButton(config.button, clock, self.on_command)
        silent = None if config.annunciator.home else lambda: self._publisher.silent(clock.now_ns())
        bands = [name for name, source in self.inputs.items() if isinstance(source, BandInput)]
        self._home_assistant = HomeAssistant(config.mqtt, config.box, bands, self._store, clock, self._mode_and_sensors)
        self._watch = BoxWatch(
            clock, silent, self._bedside_fault, storage_fault=lambda: self._keeper.fault(self._outbox.dropped)
        )
        self._metrics: Metrics | None = None
        if config.metrics.port is not None:
            look = MetricsLook(
                self._publisher.pending, lambda: self._publisher.connected, self._reporter.report, self._watch.facts
            )
            self._metrics = Metrics(config.box, look, self._alarms.active())

    def _bedside_fault(self) -> str:
        """Why light, sound or button of the bed fail; "" while they work or there are none."""
        return self._bedside.fault or (self._button.fault if self._button is not None else "")

    async def run(self) -> None:
        """Run until cancelled, then say goodbye to the broker and close the state."""
        self._recording.begin(self._head())
        if self._metrics is not None:
            self._metrics.serve(self._config.metrics)
        clean = False
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._publisher.run(), name="publisher")
                if self._reports:
                    group.create_task(self._reporter.run(), name="reporter")
                group.create_task(self._watch.run(), name="watch")
                if self._home_assistant.needed:
                    group.create_task(self._home_assistant.run(), name="home assistant")
                if self._bedside.present:
                    group.create_task(self._bedside.run(), name="annunciator")
                if self._button is not None:
                    group.create_task(self._button.run(), name="button")
                if self.home is not None:
                    group.create_task(self.home.run(), name="home page")
                if self.updates is not None:
                    group.create_task(self.updates.run(self.inputs), name="model updates")
                for source in self.inputs.values():
                    self._start(group, source)
                for alert in self._alarms.restored():
                    self._tell(alert)
                await self._tick()
                self._notifier.ready()
                await self._tick_forever()
        except asyncio.CancelledError:
            clean = True
            raise
        finally:
            if self.updates is None or not self.updates.changed.is_set():  # built anew at once, it has not stopped
                self._notifier.stopping()
            if self.updates is not None:
                self.updates.close(clean=clean)
            self._store.close()
            self._recording.close()
            if self._metrics is not None:
                self._metrics.close()

    def _head(self) -> Facts:
        sensors = tuple(
            SensorFacts(name, stanza.driver, source.modalities, source.driver.stall_after_s)
            for stanza, (name, source) in zip(self._config.sensor, self.inputs.items(), strict=True)
        )
        return head(self._config, self._bundle, self._alarms.started, self._alarms.kept, sensors)

    def _start(self, group: asyncio.TaskGroup, source: Input) -> None:
        name = source.driver.name
        if isinstance(source, CameraInput):
            group.create_task(source.run(), name=f"face of {name}")
        group.create_task(source.follow(), name=f"care of {name}")

    async def _tick_forever(self) -> None:
        next_ns = self._clock.now_ns()
        step_ns = round(self._config.fusion.tick_s * NS_PER_S)
        while True:
            next_ns = max(next_ns + step_ns, self._clock.now_ns())
            await self._clock.sleep_until(next_ns)
            await self._tick()

    async def _tick(self) -> None:
        await self.conclude(self.look())

    def look(self) -> Look:
        """What every sensor holds at this one moment."""
        now_ns = self._clock.now_ns()
        self._recording.tick(now_ns)
        return Look(now_ns, {name: source.look(now_ns) for name, source in self.inputs.items()})

    async def conclude(self, look: Look) -> None:
        """One assessment, carried through to the alarms; only its completion feeds the watchdog."""
        self._keeper.mend(self._store)
        assessment = await self._assess(look)
        sensors = {name: glance.status for name, glance in look.glances.items()}
        alerts = self._alarms.step(assessment, sensors, self._watch.facts())
        self._recording.concluded(assessment, alerts)
        self._burden.tick(assessment)
        for alert in alerts:
            self._count(alert)
            self._tell(alert)
        if self._metrics is not None:
            self._metrics.tick(assessment, self._clock.instant().wall_ms)
        holds = self._alarms.standing.holds()
        self._publisher.publish_state(assessment, holds)
        if self.home is not None:
            self.home.state(assessment, holds)
        if self._on_assessment is not None:
            self._on_assessment(assessment)
        if self.updates is not None:
            self.updates.concluded(look.glances, assessment, holds, self._alarms.standing.offset)
        stuck = (camera.stuck(assessment.assessed_ns) for camera in self._cameras())
        self._progress.made(sentence for sentence in stuck if sentence is not None)
        self._tell_manager(assessment)

    def _tell_manager(self, assessment: Assessment) -> None:
        """Keep the line of `systemctl status` true."""
        now = (assessment.verdict, assessment.mode, self._models())
        if now == self._told_manager:
            return
        self._told_manager = now
        dropped = sum(source.dropped for source in self._cameras())
        waiting = self._publisher.pending()
        self._notifier.status(
            f"{assessment.verdict}, mode {assessment.mode_text}; {waiting} messages wait, {dropped} frames dropped"
            f"; {self._models()}"
            f"{f'; not recording: {self._recording.fault}' if self._recording.fault else ''}"
        )

    def _models(self) -> str:
        """Which models run, in a few words."""
        return f"models {self._bundle.version}" if self.updates is None else self.updates.words

    async def _assess(self, look: Look) -> Assessment:
        missing = absences(look.glances, {name: source.modalities for name, source in self.inputs.items()})
        estimates: list[Estimate] = []
        for name, glance in look.glances.items():
            if speaks(glance):
                estimates += await self.inputs[name].judge(glance)
        if self._on_evidence is not None:
            self._on_evidence(look.at_ns, estimates, missing)
        return self._fusion.assess(look.at_ns, estimates, missing)

    def _count(self, alert: Alert) -> None:
        self._burden.count(alert)
        if self._metrics is not None:
            self._metrics.count(alert)

    def _tell(self, alert: Alert) -> None:
        self._publisher.publish_alert(alert)
        if self.home is not None:
            self.home.alert(alert)
        if self._on_alert is not None:
            self._on_alert(alert)

    def _cameras(self) -> list[CameraInput]:
        return [source for source in self.inputs.values() if isinstance(source, CameraInput)]

    def on_command(self, command: Command) -> Outcome:
        """Carry out what a station asked for; the publisher announces the alert and replies.

        Raises:
            CommandError: it cannot be carried out; the publisher sends the reason as the reply.
        """
        match command:
            case ReferenceCommand():
                done = refer(command, self.inputs.values(), self._orders.forget_patient)
                if self.updates is not None:
                    self.updates.forget()
                return done
            case Acknowledge():
                return self._acknowledge(command)
            case ProofCommand():
                return Done(proof_words(self._publisher.proofs, command))
            case BurdenCommand() | LocateCommand():
                return self._orders.carry_out(command)
            case ControlCommand() | ReportCommand():
                done = self._orders.carry_out(command)
                self._recording.acknowledged(command.target, ())
                return done

    def _mode_and_sensors(self) -> tuple[str, dict[str, SensorCondition]]:
        assessment = self._alarms.assessment
        return BLIND_MODE if assessment is None else assessment.mode_text, self._reporter.conditions()

    def _switch_cameras(self, off: bool) -> None:
        for source in self.inputs.values():
            if isinstance(source, CameraInput | EstimateInput):
                source.switched_off = off

    def _acknowledge(self, command: Acknowledge) -> Alert:
        target = command.condition or str(command.episode)
        try:
            alert = self._alarms.acknowledge(target, command.by)
        except CommandError:
            self._recording.acknowledged(target, ())
            raise
        number = int(alert.episode.partition("-")[2])
        self._publisher.proofs.person(number, command.by, self._clock.instant())
        self._recording.acknowledged(target, (alert,))
        self._count(alert)
        if self.home is not None:
            self.home.alert(alert)
        if self._on_alert is not None:
            self._on_alert(alert)
        return alert
