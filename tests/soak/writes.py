"""What a box writes at so many alarm transitions an hour: `python -m tests.soak.writes [FOLDER] [HOURS]`.

The true daemon on virtual time, with a broker, a station that confirms, and a nurse whose acknowledgements come through
the broker. The face is dictated: pain comes, is acknowledged and goes, three transitions each time. Bytes are those
that the kernel counts (`tests.soak.gauges`), so the folder has to be on a disk. Prints one line of JSON for each rate.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from edge import clock as clocks
from edge import config
from edge.clock import Clock
from edge.daemon import STORE_FILE, Daemon
from edge.sensors.driver import Driver
from edge.sensors.replay import ReplayedFace
from edge.types import Alert, Estimate, Modality, Presence, Validity
from tests.peers.broker import Mosquitto
from tests.publish.chaos import Part, be_station
from tests.soak import nurse
from tests.soak.clock import SoakClock
from tests.soak.gauges import written_bytes
from tests.soak.lived import lived
from tests.soak.writeback import write_back

RATES = (0, 10, 60, 120)
"""Transitions an hour: a calm day, the mean of quiet days, a bad one, and more than anybody bears."""

PER_EPISODE = 3
"""Transitions of one episode: on, acknowledged, off."""

HURTS_S = 40.0
"""Length of an episode, seconds; 20 s later it has ended."""

COMES_S = 8.0
"""From an alarm to its acknowledgement, seconds."""

WARM_UP_S = 1800.0
"""Before anything is counted, seconds."""

ANSWERED_S = 2.0
"""Longest real time for which virtual time waits for broker, station and nurse, seconds."""

PAIN = 14.0
"""PSPI of the dictated pain."""


class DictatedFace:
    """A face that shows what it is told to.

    Args:
        clock: paces it.

    Attributes:
        pspi: what it shows.
    """

    name = "face"
    stall_after_s = 5.0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.pspi = 0.0

    async def stream(self) -> AsyncIterator[Estimate]:
        """Twice a second, without an end."""
        while True:
            evidence = {"AU4": self.pspi / 3}
            yield Estimate(Modality.FACE, self.pspi, 0.95, (self.pspi, self.pspi), self._clock.now_ns(), evidence)
            await self._clock.sleep(0.5)


@dataclass(frozen=True, slots=True)
class Written:
    """What was written at one rate.

    Attributes:
        asked_per_hour: transitions that were dictated.
        transitions_per_hour: that there were.
        mb_per_day: megabytes (1e6 bytes) a day.
    """

    asked_per_hour: int
    transitions_per_hour: float
    mb_per_day: float


class WritingBed:
    """One bed of which only the writes matter.

    Args:
        folder: for all that it keeps.
        rate: transitions an hour.
    """

    def __init__(self, folder: Path, rate: int) -> None:
        self._rate = rate
        self._clock = SoakClock()
        for name in ("box", "broker", "station"):
            (folder / name).mkdir(parents=True)
        self._broker = Mosquitto(folder / "broker")
        self._station = Part("station", folder / "station", be_station)
        self._own = ThreadPoolExecutor(1)
        self._alerts: list[Alert] = []
        self._face = face = DictatedFace(self._clock)

        class Dictated(ReplayedFace):
            """A stanza whose driver is dictated."""

            def open(self, clock: Clock) -> Driver[Estimate]:  # noqa: ARG002 - it has the clock
                """Its driver."""
                return face

        self._settings = config.Config(
            box=config.Box(site="soak", bed="bed1", state_dir=folder / "box", validity=Validity.TEST),
            sensor=(Dictated(driver="replay_face", name="face", session=folder / "none"),),
            fusion=config.Fusion(tick_s=0.5),
            alarm=config.Alarm(flap_s=0.0, clock_alarm=False),
            mqtt=self._broker.mqtt(),
        )

    def run(self, hours: float) -> Written:
        """Live so long after warm-up."""
        self._broker.start()
        self._station.start(self._broker.mqtt())  # a fork, so before there are threads
        try:
            return clocks.run(self._clock, self._live(hours * 3600))
        finally:
            self._station.kill()
            self._broker.kill()
            self._own.shutdown()

    async def _live(self, length_s: float) -> Written:
        folder = self._settings.box.state_dir
        lived(folder / STORE_FILE, self._clock.instant())
        daemon = Daemon(self._settings, self._clock, on_alert=self._alerts.append, reports=False)
        lives = (daemon.run(), write_back(folder, folder / STORE_FILE, self._clock), self._hurt(daemon))
        tasks = [asyncio.create_task(one) for one in lives]

        async def so_long(seconds: float) -> None:
            ended, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()

        try:
            await so_long(WARM_UP_S)
            written, transitions = written_bytes(), len(self._alerts)
            await so_long(length_s)
            written, transitions = written_bytes() - written, len(self._alerts) - transitions
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return Written(self._rate, transitions * 3600 / length_s, round(written / length_s * 86_400 / 1e6, 2))

    async def _hurt(self, daemon: Daemon) -> None:
        """Pain comes and goes, and each time somebody comes."""
        while not self._rate:
            await self._clock.sleep(3600.0)
        while True:
            begun_ns = self._clock.now_ns()
            self._face.pspi = PAIN
            on = await self._next(Presence.ON, daemon)
            await self._clock.sleep(COMES_S)
            with self._clock.hold():
                asked = nurse.acknowledgement(on)
                await asyncio.get_running_loop().run_in_executor(
                    self._own, nurse.send, self._broker.port, self._settings.box, asked
                )
                await self._until(lambda: self._alerts[-1].presence is Presence.ACKNOWLEDGED)
            await self._next(Presence.ACKNOWLEDGED, daemon)
            await self._clock.sleep_until(begun_ns + round(HURTS_S * 1e9))
            self._face.pspi = 0.0
            await self._next(Presence.OFF, daemon)
            await self._clock.sleep_until(begun_ns + round(3600e9 * PER_EPISODE / self._rate))

    async def _next(self, presence: Presence, daemon: Daemon) -> Alert:
        """The alert of pain with this presence, once it has arrived."""
        while not self._alerts or self._alerts[-1].presence is not presence:
            await self._clock.sleep(0.5)
        with self._clock.hold():
            await self._until(lambda: not daemon._outbox.pending() and not daemon._outbox.unconfirmed())
        return self._alerts[-1]

    async def _until(self, reached: Callable[[], bool]) -> None:
        """Wait in real time.

        Raises:
            TimeoutError: it did not come.
        """
        end_s = time.monotonic() + ANSWERED_S
        while not reached():
            if time.monotonic() > end_s:
                raise TimeoutError("broker, station or box did not answer")
            await asyncio.get_running_loop().run_in_executor(self._own, time.sleep, 0.005)


def main(folder: Path, hours: float) -> int:
    """Measure each rate; print each, with what a transition adds to a calm day."""
    logging.disable(logging.ERROR)
    calm_mb = 0.0
    folder.mkdir(parents=True, exist_ok=True)
    for rate in RATES:
        with tempfile.TemporaryDirectory(prefix="writes-", dir=folder) as place:
            found = WritingBed(Path(place), rate).run(hours)
        calm_mb = calm_mb if rate else found.mb_per_day
        each = (found.mb_per_day - calm_mb) * 1e6 / 24 / found.transitions_per_hour if rate else 0.0
        sys.stdout.write(json.dumps({**asdict(found), "bytes_per_transition": round(each)}) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(main(Path(words[0] if words else "build/soak"), float(words[1]) if len(words) > 1 else 4.0))
