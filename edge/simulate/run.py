"""Runs the true daemon on a simulated patient: its inputs, estimators, fusion, alarms, store and outbox."""

from __future__ import annotations

import asyncio
import logging
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge import clock as clocks
from edge import config
from edge.daemon import STORE_FILE, Daemon
from edge.demo.nurse import Nurse
from edge.errors import CommandError
from edge.publish.embedded import EmbeddedBroker, free_port
from edge.publish.payload import Acknowledge, AlertMessage
from edge.sensors.simulated.band import Sends, SimulatedBand
from edge.sensors.simulated.course import Course, course_of
from edge.sensors.simulated.face import SimulatedFace
from edge.sensors.simulated.scene import Scene
from edge.simulate.clock import SimulationClock
from edge.simulate.scene_file import as_toml
from edge.simulate.truth import Sensor, Truth
from edge.store import Store
from edge.types import (
    NS_PER_S,
    Absence,
    Alert,
    Assessment,
    Estimate,
    Modality,
    Presence,
    SensorWarning,
    Validity,
    Verdict,
)

ALL: tuple[Sensor, ...] = ("face", "ppg", "gsr")
"""Everything that a bed is usually watched by."""

TICK_S = 0.5
"""Time between assessments of a simulated box; the real one's default is 0.2, which no delay depends on."""

ACKNOWLEDGES_S = (20.0, 120.0)
"""Least and most time from an alarm to its acknowledgement, seconds (drawn): without one, pain stays latched."""

NOWHERE_PORT = 9
"""A loopback port at which nothing listens: a bed without a broker, whose outbox keeps what was raised."""

_CHECK_S = 0.5
_DELIVERY_S = 5.0
_NOTICED_S = 0.2
_SENDS: dict[tuple[Sensor, ...], Sends] = {("ppg", "gsr"): "ppg+gsr", ("ppg",): "ppg", ("gsr",): "gsr"}


@dataclass(frozen=True, slots=True)
class Said:
    """One assessment, seconds from the start: what it amounts to."""

    at_s: float
    verdict: Verdict
    score: float | None
    mode: str


@dataclass(frozen=True, slots=True)
class Raised:
    """One alarm transition, seconds from the start."""

    at_s: float
    alert: Alert


@dataclass(frozen=True, slots=True)
class Heard:
    """What fusion was given at one tick."""

    at_ns: int
    estimates: tuple[Estimate, ...]
    absences: Mapping[Modality, Absence]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What came of it.

    Attributes:
        course: the life.
        truth: once a second.
        settings: of the box.
        said: every assessment.
        raised: every alarm transition, in order.
        warnings: first moment of every warning of a sensor.
        told: ids of transitions that the station heard while it listened; None where there was no broker.
        waiting: rows of the outbox that no broker has taken.
        wall_s: real time that it took.
        heard: what fusion was given at each tick, where that was to be kept.
    """

    course: Course
    truth: Truth
    settings: config.Config
    said: tuple[Said, ...]
    raised: tuple[Raised, ...]
    warnings: dict[SensorWarning, float]
    told: frozenset[str] | None
    waiting: int
    wall_s: float
    heard: tuple[Heard, ...] = ()


def simulate(
    scene: Scene, seed: int, watched: tuple[Sensor, ...] = ALL, tick_s: float = TICK_S, *, keep: bool = False
) -> Simulation:
    """Run one life through the true daemon on a virtual clock.

    Args:
        scene: what happens.
        seed: of everything that is drawn.
        watched: by what the bed is watched.
        tick_s: time between assessments.
        keep: whether to keep what fusion was given (about 5 kB a tick).
    """
    if scene.patient is None:
        scene = Scene.model_validate({**scene.model_dump(), "patient": {}})
    clock = SimulationClock()
    with tempfile.TemporaryDirectory(prefix="anodyne-simulate-") as folder, _quiet():
        return clocks.run(clock, _Bed(scene, seed, watched, tick_s, Path(folder), clock, keep=keep).live())


@contextmanager
def _quiet() -> Iterator[None]:
    """What is lost on purpose a hundred times a day is no news."""
    logger = logging.getLogger("edge")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


class _Bed:
    """The box, its patient, and whoever hears of it."""

    def __init__(
        self,
        scene: Scene,
        seed: int,
        watched: tuple[Sensor, ...],
        tick_s: float,
        folder: Path,
        clock: SimulationClock,
        *,
        keep: bool,
    ) -> None:
        self._keep = keep
        self._heard: list[Heard] = []
        self._clock = clock
        self._course = course_of(scene, seed)
        self._watched = watched
        self._rng = np.random.default_rng([seed, 401])
        self._folder = folder
        self._begun_s = time.monotonic()
        path = folder / "scene.toml"
        path.write_text(as_toml(scene), encoding="utf-8")
        self._sensors = _sensors(path, seed, watched)
        self._tick_s = tick_s
        self._said: list[Said] = []
        self._raised: list[Raised] = []
        self._told: set[str] = set()
        self._warnings: dict[SensorWarning, float] = {}
        self._reading: set[asyncio.Task[None]] = set()
        self._daemon: Daemon | None = None
        self._origin_ns = clock.now_ns()

    async def live(self) -> Simulation:
        kinds = {span.kind for span in self._course.scene.fault}
        with ExitStack() as stack:
            broker = (
                stack.enter_context(EmbeddedBroker(port=free_port()))
                if kinds & {"broker_gone", "station_silent"}
                else None
            )
            self._clock.threads = broker is not None
            settings = self._settings(NOWHERE_PORT if broker is None else broker.port, home=broker is None)
            store = Store.open(self._folder / STORE_FILE if broker is not None else Path(":memory:"))
            daemon = self._daemon = Daemon(
                settings,
                self._clock,
                on_assessment=self._on_assessment,
                on_alert=self._on_alert,
                on_evidence=self._on_evidence if self._keep else None,
                store=store,
                reports=False,
            )
            tasks = [asyncio.create_task(daemon.run())]
            tasks.append(asyncio.create_task(self._clock.sleep(self._course.scene.duration_s - 0.5)))
            if {"clock_step", "cpu_throttled"} & kinds:
                tasks.append(asyncio.create_task(self._disturb()))
            if broker is not None:
                tasks.append(asyncio.create_task(self._station(broker, settings)))
            await asyncio.wait({tasks[0], tasks[1]}, return_when=asyncio.FIRST_COMPLETED)
            if broker is not None:
                await self._delivered(store)
            waiting = store_rows(store)
            for task in [*tasks, *self._reading]:
                task.cancel()
            await asyncio.gather(*tasks, *self._reading, return_exceptions=True)
            if not tasks[0].cancelled() and (error := tasks[0].exception()) is not None:
                raise error
        return Simulation(
            self._course,
            Truth.of(self._course, self._watched),
            settings,
            tuple(self._said),
            tuple(self._raised),
            self._warnings,
            None if broker is None else frozenset(self._told),
            waiting,
            round(time.monotonic() - self._begun_s, 2),
            tuple(self._heard),
        )

    def _settings(self, port: int, *, home: bool) -> config.Config:
        """A box in a ward; where the scene has no fault of broker or station, one at home, which needs neither."""
        return config.Config(
            box=config.Box(site="simulated", bed="bed1", state_dir=self._folder, validity=Validity.TEST),
            sensor=self._sensors,
            fusion=config.Fusion(tick_s=self._tick_s),
            mqtt=config.Mqtt(host="127.0.0.1", port=port, station_within_s=0),
            annunciator=config.Annunciator(home=home, file=self._folder / "bursts.jsonl"),
        )

    def _now_s(self, now_ns: int) -> float:
        return (now_ns - self._origin_ns) / NS_PER_S

    def _on_assessment(self, assessment: Assessment) -> None:
        at_s = self._now_s(assessment.assessed_ns)
        self._said.append(Said(at_s, assessment.verdict, assessment.score, assessment.mode_text))
        if self._daemon is not None:
            for source in self._daemon.inputs.values():
                for warning in source.status.warnings:
                    self._warnings.setdefault(warning, at_s)

    def _on_evidence(self, at_ns: int, estimates: Sequence[Estimate], absences: Mapping[Modality, Absence]) -> None:
        self._heard.append(Heard(at_ns, tuple(estimates), dict(absences)))

    def _on_alert(self, alert: Alert) -> None:
        self._raised.append(Raised(self._now_s(alert.at_ns), alert))
        if alert.presence is Presence.ON:
            task = asyncio.get_running_loop().create_task(self._acknowledge(alert))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def _acknowledge(self, alert: Alert) -> None:
        """A nurse reads it after a while; what has ended by then needs nobody."""
        await self._clock.sleep(float(self._rng.uniform(*ACKNOWLEDGES_S)))
        command = Acknowledge(id=f"ack-{alert.id}", do="acknowledge", condition=alert.condition, by="simulated nurse")
        with suppress(CommandError):
            if self._daemon is not None:
                self._daemon.on_command(command)

    async def _disturb(self) -> None:
        """Step the wall clock, and slow the processor down, at their times."""
        moments = [
            (at_s, span.kind, size)
            for span in self._course.scene.fault
            for at_s, size in ((span.start_s, span.size), (span.end_s, 0.0))
        ]
        for at_s, kind, size in sorted(moments):
            await self._clock.sleep_until(self._origin_ns + round(at_s * NS_PER_S))
            if kind == "clock_step" and size:
                self._clock.step_wall(size)
            elif kind == "cpu_throttled":
                self._clock.late_s = size

    async def _station(self, broker: EmbeddedBroker, settings: config.Config) -> None:
        """A broker and a station that are there, but for their faults."""
        scene = self._course.scene
        listening: asyncio.Task[None] | None = None
        running = True
        while True:
            at_s = self._now_s(self._clock.now_ns())
            gone, silent = scene.fault_at("broker_gone", at_s), scene.fault_at("station_silent", at_s)
            if gone is running:
                if gone:
                    broker.stop_process(signal.SIGTERM)
                else:
                    broker.start()
                running = not gone
                await self._in_real_time(_NOTICED_S)
            if listening is None and not silent and running:
                nurse = Nurse(settings.mqtt, self._clock, self._on_event, lambda _: None)
                listening = asyncio.create_task(nurse.run())
                await nurse.ready()
            elif listening is not None and silent:
                listening.cancel()
                listening = None
            await self._clock.sleep(_CHECK_S)

    def _on_event(self, message: AlertMessage) -> None:
        self._told.add(message.id)

    async def _delivered(self, store: Store) -> None:
        """Give messages that are on their way real time to arrive."""
        deadline_s = time.monotonic() + _DELIVERY_S
        while store_rows(store) and time.monotonic() < deadline_s:
            await self._in_real_time(0.02)

    async def _in_real_time(self, seconds: float) -> None:
        """Let real time pass while virtual time stands still: sockets know no other."""
        with self._clock.hold():
            await asyncio.to_thread(time.sleep, seconds)


def store_rows(store: Store) -> int:
    """Rows of the outbox that wait."""
    store.later.settle()
    with store.reading() as cursor:
        return int(cursor.execute("SELECT COUNT(*) FROM outbox").fetchone()[0])


def _sensors(path: Path, seed: int, watched: tuple[Sensor, ...]) -> tuple[SimulatedFace | SimulatedBand, ...]:
    sensors: list[SimulatedFace | SimulatedBand] = []
    if "face" in watched:
        sensors.append(SimulatedFace(driver="simulated_face", name="face", scene=path, seed=seed))
    sends = _SENDS.get(tuple(one for one in watched if one in ("ppg", "gsr")))
    if sends is not None:
        sensors.append(SimulatedBand(driver="simulated_band", name="band", scene=path, seed=seed, sends=sends))
    if "hr" in watched:
        sensors.append(SimulatedBand(driver="simulated_band", name="strap", scene=path, seed=seed, sends="heart_rate"))
    return tuple(sensors)
