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
from pathlib import Path

from edge.alarm.burden import Burden
from edge.alarm.manager import AlarmManager
from edge.alarm.reports import Reports
from edge.audit.anchor import Anchors
from edge.audit.chain import Kind
from edge.audit.log import FILE as AUDIT_FILE
from edge.audit.log import AuditLog
from edge.audit.segments import Limits
from edge.audit.witness import BOX, Witness
from edge.bundle import Bundle
from edge.bundles.shelf import Shelf
from edge.bundles.state import BundleState, Use
from edge.camera_state import CameraState
from edge.clock import Clock, SystemClock
from edge.config import Config
from edge.errors import CommandError
from edge.face.estimator import MODEL as FACE_MODEL
from edge.fittings import Fittings
from edge.fusion import Calibration, Fusion
from edge.health.box import NOWHERE, BoxWatch, Machine
from edge.health.box import look as look_at_box
from edge.health.keeper import Keeper
from edge.health.metrics import Look as MetricsLook
from edge.health.metrics import Metrics
from edge.health.progress import Progress, Restarts
from edge.health.safe_mode import Guard, SafeMode
from edge.health.starts import Starts
from edge.health.systemd import Notifier
from edge.health.teller import HealthTeller
from edge.inputs import CameraInput, EstimateInput, Glance, Input, build_input
from edge.inputs.glance import absences, speaks
from edge.orders import Orders
from edge.publish.commands import Done, Outcome
from edge.publish.home_assistant.announcer import HomeAssistant
from edge.publish.mqtt import Publisher
from edge.publish.outbox import Outbox
from edge.publish.payload import (
    Acknowledge,
    BurdenCommand,
    Command,
    ControlCommand,
    LocateCommand,
    ProofCommand,
    ReferenceCommand,
    ReportCommand,
)
from edge.publish.proof import proof_words
from edge.publish.topics import LOAD
from edge.recorder.choose import recording as make_recording
from edge.recorder.facts import Facts, SensorFacts
from edge.recorder.head import bundle_in_use, head
from edge.recorder.recorder import NotRecording, Recording
from edge.refer import refer
from edge.references import References
from edge.reporter import Reporter
from edge.sensors.report import run_folder
from edge.sensors.stanza import BandSection
from edge.slowing import Slowing
from edge.software import software
from edge.stages import Stage
from edge.station.home import HomePage
from edge.store import STORE_FILE as STORE_FILE  # known by this name to those who ask a daemon
from edge.store import Store
from edge.types import (
    NS_PER_S,
    Absence,
    Alert,
    Assessment,
    BoxFacts,
    Estimate,
    Hold,
    Modality,
    Verdict,
)
from edge.updates import Updates
from edge.voices import Voices

log = logging.getLogger(__name__)


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
        sysfs: where the kernel tells of the machine; default: /sys on the system's clock, nowhere on a virtual one,
            whose box is no machine.
        shelf: installed bundles, of which one may be in use; default: the configured or the shipped one, for good.
        reports: whether `anodyne sensors` is told of this box once a second; nobody asks a simulated one.
        safe: start in safe mode: without models and sensors, and whatever else fails is left out.
        on_stage: called as the start enters each stage.
        restarts: says whether the box may be started anew for a stage that hangs; default: known to this process alone.

    Attributes:
        inputs: every sensor's way to its estimates, by name.
        updates: which bundle runs, and whether another is to; None without a shelf.
        home: the home page; None where none is configured.
        fittings: light, sound, lamp and button of the bed.

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
        sysfs: Path | None = None,
        shelf: Shelf | None = None,
        reports: bool = True,
        safe: SafeMode | None = None,
        on_stage: Callable[[Stage], None] | None = None,
        restarts: Restarts | None = None,
    ) -> None:
        """Build every room; nothing is started yet."""
        self._config = config
        self._clock = clock
        self._notifier = notifier or Notifier.from_environment({})
        self._progress = Progress(self._notifier, restarts or Starts((), None, clock))
        self._on_evidence = on_evidence
        self._asked_by = BOX
        self._told_manager: tuple[Verdict, tuple[Modality, ...], str] | None = None
        self._guard = Guard(lenient=safe is not None)
        self._safe_words = f"SAFE MODE, {safe.failure.words}; " if safe else ""
        self._reached = on_stage or (lambda _stage: None)
        self._reached(Stage.STORE)
        self._keeper = Keeper(clock)
        camera_state = CameraState(config.box.state_dir if store is None else None)
        self._store = store or self._keeper.open(config.box.state_dir / STORE_FILE, safe=safe is not None)
        audit = (
            None
            if store is not None
            else AuditLog(
                config.box.state_dir / AUDIT_FILE,
                clock,
                Limits(1000 * config.audit.segment_kb, round(1e6 * config.audit.keep_mb), config.audit.keep_days),
            )
        )
        self._witness = Witness(audit)
        self._reached(Stage.MODELS)
        self.updates: Updates | None = None
        self._fusion: Fusion | SafeMode
        self._bundle: Bundle | None = None
        if safe is not None:
            self._fusion, recording = safe, NotRecording()
        else:
            self.updates = Updates(shelf, config) if shelf is not None and config.models.bundle is None else None
            self._bundle = Bundle.load(config.models.bundle) if self.updates is None else self.updates.bundle
            self._fusion = Fusion(Calibration(self._bundle), config.fusion)
        self._recording = recording or make_recording(
            config.recorder, clock, config.box.state_dir, config.box.validity, self._tell_of_recording
        )
        self._reached(Stage.SENSORS)
        self.inputs: dict[str, Input] = {
            stanza.name: build_input(stanza, self._bundle, config.models.threads, clock, self._recording)
            for stanza in config.sensor
            if self._bundle is not None
        }
        drivers: dict[str, str] = {stanza.name: stanza.driver for stanza in config.sensor}
        self._reports = reports
        self._sensors_ns = 0
        self._reporter = Reporter(
            self.inputs,
            drivers,
            config.box.state_dir,
            clock,
            load=lambda: self._slowing.governor.level.load,
            models=self._models,
        )
        machine = Machine() if sysfs is None and isinstance(clock, SystemClock) else Machine.below(sysfs or NOWHERE)
        run = run_folder(config.box.state_dir) if reports else None
        self._slowing = Slowing(self._cameras(), clock, look_at_box(machine, clock), run)
        for camera in self._cameras():
            if self._bundle is not None:
                camera.keep_references(References(self._store, self._bundle.model(FACE_MODEL).sha256))
        self._reached(Stage.ROOMS)
        self._outbox = Outbox(self._store)
        self._anchors = None if audit is None else Anchors(audit, self._outbox, clock, config.box.validity)
        self._alarms = AlarmManager(self._store, config.alarm, clock, config.box.validity, self._outbox)
        if any(Modality.FACE in source.modalities for source in self.inputs.values()):  # in safe mode there are none
            held = Hold.CAMERA_OFF in self._alarms.standing.until_ns
            self._alarms.take_camera(camera_state.settle(held=held, sound=self._keeper.sound))
        self._publisher = Publisher(
            config.mqtt, config.box, self._outbox, clock, self.on_command, audit=self._witness.command
        )
        self._burden = Burden(self._outbox, clock, config.box.validity, self._alarms.active())
        self._orders = Orders(
            self._alarms,
            Reports(self._store),
            self._burden,
            config.alarm,
            clock,
            self._switch_cameras,
            lambda seconds: self.fittings.annunciator.locate(seconds),
            lambda off: camera_state.keep(off=off),
        )
        self.home: HomePage | None = None
        if config.home.pin_file is not None:
            self.home = self._guard.spare(
                lambda: HomePage(
                    config.home,
                    config.box,
                    clock,
                    self._outbox,
                    self._publisher,
                    self.on_command,
                    self._witness.command,
                )
            )
        self.fittings = Fittings(config, clock, self._alarms, self._publisher, self._cameras_let_go, self.on_command)
        silent = None if config.annunciator.home else lambda: self._publisher.silent(clock.now_ns())
        bands = [stanza.name for stanza in config.sensor if isinstance(stanza, BandSection)]
        self._home_assistant = HomeAssistant(config.mqtt, config.box, bands, self._store, clock)
        self._watch = BoxWatch(
            clock,
            silent,
            self.fittings.fault,
            storage_fault=lambda: self._keeper.fault(self._outbox.dropped),
            machine=machine,
        )
        self._health = HealthTeller(config, clock, self._publisher.announce, safe, models=self._bundle_state)
        self._metrics: Metrics | None = None
        if config.metrics.port is not None:
            look = MetricsLook(
                self._publisher.pending,
                lambda: self._publisher.connected,
                self._reporter.report,
                self._watch.facts,
                lambda: self._slowing.governor.level.load,
                lambda: self._health.models,
            )
            self._metrics = Metrics(config.box, look, self._alarms.active())
            self._publisher.proofs.listen(self._metrics.step)
        self._voices = Voices(clock, self._publisher, self._burden, self.home, self._metrics, on_assessment, on_alert)

    async def run(self) -> None:
        """Run until cancelled, then say goodbye to the broker and close the state."""
        models = None if self._bundle is None else bundle_in_use(self._bundle)
        self._witness.boot(software(), self._config.model_dump_json(), models)
        if self._bundle is not None:
            self._recording.begin(self._head(self._bundle))
        if (metrics := self._metrics) is not None:
            self._guard.spare(lambda: metrics.serve(self._config.metrics))
        clean = False
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._publisher.run(), name="publisher")
                if self._reports:
                    group.create_task(self._guard.apart(self._reporter.run()), name="reporter")
                    group.create_task(self._guard.apart(self._health.run()), name="health")
                group.create_task(self._guard.apart(self._watch.run()), name="watch")
                if self._anchors is not None:
                    group.create_task(self._guard.apart(self._anchors.run()), name="anchors")
                if self._home_assistant.needed:
                    group.create_task(self._guard.apart(self._home_assistant.run()), name="home assistant")
                self.fittings.start(group, self._guard.apart)
                if self.home is not None:
                    group.create_task(self._guard.apart(self.home.run()), name="home page")
                if self.updates is not None:
                    group.create_task(self.updates.run(self.inputs, self._alarms.save), name="model updates")
                for source in self.inputs.values():
                    self._start(group, source)
                for alert in self._alarms.restored():
                    self._voices.stands(alert)
                self._announce_load(self._watch.facts())
                self._reached(Stage.FIRST)
                await self._tick()
                self._notifier.ready()
                self._reached(Stage.OPENING)
                await self._tick_forever()
        except asyncio.CancelledError:
            clean = True
            raise
        finally:
            if self.updates is None or not self.updates.changed.is_set():  # built anew at once, it has not stopped
                self._notifier.stopping()
            if self.updates is not None:
                self.updates.close(clean=clean)
            self._witness.stop()
            self._store.close()
            self._recording.close()
            if self._metrics is not None:
                self._metrics.close()

    def _head(self, bundle: Bundle) -> Facts:
        sensors = tuple(
            SensorFacts(name, stanza.driver, source.modalities, source.driver.stall_after_s)
            for stanza, (name, source) in zip(self._config.sensor, self.inputs.items(), strict=True)
        )
        return head(self._config, bundle, self._alarms.started, self._alarms.kept, sensors)

    def _start(self, group: asyncio.TaskGroup, source: Input) -> None:
        name = source.driver.name
        if isinstance(source, CameraInput):
            group.create_task(source.run(), name=f"face of {name}")
        group.create_task(source.follow(), name=f"care of {name}")

    async def _tick_forever(self) -> None:
        next_ns = self._clock.now_ns()
        step_ns = round(self._config.fusion.tick_s * NS_PER_S)
        while True:
            due_ns = next_ns + step_ns
            next_ns = max(due_ns, self._clock.now_ns())
            await self._clock.sleep_until(next_ns)
            self._slowing.late((self._clock.now_ns() - due_ns) / NS_PER_S)
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
        facts = self._watch.facts()
        alerts = self._alarms.step(assessment, sensors, facts)
        self._recording.concluded(assessment, alerts)
        holds = self._alarms.standing.holds()
        self._voices.assessed(assessment, alerts, holds)
        self._tell_of_sensors(assessment.assessed_ns)
        if self._slowing.step(facts):
            self._announce_load(facts)
        if self.updates is not None:
            self.updates.concluded(look.glances, assessment, holds, self._alarms.standing.offset)
        stuck = (camera.stuck(assessment.assessed_ns) for camera in self._cameras())
        self._progress.made(sentence for sentence in stuck if sentence is not None)
        self._tell_manager(assessment)

    def _tell_of_sensors(self, now_ns: int) -> None:
        """Once a second: what each sensor does, for stations and the home page."""
        if not self._reports or now_ns < self._sensors_ns:
            return
        self._sensors_ns = now_ns + NS_PER_S
        self._voices.sensors(self._reporter.conditions())

    def _announce_load(self, facts: BoxFacts) -> None:
        """Say how fast the cameras' road runs, in the place of what was said before."""
        self._publisher.announce(LOAD, lambda head: self._slowing.message(facts, head))

    def _tell_manager(self, assessment: Assessment) -> None:
        """Keep the line of `systemctl status` true."""
        now = (assessment.verdict, assessment.mode, self._models())
        if now == self._told_manager:
            return
        self._told_manager = now
        dropped = sum(source.dropped for source in self._cameras())
        waiting = self._publisher.pending()
        self._notifier.status(
            f"{self._safe_words}{assessment.verdict}, mode {assessment.mode_text}; "
            f"{waiting} messages wait, {dropped} frames dropped; {self._models()}"
            f"{f'; not recording: {self._recording.fault}' if self._recording.fault else ''}"
        )

    def _models(self) -> str:
        """Which models run, in a few words."""
        if self.updates is not None:
            return self.updates.words
        return "no models" if self._bundle is None else f"models {self._bundle.version}"

    def _bundle_state(self) -> BundleState | None:
        if self.updates is not None:
            return self.updates.state()
        return None if self._bundle is None else BundleState("configured", self._bundle.version, Use.CONFIGURED)

    async def _assess(self, look: Look) -> Assessment:
        missing = absences(look.glances, {name: source.modalities for name, source in self.inputs.items()})
        estimates: list[Estimate] = []
        for name, glance in look.glances.items():
            if speaks(glance):
                estimates += await self.inputs[name].judge(glance)
        if self._on_evidence is not None:
            self._on_evidence(look.at_ns, estimates, missing)
        return self._fusion.assess(look.at_ns, estimates, missing)

    def _cameras(self) -> list[CameraInput]:
        return [source for source in self.inputs.values() if isinstance(source, CameraInput)]

    def _cameras_let_go(self) -> bool:
        return all(camera.let_go for camera in self._cameras())

    def on_command(self, command: Command) -> Outcome:
        """Carry out what a station asked for; the publisher announces the alert and replies.

        Raises:
            CommandError: it cannot be carried out; the publisher sends the reason as the reply.
        """
        self._asked_by = command.by
        match command:
            case ReferenceCommand():
                done = refer(command, self.inputs.values(), self._orders.forget_patient)
                if self.updates is not None:
                    self.updates.forget(command)
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

    def _tell_of_recording(self, kind: str, detail: dict[str, str]) -> None:
        """What the audit log keeps of consent and recordings; called from the recorder's thread too."""
        self._witness.note(Kind(kind), BOX, {**detail})

    def _switch_cameras(self, off: bool) -> None:
        lost = self._alarms.standing.camera_lost
        self._witness.camera(off=off, by=self._asked_by, lost=lost)
        for source in self.inputs.values():
            if isinstance(source, CameraInput | EstimateInput):
                source.switch(off=off, lost=lost)

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
        self._voices.acknowledged(alert)
        return alert
