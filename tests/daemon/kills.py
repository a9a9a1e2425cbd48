"""Kills the whole daemon at random points: `python -m tests.daemon.kills KILLS [SEED] [forgets]`.

Boxes run the true daemon on the system's clock, with a face whose estimates jump between pain, calm and nothing, no
delays, and a nurse who acknowledges at once; a broker and a station listen. Each box is killed (SIGKILL) a random
moment after its start, looked at, and started again. After each kill: the state file is sound; each alarm stands as it
was last told, or as one newer transition says; and the next start tells exactly what the file holds. At the end every
alert that was told or committed is in the station's record. Exit code 0: all of that held.

A start is cheap because it is a fork of a process that has imported everything; the bundle is loaded, checked and the
rooms are built anew each time. `forgets` breaks the box on purpose: it drops its alarm states at each start.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from edge import config
from edge.alarm.record import Record
from edge.clock import Clock, SystemClock
from edge.daemon import STORE_FILE, Daemon
from edge.errors import CommandError
from edge.publish.payload import Acknowledge
from edge.publish.topics import EVENT
from edge.sensors.driver import Driver
from edge.sensors.replay import ReplayedFace
from edge.sensors.report import REPORT_FILE
from edge.station.book import FILE
from edge.store import Store
from edge.types import Absence, Alert, Estimate, Modality, Presence, Validity
from tests.peers.broker import Mosquitto
from tests.publish.chaos import SETTLE_S, Part, be_station

BOXES = 3

LONGEST_S = 0.7
"""A box is killed at most this long after its start: while it starts, connects, tells again, raises and confirms."""

LOG = "told"
"""What a box has told, a line of JSON for each alert, in its folder."""

ALARM = config.Alarm(
    pain_delay_s=0, pain_clear_s=0, blind_delay_s=0, sensor_delay_s=0, clear_s=0, flap_s=0, clock_alarm=False
)
"""No delays: what the face shows is an alarm at the next tick."""


class JumpingFace:
    """A face that shows pain, calm and nothing in turn, each for a tick or two.

    Args:
        name: from the configuration.
        clock: paces it.
        restless: whether it goes on so; else it is calm.
    """

    def __init__(self, name: str, clock: Clock, *, restless: bool) -> None:
        self._name = name
        self._clock = clock
        self._restless = restless

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._name

    @property
    def stall_after_s(self) -> float:
        """Silence after which the stream counts as stalled."""
        return 5.0

    async def stream(self) -> AsyncIterator[Estimate]:
        """Estimates without an end."""
        chance = random.Random(time.monotonic_ns())  # noqa: S311 - dice
        while True:
            now_ns = self._clock.now_ns()
            pspi = chance.choice((0.0, 14.0, 14.0, None)) if self._restless else 0.0
            if pspi is None:
                yield Estimate.absent(Modality.FACE, Absence.NO_FACE, now_ns)
            else:
                yield Estimate(Modality.FACE, pspi, 0.95, (pspi, pspi), now_ns, {"AU4": pspi / 3})
            await self._clock.sleep(chance.choice((0.05, 0.1)))


class RestlessFace(ReplayedFace):
    """A stanza whose driver makes its estimates up."""

    def open(self, clock: Clock) -> Driver[Estimate]:
        """Its driver."""
        return JumpingFace(self.name, clock, restless=True)


class CalmFace(ReplayedFace):
    """The same, calm."""

    def open(self, clock: Clock) -> Driver[Estimate]:
        """Its driver."""
        return JumpingFace(self.name, clock, restless=False)


async def be_daemon(folder: Path, mqtt: config.Mqtt, *, forgets: bool = False) -> None:
    """Run the daemon until killed; each alert is written down once it has been told."""
    if forgets:
        _forget(folder)
    await _run(folder, mqtt, RestlessFace(driver="replay_face", name="face", session=folder / "none"))


async def be_ending_daemon(folder: Path, mqtt: config.Mqtt) -> None:
    """Run it on a calm face until its outbox is empty."""
    living = asyncio.create_task(_run(folder, mqtt, CalmFace(driver="replay_face", name="face", session=folder / "n")))
    await asyncio.wait({living}, timeout=1.0)
    while not living.done() and _rows(folder, folder / "look"):
        await asyncio.wait({living}, timeout=0.2)
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)


async def _run(folder: Path, mqtt: config.Mqtt, face: ReplayedFace) -> None:
    log = os.open(folder / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    settings = config.Config(
        box=config.Box(site="ward", bed=folder.name, state_dir=folder, validity=Validity.TEST),
        sensor=(face,),
        fusion=config.Fusion(tick_s=0.1, max_age_s=1.0),
        alarm=ALARM,
        mqtt=mqtt,
    )

    def on_alert(alert: Alert) -> None:
        line = {"id": alert.id, "seq": alert.seq, "condition": alert.condition, "presence": alert.presence}
        os.write(log, (json.dumps(line) + "\n").encode())
        if alert.presence in (Presence.ON, Presence.LATCHED):
            asyncio.get_running_loop().call_later(0.05, acknowledge, alert)

    def acknowledge(alert: Alert) -> None:
        with suppress(CommandError):
            daemon.on_command(Acknowledge(id=alert.id, do="acknowledge", condition=alert.condition, by="nurse"))

    daemon = Daemon(settings, SystemClock(), on_alert=on_alert)
    await daemon.run()


def _forget(folder: Path) -> None:
    if (folder / STORE_FILE).exists():
        store = Store.open(folder / STORE_FILE)
        with store.transaction() as cursor:
            cursor.execute("DELETE FROM alarm")
            cursor.execute("DELETE FROM outbox")
        store.close()


@dataclass
class Watched:
    """One box, and what is known of it.

    Attributes:
        part: its process.
        held: alarm states in its file at the last look.
        told: every id that it has told or committed.
        waiting: what its outbox held at the last look.
        wrong: what did not hold, in words.
    """

    part: Part
    held: dict[str, Alert] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    _read: int = 0

    def look(self, scratch: Path) -> None:
        """Look at what a kill has left: at a copy, so that the box itself has to recover."""
        folder = self.part.folder
        said = self._said()
        again, fresh = said[: len(self.held)], said[len(self.held) :]
        expected = [one.id for one in self.held.values()][: len(again)]
        if [str(one["id"]) for one in again] != expected:
            self.wrong.append(f"told again {again}, and the file held {list(self.held.values())}")
        self.told |= {str(one["id"]) for one in said}
        if (report := folder / "run" / REPORT_FILE).exists():
            json.loads(report.read_text())
        if not (folder / STORE_FILE).exists():
            return
        found, rows, sound = _read_copy(folder, scratch)
        if sound != "ok" or list(folder.glob("*.damaged*")):
            self.wrong.append(f"the state file is damaged: {sound}")
        last = {name: one.seq for name, one in self.held.items()}
        last |= {str(one["condition"]): int(str(one["seq"])) for one in fresh}
        for condition, seq in last.items():
            now = found.get(condition)
            if now is None or now.seq < seq or (now.seq > seq and now.id not in rows):
                self.wrong.append(f"{condition} was told as number {seq} and is {now}")
        self.told |= {one.id for one in found.values()} | rows
        self.held, self.waiting = found, rows

    def _said(self) -> list[dict[str, object]]:
        path = self.part.folder / LOG
        text = path.read_text()[self._read :] if path.exists() else ""
        self._read += len(text)
        return [json.loads(line) for line in text.splitlines()]


def _read_copy(folder: Path, scratch: Path) -> tuple[dict[str, Alert], set[str], str]:
    """Alarm states in their order, ids of waiting events, and SQLite's verdict."""
    for ending in ("", "-wal"):
        (scratch / f"{STORE_FILE}{ending}").unlink(missing_ok=True)
        if (one := folder / f"{STORE_FILE}{ending}").exists():
            shutil.copy(one, scratch)
    with closing(sqlite3.connect(scratch / STORE_FILE, isolation_level=None)) as copy:
        sound = str(copy.execute("PRAGMA integrity_check").fetchone()[0])
        if not copy.execute("PRAGMA user_version").fetchone()[0]:
            return {}, set(), sound  # killed before the first table
        rows = {str(one) for (one,) in copy.execute("SELECT message_id FROM outbox WHERE leaf = ?", (EVENT,))}
        states = {
            str(name): Record.model_validate_json(text).alert
            for name, text in copy.execute("SELECT condition, state FROM alarm")
        }
    order = [str(one) for one in type(next(iter(states.values())).condition)] if states else []
    return {name: states[name] for name in order if name in states}, rows, sound


def _rows(folder: Path, scratch: Path) -> bool:
    scratch.mkdir(exist_ok=True)
    return bool(_read_copy(folder, scratch)[1])


class Kills:
    """The campaign.

    Args:
        folder: for all that is kept.
        seed: of the dice.
        forgets: whether to break the boxes on purpose.
    """

    def __init__(self, folder: Path, seed: int, *, forgets: bool = False) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - dice
        self._folder = folder
        self._scratch = self._room("scratch")
        self._broker = Mosquitto(self._room("broker"))
        self._station = Part("station", self._room("station"), be_station)
        play = partial(be_daemon, forgets=forgets)
        self.boxes = [Watched(Part(f"box{one}", self._room(f"box{one}"), play)) for one in range(BOXES)]
        self.kills = 0
        self.enough = False
        """Set by a signal handler: come to rest now, and report."""

    def _room(self, name: str) -> Path:
        (self._folder / name).mkdir()
        return self._folder / name

    def run(self, kills: int) -> None:
        """Kill so many times, or until `enough`; then let all come to rest."""
        self._broker.start()
        self._station.start(self._broker.mqtt())
        for box in self.boxes:
            self._start(box.part)
        while self.kills < kills and not self.enough and not any(box.wrong for box in self.boxes):
            box = min(self.boxes, key=lambda one: one.part.due_s)
            time.sleep(max(0.0, box.part.due_s - time.monotonic()))
            box.part.kill()
            self.kills += 1
            box.look(self._scratch)
            self._start(box.part)
            if self.kills % 500 == 0:
                sys.stderr.write(f"{self.kills} kills\n")
        self._settle()

    def _start(self, part: Part) -> None:
        part.start(self._broker.mqtt(client_id=part.name))
        part.due_s = time.monotonic() + self._chance.uniform(0.0, LONGEST_S)

    def _settle(self) -> None:
        for box in self.boxes:
            box.part.kill()
            box.look(self._scratch)
            box.part.play = be_ending_daemon
            self._start(box.part)
        left = {box.part.pid: box for box in self.boxes}
        end_s = time.monotonic() + SETTLE_S
        while left and time.monotonic() < end_s:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid in left:
                box = left.pop(pid)
                box.part.pid = 0
                box.look(self._scratch)
                if box.waiting:  # raised while it was ending, where a busy machine holds up its face
                    self._start(box.part)
                    left[box.part.pid] = box
            time.sleep(0.02)
        for box in left.values():
            box.wrong.append("its outbox did not run empty")
            box.part.kill()
        self._station.kill()
        self._broker.kill()

    def report(self) -> dict[str, object]:
        """What was told and what was shown."""
        with closing(sqlite3.connect(self._station.folder / FILE)) as book:
            shown = {(str(place), str(one)) for place, one in book.execute("SELECT place, id FROM event")}
        told = {(f"ward/{box.part.name}", one) for box in self.boxes for one in box.told}
        wrong = [f"{box.part.name}: {words}" for box in self.boxes for words in box.wrong]
        lost = sorted(told - shown)
        return {"kills": self.kills, "alerts": len(told), "lost": len(lost), "first_lost": lost[:5], "wrong": wrong}


def main(kills: int, seed: int, *, forgets: bool) -> int:
    """Run one campaign and print its figures as one line of JSON."""
    logging.disable(logging.CRITICAL)  # every start finds a broker that still knows the one before
    memory = Path("/dev/shm")  # noqa: S108 - a kill loses nothing that the kernel has; power cuts: tests.power
    begun_s = time.monotonic()
    where = memory if memory.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="anodyne-kills-", dir=where) as folder:
        campaign = Kills(Path(folder), seed, forgets=forgets)
        signal.signal(signal.SIGINT, lambda *_: setattr(campaign, "enough", True))
        campaign.run(kills)
        report = campaign.report()
    sys.stdout.write(json.dumps({**report, "seed": seed, "seconds": round(time.monotonic() - begun_s, 1)}) + "\n")
    return 0 if report["alerts"] and not report["lost"] and not report["wrong"] else 1


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:] if one.isdecimal()]
    sys.exit(main(numbers[0], numbers[1] if len(numbers) > 1 else 1, forgets="forgets" in sys.argv))
