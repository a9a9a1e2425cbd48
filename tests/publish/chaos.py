"""Random kills and outages of boxes, broker and stations: `python -m tests.publish.chaos FAULTS [SEED] [unconfirmed]`.

Four boxes raise, acknowledge and end alarms without a pause; a Mosquitto that keeps nothing carries them to two
stations with records on disk. Again and again one of the seven is killed (SIGKILL), or the broker is frozen, and
started again a moment later, several at a time. At the end all run until the outboxes are empty. Every box has
written down what it had raised; the stations' records are what was shown. Exit code 0: nothing lost, nothing twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path

from edge.config import Mqtt
from edge.publish.dialer import Backoff
from edge.publish.embedded import die_with_parent
from edge.publish.payload import AlertMessage
from edge.publish.subscriber import Received, Subscriber
from edge.publish.topics import EVENT, Topics
from edge.station.book import FILE, Book
from tests.peers.broker import Mosquitto
from tests.publish.box import running

BOXES, STATIONS = 4, 2

QUICK = Backoff(first_s=0.05, cap_s=0.4, proven_s=0.2)
"""Waits of a campaign whose connections last for moments."""

SETTLE_S = 180.0
"""Longest wait for the outboxes to run empty at the end, seconds."""


async def be_box(folder: Path, mqtt: Mqtt) -> None:
    """Raise alarms until killed; each id is written down once it is committed."""
    log = os.open(folder / "raised", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    async with running(folder, mqtt, backoff=QUICK, bed=folder.name) as box:
        while True:
            for score in (6, None, 1):
                for alert in box.acknowledge() if score is None else box.see(score):
                    os.write(log, f"{alert.id}\n".encode())
                await asyncio.sleep(0.04)


async def be_ending_box(folder: Path, mqtt: Mqtt) -> None:
    """Raise nothing more; come to an end when a station has confirmed everything."""
    async with running(folder, mqtt, backoff=QUICK, bed=folder.name) as box:
        while box.outbox.pending() or box.outbox.unconfirmed():
            await asyncio.sleep(0.1)
            box.publisher.look_after_outbox(box.clock.now_ns())


async def be_station(folder: Path, mqtt: Mqtt) -> None:
    """Write into the record what arrives, then confirm it, as the nursing station does."""
    book = Book(folder)
    log = os.open(folder / "heard", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def hear(received: Received) -> None:
        if isinstance(received.message, AlertMessage):
            if received.address.leaf == EVENT:
                os.write(log, f"{received.address.bed} {received.message.id}\n".encode())
            place = f"{received.address.site}/{received.address.bed}"
            book.alarm(place, received.message, time.time_ns() // 1_000_000)
            subscriber.confirm(received, folder.name)

    subscriber = Subscriber(mqtt, hear, topics=Topics("+", "+"), backoff=QUICK)
    await subscriber.run()


@dataclass
class Part:
    """One process of the campaign."""

    name: str
    folder: Path
    play: Callable[[Path, Mqtt], Coroutine[object, object, None]]
    pid: int = 0
    due_s: float = field(default=0.0)

    def start(self, mqtt: Mqtt) -> None:
        """Fork: everything is imported already, and this process has one thread."""
        pid = os.fork()
        if pid:
            self.pid = pid
            return
        code = 1
        try:
            die_with_parent()
            asyncio.run(self.play(self.folder, mqtt))
            code = 0
        finally:
            os._exit(code)

    def send(self, how: signal.Signals) -> None:
        """A signal."""
        os.kill(self.pid, how)

    def kill(self) -> None:
        """SIGKILL."""
        self.send(signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.pid = 0


class Campaign:
    """The seven processes and the dice.

    Args:
        folder: for all that they keep.
        seed: of the dice.
        confirmed: whether boxes wait for a station's confirmation; without it the campaign shows what that is for.
    """

    def __init__(self, folder: Path, seed: int, *, confirmed: bool) -> None:
        """Nothing runs yet."""
        self._chance = random.Random(seed)  # noqa: S311 - dice
        self._folder = folder
        self._within_s = 30.0 if confirmed else 0.0
        self.done: Counter[str] = Counter()
        self._broker = Mosquitto(self._room("broker"))
        self._broker_due_s = self._thaw_due_s = 0.0
        self._boxes = [Part(f"box{one}", self._room(f"box{one}"), be_box) for one in range(BOXES)]
        self._stations = [Part(f"station{one}", self._room(f"station{one}"), be_station) for one in range(STATIONS)]

    def _room(self, name: str) -> Path:
        (self._folder / name).mkdir()
        return self._folder / name

    def _mqtt(self, part: Part) -> Mqtt:
        own = {"client_id": part.name} if part in self._boxes else {}
        return self._broker.mqtt(**own, station_within_s=self._within_s)

    def run(self, faults: int) -> None:
        """Begin, do harm so many times, and let everything come to rest."""
        self._broker.start()
        for part in (*self._stations, *self._boxes):
            part.start(self._mqtt(part))
        while sum(self.done.values()) < faults:
            self._revive(time.monotonic())
            self._harm(time.monotonic())
            time.sleep(self._chance.uniform(0.0, 0.05))
        while any(not part.pid for part in (*self._stations, *self._boxes)) or self._broker_due_s or self._thaw_due_s:
            self._revive(time.monotonic())
            time.sleep(0.01)
        self._settle()

    def _revive(self, now_s: float) -> None:
        if self._thaw_due_s and now_s >= self._thaw_due_s:
            self._broker.thaw()
            self._thaw_due_s = 0.0
        if self._broker_due_s and now_s >= self._broker_due_s:
            self._broker.start()
            self._broker_due_s = 0.0
        for part in (*self._stations, *self._boxes):
            if not part.pid and now_s >= part.due_s:
                part.start(self._mqtt(part))

    def _harm(self, now_s: float) -> None:
        due_s = now_s + self._chance.uniform(0.0, 0.3)
        what = self._chance.choices(("box", "station", "broker", "freeze"), (5, 3, 1, 1))[0]
        if what in ("broker", "freeze"):
            if self._broker_due_s or self._thaw_due_s:
                return
            if what == "broker":
                self._broker.kill()
                self._broker_due_s = due_s
            else:
                self._broker.freeze()
                self._thaw_due_s = due_s
        else:
            alive = [part for part in (self._boxes if what == "box" else self._stations) if part.pid]
            if not alive:
                return
            victim = self._chance.choice(alive)
            victim.kill()
            victim.due_s = due_s
        self.done[what] += 1

    def _settle(self) -> None:
        for box in self._boxes:
            box.kill()
            box.play = be_ending_box
            box.start(self._mqtt(box))
        end_s = time.monotonic() + SETTLE_S
        left = {box.pid: box for box in self._boxes}
        while left and time.monotonic() < end_s:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid in left:
                left.pop(pid).pid = 0
            time.sleep(0.02)
        for part in (*left.values(), *self._stations):
            part.kill()
        self._broker.kill()

    def report(self) -> dict[str, int]:
        """What was raised and what was shown, by id."""
        raised: set[tuple[str, str]] = set()
        shown: Counter[tuple[str, str]] = Counter()
        heard: Counter[tuple[str, str]] = Counter()
        waiting = 0
        for box in self._boxes:
            lines = (box.folder / "raised").read_text().split()
            raised |= {(f"ward/{box.name}", one) for one in lines}
            with sqlite3.connect(box.folder / "state.db") as store:
                waiting += int(store.execute("SELECT count(*) FROM outbox").fetchone()[0])
        per_station = 0
        for station in self._stations:
            with sqlite3.connect(station.folder / FILE) as book:
                rows = Counter((str(place), str(one)) for place, one in book.execute("SELECT place, id FROM event"))
            per_station += sum(count - 1 for count in rows.values())
            shown |= rows
            heard.update((station.name, line) for line in (station.folder / "heard").read_text().splitlines())
        return {
            "raised": len(raised),
            "shown": len(shown),
            "lost": len(raised - set(shown)),
            "shown_twice": per_station,
            "repeats_recognised": sum(heard.values()) - len(heard),
            "waiting_at_the_end": waiting,
        }


def main(faults: int, seed: int, *, confirmed: bool) -> int:
    """Run one campaign and print its figures as one line of JSON."""
    logging.disable(logging.WARNING)  # every outage is one, and there are thousands
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="anodyne-chaos-") as folder:
        campaign = Campaign(Path(folder), seed, confirmed=confirmed)
        campaign.run(faults)
        report = campaign.report()
    figures = {"faults": sum(campaign.done.values()), **dict(sorted(campaign.done.items())), **report}
    print(json.dumps({**figures, "seed": seed, "seconds": round(time.monotonic() - began_s, 1)}))
    sound = report["raised"] and not report["lost"] and not report["shown_twice"] and not report["waiting_at_the_end"]
    return 0 if sound else 1


if __name__ == "__main__":
    numbers = [one for one in sys.argv[1:] if one.isdecimal()]
    begun = int(numbers[1]) if len(numbers) > 1 else 1
    sys.exit(main(int(numbers[0]), begun, confirmed="unconfirmed" not in sys.argv))
