"""The bed of a soak: the true daemon, a patient without an end, a nurse, a broker, a station, and what fails of them.

Virtual time waits for alerts on their way to the station, as a real network would be quick; it does not wait while
broker or station are out on purpose.
"""

from __future__ import annotations

import asyncio
import math
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from edge import config
from edge.clock import Clock, SystemClock
from edge.daemon import STORE_FILE, Daemon
from edge.demo.setup import FACE_CLIP
from edge.errors import CommandError
from edge.sensors.camera.stanzas import VideoFileCamera
from edge.sensors.simulated.scene import Scene
from edge.simulate.clock import SimulationClock
from edge.simulate.library import find
from edge.simulate.run import ACKNOWLEDGES_S, TICK_S
from edge.simulate.scene_file import as_toml
from edge.types import Alert, Presence, Validity
from tests.peers.broker import Mosquitto
from tests.publish.chaos import Part, be_station
from tests.soak import nurse
from tests.soak.gauges import Looks, Sample, look
from tests.soak.lived import lived
from tests.soak.sensors import EndlessBand, EndlessFace
from tests.soak.writeback import write_back

FAULTS_PER_HOUR = {
    "face_turned": 1.0, "face_covered": 0.5, "mask": 0.3, "lights_off": 0.3, "camera_dead": 0.3, "motion": 1.0,
    "radio_loss": 1.0, "band_off": 0.3, "battery_low": 0.1,
}  # fmt: skip
"""Faults of the sensors, drawn by the simulator: two to three times those of its mixed days."""

OUTAGES_PER_HOUR = {"broker": 0.5, "station": 0.5, "clock_step": 0.2}
"""Faults around the box, drawn here."""

OUTAGE_S = (20.0, 180.0)
"""Least and most length of an outage, as the simulator's faults."""

NOTICED_S = 0.3
"""Real time in which a socket learns that its other end has gone or is back."""

POOL = 4
"""Threads of the event loop's pool: all are begun at the start, or its lazy growth would look like a leak."""

DELIVERY_S = 2.0
"""Most real time that virtual time waits for an alert on its way."""


def soak_scene() -> Scene:
    """Two hours of mixed life with more faults; the seed draws when."""
    values = find("mixed_day").model_dump()
    values["title"] = "Two hours of a soak"
    values["life"]["faults"] = FAULTS_PER_HOUR
    return Scene.model_validate(values)


class SoakBed:
    """One bed for a long time.

    Args:
        folder: for all that it keeps; on a disk, where bytes written are to be counted.
        clock: virtual, or the system's.
        seed: of everything that is drawn.
        record: whether sessions are recorded.

    Attributes:
        samples: the looks so far.
        counts: what happened, by name.
        enough: set it to end before the time.
        faults_per_hour: of what is around the box; 0 of each leaves it in peace.
    """

    def __init__(self, folder: Path, clock: Clock, seed: int, *, record: bool = False) -> None:
        self._folder = folder
        self._clock = clock
        self._chance = random.Random(seed)  # noqa: S311 - dice
        self._seed = seed
        self._record = record
        self.enough = False
        self.samples = Looks(0)
        self.counts: Counter[str] = Counter()
        self.faults_per_hour = dict(OUTAGES_PER_HOUR)
        for name in ("box", "broker", "station"):
            (folder / name).mkdir(parents=True)
        self._broker = Mosquitto(folder / "broker")
        self._station = Part("station", folder / "station", be_station)
        self._out: set[str] = set()
        self._deeds: set[asyncio.Task[None]] = set()
        self._own = ThreadPoolExecutor(1)  # what waits in real time takes no thread of the box
        self._daemon: Daemon | None = None
        self._box = config.Box(site="soak", bed="bed1", state_dir=folder / "box", validity=Validity.TEST)

    async def live(self, length_s: float, look_every_s: float, told: Callable[[Sample], None] | None = None) -> None:
        """Run the box for this long.

        Args:
            length_s: seconds of its clock.
            look_every_s: seconds between two looks.
            told: hears each look.

        Raises:
            ExceptionGroup: whatever ended the daemon before its time.
        """
        self._broker.start()
        self._station.start(self._broker.mqtt())  # a fork, so before there are threads
        loop = asyncio.get_running_loop()
        loop.set_default_executor(pool := ThreadPoolExecutor(POOL))
        await asyncio.gather(*(loop.run_in_executor(pool, time.sleep, 0.1) for _ in range(POOL)))
        self._own.submit(time.sleep, 0.0)
        database = self._box.state_dir / STORE_FILE
        lived(database, self._clock.instant())
        box = self._daemon = Daemon(self._settings(), self._clock, on_alert=self._on_alert, reports=not self._virtual)
        tasks = [asyncio.create_task(one) for one in (box.run(), self._disturb())]
        if self._virtual:
            tasks.append(asyncio.create_task(write_back(self._box.state_dir, database, self._clock)))
        self.samples = Looks(2 + math.ceil(length_s / look_every_s))
        try:
            begun_ns = self._clock.now_ns()
            while (at_s := (self._clock.now_ns() - begun_ns) / 1e9) < length_s and not self.enough:
                await asyncio.wait({tasks[0]}, timeout=min(look_every_s, length_s - at_s))
                if tasks[0].done():
                    tasks[0].result()
                sample = look((self._clock.now_ns() - begun_ns) / 1e9, database)
                self.samples.append(sample)
                if told is not None:
                    told(sample)
        finally:
            for task in [*tasks, *self._deeds]:
                task.cancel()
            await asyncio.gather(*tasks, *self._deeds, return_exceptions=True)
            with suppress(ProcessLookupError):
                self._station.kill()
            self._broker.kill()
            self._own.shutdown()

    @property
    def _virtual(self) -> bool:
        return not isinstance(self._clock, SystemClock)

    def _settings(self) -> config.Config:
        path = self._folder / "scene.toml"
        path.write_text(as_toml(soak_scene()), encoding="utf-8")
        face = EndlessFace(driver="simulated_face", name="face", scene=path, seed=self._seed)
        camera = VideoFileCamera(driver="video_file", name="camera", path=FACE_CLIP, rate_hz=10.0, repeat=True)
        band = EndlessBand(driver="simulated_band", name="band", scene=path, seed=self._seed)
        sessions = self._folder / "sessions" if self._record else None
        return config.Config(
            box=self._box,
            sensor=(face if self._virtual else camera, band),
            fusion=config.Fusion(tick_s=TICK_S) if self._virtual else config.Fusion(),
            mqtt=self._broker.mqtt(),
            recorder=config.Recorder(folder=sessions),
        )

    def _on_alert(self, alert: Alert) -> None:
        self.counts["transitions"] += 1
        self.counts[f"{alert.condition}"] += alert.presence is Presence.ON
        self._begin(self._await_delivery())
        if alert.presence is Presence.ON:
            self._begin(self._acknowledge(alert))

    def _begin(self, deed: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(deed)
        self._deeds.add(task)
        task.add_done_callback(self._deeds.discard)

    async def _acknowledge(self, alert: Alert) -> None:
        """The nurse comes after a while; what has ended by then needs nobody."""
        await self._clock.sleep(self._chance.uniform(*ACKNOWLEDGES_S))
        command = nurse.acknowledgement(alert)
        self.counts["acknowledged"] += 1
        with suppress(CommandError, OSError):
            if "broker" not in self._out:
                with self._clock.hold():
                    await asyncio.get_running_loop().run_in_executor(
                        self._own, nurse.send, self._broker.port, self._box, command
                    )
                await self._until(lambda: self._answered(command.id))
            elif self._daemon is not None:
                self._daemon.on_command(command)  # at the bed

    async def _await_delivery(self) -> None:
        if not self._out:
            await self._until(lambda: not self._waiting())

    async def _until(self, reached: Callable[[], bool]) -> None:
        """Virtual time waits until this is so, or `DELIVERY_S` of real time are over."""
        if not self._virtual:
            return
        end_s = time.monotonic() + DELIVERY_S
        with self._clock.hold():
            while time.monotonic() < end_s and not reached():
                await self._wait(0.005)

    def _answered(self, command_id: str) -> bool:
        if self._daemon is None:
            return False
        with self._daemon._store.reading() as cursor:
            found = cursor.execute("SELECT count(*) FROM command WHERE id = ?", (command_id,)).fetchone()
        return bool(found[0])

    def _waiting(self) -> bool:
        """Whether an alert is on its way."""
        return self._daemon is not None and bool(self._daemon._outbox.pending() or self._daemon._outbox.unconfirmed())

    async def _disturb(self) -> None:
        """Let broker and station fail, and the wall clock jump, at random times."""
        kinds = [kind for kind, rate in self.faults_per_hour.items() if rate > 0]
        total = sum(self.faults_per_hour.values())
        while kinds:
            await self._clock.sleep(self._chance.expovariate(total) * 3600)
            kind = self._chance.choices(kinds, [self.faults_per_hour[one] for one in kinds])[0]
            self.counts[f"fault {kind}"] += 1
            if kind == "clock_step":
                if isinstance(self._clock, SimulationClock):
                    self._clock.step_wall(self._chance.uniform(-3600.0, 3600.0))
                continue
            self._out.add(kind)
            self._break(kind)
            await self._in_real_time(NOTICED_S)
            await self._clock.sleep(self._chance.uniform(*OUTAGE_S))
            self._mend(kind)
            self._out.discard(kind)
            await self._in_real_time(NOTICED_S)

    def _break(self, kind: str) -> None:
        if kind == "broker":
            self._broker.kill()
        else:
            self._station.send(signal.SIGSTOP)

    def _mend(self, kind: str) -> None:
        if kind == "broker":
            self._broker.start()
        else:
            self._station.send(signal.SIGCONT)

    async def _in_real_time(self, seconds: float) -> None:
        if self._virtual:
            with self._clock.hold():
                await self._wait(seconds)

    async def _wait(self, seconds: float) -> None:
        await asyncio.get_running_loop().run_in_executor(self._own, time.sleep, seconds)
