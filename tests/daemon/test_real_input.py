"""The box as its own process on a real wristband recording and a real face clip, into a real Mosquitto.

The clip shows a face that leaves the picture and, repeated, comes back; the wristband is a Stress-Predict subject.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import cv2
import pytest

from edge import clock
from edge.config import Mqtt
from edge.publish.embedded import EmbeddedBroker, find_mosquitto
from edge.publish.payload import AlertMessage, StateMessage
from edge.publish.subscriber import Received, Subscriber
from edge.references import References
from edge.store import Store
from edge.types import Condition, Presence
from tests.peers.sniffer import Sniffer

SUBJECT = "data/stress-predict/Raw_data/S02"
CLIP = "media/face_noface.mov"

CONFIG = """
[box]
site = "test"
bed = "bed1"
state_dir = "{state}"
validity = "test"

[[sensor]]
name = "camera"
driver = "video_file"
path = "{clip}"
repeat = true

[[sensor]]
name = "band"
driver = "e4_recording"
folder = "{subject}"
start_s = 300.0

[alarm]
pain_on_score = 1.0
pain_off_score = 0.5
pain_delay_s = 0.0
sensor_delay_s = 0.0
blind_delay_s = 0.0

[mqtt]
host = "127.0.0.1"
port = {port}
"""

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")


class Station:
    """A subscriber that keeps what it hears."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._news = asyncio.Event()

    def hear(self, received: Received) -> None:
        """Keep a message."""
        self.received.append(received)
        self._news.set()

    @property
    def modes(self) -> list[str]:
        """Published modes in the order of their first appearance after a change."""
        states = [one.message for one in self.received if isinstance(one.message, StateMessage) and not one.retained]
        return [state.mode for state in states]

    @property
    def alerts(self) -> list[AlertMessage]:
        """Alarm transitions."""
        return [one.message for one in self.received if isinstance(one.message, AlertMessage)]

    async def until(self, holds: Callable[[], bool], timeout_s: float) -> None:
        """Wait until something holds of what was heard."""
        async with asyncio.timeout(timeout_s):
            while not holds():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def listening(port: int) -> AsyncIterator[Station]:
    station = Station()
    subscriber = Subscriber(Mqtt(host="127.0.0.1", port=port), station.hear)
    task = asyncio.create_task(subscriber.run())
    await subscriber.ready.wait()
    yield station
    task.cancel()
    await asyncio.wait({task})


@asynccontextmanager
async def box(config: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "edge.cli", "run", "--config", str(config))
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()


def write_config(tmp_path: Path, shared: Path, port: int) -> Path:
    config = tmp_path / "box.toml"
    state = tmp_path / "state"
    state.mkdir(exist_ok=True)
    config.write_text(CONFIG.format(state=state, clip=shared / CLIP, subject=shared / SUBJECT, port=port))
    return config


def rows_of_clip(shared: Path) -> list[bytes]:
    """Pieces of the clip's pixels, as they would lie in any uncompressed copy (raw, or base64)."""
    capture = cv2.VideoCapture(str(shared / CLIP))
    pieces: list[bytes] = []
    for _ in range(30):
        ok, picture = capture.read()
        assert ok
        gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        row = gray[gray.shape[0] // 2].tobytes()
        pieces += [row[:48], base64.b64encode(row[:48])]
    capture.release()
    return pieces


def sequence_of(modes: list[str]) -> str:
    """The modes as a line of letters: F face and skin, S skin alone, f face alone, . blind."""
    letters = {True: {True: "F", False: "f"}, False: {True: "S", False: "."}}
    return "".join(letters["face" in mode]["gsr" in mode or "ppg" in mode] for mode in modes)


@pytest.mark.timeout(240)
def test_the_modes_follow_the_face_and_no_image_leaves(tmp_path: Path, shared: Path) -> None:
    async def scenario() -> tuple[Station, Sniffer]:
        with EmbeddedBroker("mosquitto") as broker, Sniffer(broker.port) as sniffer:
            config = write_config(tmp_path, shared, broker.port)
            async with listening(broker.port) as station, box(config):
                face_left_and_returned = partial(re.search, "F+S+F")
                await station.until(lambda: bool(face_left_and_returned(sequence_of(station.modes))), 180.0)
            return station, sniffer

    station, sniffer = clock.run(clock.SystemClock(), scenario())
    assert Condition.FACE_LOST in {alert.condition for alert in station.alerts}
    traffic = sniffer.traffic
    assert b"anodyne/test/bed1/state" in traffic
    for magic in (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"data:image", b"/9j/"):
        assert magic not in traffic
    assert not [piece for piece in rows_of_clip(shared) if piece in traffic]
    assert max(map(len, (one.message.encode() for one in station.received))) < 1024


@pytest.mark.timeout(240)
def test_a_kill_in_the_middle_loses_no_raised_alert(tmp_path: Path, shared: Path) -> None:
    async def scenario() -> tuple[set[str], list[AlertMessage]]:
        with EmbeddedBroker("mosquitto") as broker:
            config = write_config(tmp_path, shared, broker.port)
            async with listening(broker.port) as station:
                async with box(config) as first:
                    await station.until(lambda: len(station.alerts) >= 2, 60.0)
                    os.kill(broker.pid, signal.SIGSTOP)  # nothing is acknowledged from here on: rows pile up
                    await asyncio.sleep(6.0)
                    first.kill()
                    await first.wait()
                raised = ids_on_disk(tmp_path / "state")
                os.kill(broker.pid, signal.SIGCONT)
                async with box(config):
                    await station.until(lambda: raised <= {alert.id for alert in station.alerts}, 60.0)
            return raised, station.alerts

    raised, alerts = clock.run(clock.SystemClock(), scenario())
    assert raised
    assert raised <= {alert.id for alert in alerts}
    assert Presence.ON in {alert.presence for alert in alerts}


def ids_on_disk(state: Path) -> set[str]:
    """Ids of the alerts that the killed box had put on its disk and no broker had acknowledged."""
    store = Store.open(state / "anodyne.sqlite3")
    with store.transaction() as cursor:
        payloads = [payload for (payload,) in cursor.execute("SELECT payload FROM outbox WHERE leaf = 'event'")]
    store.close()
    return {AlertMessage.model_validate_json(payload).id for payload in payloads}


@pytest.mark.timeout(120)
def test_a_nurse_resets_the_resting_face_from_the_command_line(tmp_path: Path, shared: Path) -> None:
    async def scenario() -> tuple[int | None, str]:
        with EmbeddedBroker("mosquitto") as broker:
            config = write_config(tmp_path, shared, broker.port)
            async with listening(broker.port) as station, box(config):
                await station.until(lambda: any("face" in mode for mode in station.modes), 60.0)
                words = ("reference", "test/bed1", "reset", "--by", "Sister Ruth", "--port", str(broker.port))
                asked = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "edge.cli", *words, "--host", "127.0.0.1", stdout=asyncio.subprocess.PIPE
                )
                said, _ = await asked.communicate()
                return asked.returncode, said.decode()

    code, said = clock.run(clock.SystemClock(), scenario())
    assert (code, said.startswith("test/bed1: ")) == (0, True)
    store = Store.open(tmp_path / "state/anodyne.sqlite3")
    kept = References(store).newest("camera")
    store.close()
    assert kept is not None
    assert (kept.reference.by, kept.reference.source) == ("Sister Ruth", "learnt")
