"""Every command of the contract against a running box, over a real broker: answered, in effect, once, and kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge import config
from edge.clock import SystemClock
from edge.daemon import STORE_FILE, Daemon
from edge.demo.setup import DELAYS, FACE_CLIP
from edge.publish.commands import Given, kept
from edge.publish.payload import (
    AlertMessage,
    BurdenMessage,
    Message,
    ReplyMessage,
    SensorsMessage,
    StateMessage,
    decode,
)
from edge.sensors.camera.stanzas import VideoFileCamera
from edge.sensors.simulated.band import SimulatedBand
from edge.store import Store
from edge.types import Validity
from tests.peers.broker import Mosquitto, until

M = TypeVar("M", bound=Message)

PLACE = "anodyne/test/bed1/"
CAMERA = VideoFileCamera(driver="video_file", name="camera", path=FACE_CLIP, width_px=320, height_px=240)
BAND = SimulatedBand(driver="simulated_band", name="band")


class Ward:
    """A plain client at the station's place: commands out, everything else in."""

    def __init__(self, broker: Mosquitto, folder: Path) -> None:
        self.folder = folder
        self.heard: list[tuple[str, bytes]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.on_message = lambda _c, _d, message: self.heard.append((message.topic, bytes(message.payload)))
        self._client.connect("127.0.0.1", broker.port)
        self._client.subscribe([("anodyne/#", 1), ("homeassistant/#", 1)])
        self._client.loop_start()

    def say(self, payload: bytes, leaf: str = "command") -> None:
        """Publish a command as it is."""
        self._client.publish(PLACE + leaf, payload, qos=1)

    def replies(self, to: str) -> list[ReplyMessage]:
        """What was answered to a command."""
        found = [decode(ReplyMessage, payload) for topic, payload in self.heard if topic == f"{PLACE}reply"]
        return [one for one in found if one is not None and one.to == to]

    async def ask(self, command_id: str, **said: object) -> ReplyMessage:
        """Give a command twice; the one answer to both."""
        payload = json.dumps({"id": command_id, "by": "Ruth", **said}).encode()
        self.say(payload)
        await until(lambda: self.replies(command_id))
        self.say(payload)
        await until(lambda: len(self.replies(command_id)) == 2)
        first, again = self.replies(command_id)
        assert (first.ok, first.reason, first.detail) == (again.ok, again.reason, again.detail)
        return first

    def newest(self, model: type[M], leaf: str) -> M | None:
        """The newest message of a leaf."""
        found = [payload for topic, payload in self.heard if topic == PLACE + leaf]
        return decode(model, found[-1]) if found else None

    def holds(self) -> list[str]:
        """What the newest state says is held."""
        state = self.newest(StateMessage, "state")
        return [] if state is None else [str(one) for one in state.holds]

    def bursts(self) -> list[dict[str, object]]:
        """What the bed's annunciator played."""
        path = self.folder / "bursts"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def close(self) -> None:
        """Go."""
        self._client.disconnect()
        self._client.loop_stop()


@asynccontextmanager
async def box(broker: Mosquitto, folder: Path, *sensors: VideoFileCamera | SimulatedBand) -> AsyncIterator[Ward]:
    """A running box with a bed that can be heard, and a ward that listens."""
    settings = config.Config(
        box=config.Box(site="test", bed="bed1", state_dir=folder, validity=Validity.TEST),
        sensor=sensors,
        alarm=DELAYS,
        annunciator=config.Annunciator(file=folder / "bursts"),
        mqtt=broker.mqtt(home_assistant=True),
    )
    ward = Ward(broker, folder)
    task = asyncio.create_task(Daemon(settings, SystemClock()).run())
    try:
        await until(lambda: ward.newest(StateMessage, "state"))
        yield ward
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        ward.close()


def commands(folder: Path) -> dict[str, Given]:
    """What the box has kept."""
    store = Store.open(folder / STORE_FILE)
    found = dict(kept(store))
    store.close()
    return found


async def test_holds_begin_and_end_as_asked(mosquitto: Mosquitto, tmp_path: Path) -> None:
    pairs = {
        "care_on": ("care", "care_off"),
        "quiet_on": ("quiet", "quiet_off"),
        "pause_audio": ("audio_paused", "resume"),
        "pause_alarms": ("alarms_paused", "resume"),
        "camera_off": ("camera_off", "camera_on"),
    }
    async with box(mosquitto, tmp_path, BAND) as ward:
        for begin, (hold, end) in pairs.items():
            assert (await ward.ask(f"begin-{begin}", do=begin)).ok
            await until(lambda hold=hold: hold in ward.holds())  # type: ignore[misc]  # of this turn
            assert (await ward.ask(f"end-{begin}", do=end)).ok
            await until(lambda hold=hold: hold not in ward.holds())  # type: ignore[misc]  # likewise
    found = commands(tmp_path)
    assert {f"{which}-{one}" for which in ("begin", "end") for one in pairs} == set(found)
    assert all(one.by == "Ruth" and one.answered and one.reason is None and one.wall_ms > 0 for one in found.values())


async def test_an_acknowledgement_and_the_burden(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with box(mosquitto, tmp_path) as ward:
        await until(lambda: ward.newest(AlertMessage, "alarm/cannot_assess"))
        assert (await ward.ask("a", do="acknowledge", condition="cannot_assess")).ok
        alert = ward.newest(AlertMessage, "alarm/cannot_assess")
        assert alert is not None
        assert alert.presence == "acknowledged"
        events = [payload for topic, payload in ward.heard if topic == f"{PLACE}event"]
        assert [json.loads(one)["s"] for one in events] == ["on", "acknowledged"]
        refused = await ward.ask("b", do="acknowledge", condition="pain")
        assert (refused.ok, refused.reason) == (False, "not_applicable")
        assert (await ward.ask("c", do="burden")).ok
        days = [payload for topic, payload in ward.heard if topic.startswith(f"{PLACE}burden/")]
        day = decode(BurdenMessage, days[-1])
        assert day is not None
        assert day.acknowledged == 1


async def test_reports_references_and_the_search_for_the_bed(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with box(mosquitto, tmp_path, CAMERA, BAND) as ward:
        report = await ward.ask("r", do="report", scale="painad", value=6)
        assert report.ok
        assert (report.detail or "").startswith("PAINAD 6 noted")
        assert (await ward.ask("s", do="set_reference", camera="attic")).reason == "not_applicable"
        assert (await ward.ask("t", do="reset_reference")).ok
        assert (await ward.ask("l", do="locate", seconds=3)).ok
        await until(lambda: any(one["locate"] for one in ward.bursts()))
    store = Store.open(tmp_path / STORE_FILE)
    with store.reading() as cursor:
        assert cursor.execute("SELECT count(*) FROM report").fetchone()[0] == 1
    store.close()


@pytest.mark.parametrize(
    ("leaf", "payload", "reason"),
    [
        ("command", b"\xff\xd8", "malformed"),
        ("command", b'{"id":"x","do":"report","scale":"nrs","value":11,"by":"Ruth"}', "malformed"),
        ("command", b'{"id":"x","do":"camera_off"}', "malformed"),
        ("command", b'{"id":"x","do":"shut_down","by":"Ruth"}', "unknown"),
        ("command/home", b'{"id":"x","do":"camera_off","by":"Ruth"}', "not_authorised"),
        ("command/home", b'{"id":"x","do":"report","scale":"nrs","value":1,"by":"Ruth"}', "not_authorised"),
    ],
)
async def test_what_is_not_acceptable_is_answered_and_changes_nothing(
    mosquitto: Mosquitto, tmp_path: Path, leaf: str, payload: bytes, reason: str
) -> None:
    async with box(mosquitto, tmp_path, BAND) as ward:
        ward.say(payload, leaf)
        to = "x" if b'"id"' in payload else ""
        await until(lambda: ward.replies(to))
        [reply] = ward.replies(to)
        assert (reply.ok, reply.reason) == (False, reason)
        assert reply.detail
        assert ward.holds() == []
    assert commands(tmp_path) == {}


async def test_a_command_is_answered_alike_after_a_restart(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with box(mosquitto, tmp_path, BAND) as ward:
        first = await ward.ask("a", do="care_on", seconds=120)
        await ward.ask("b", do="care_off")
    async with box(mosquitto, tmp_path, BAND) as ward:
        again = await ward.ask("a", do="care_on", seconds=120)
        assert (again.ok, again.detail) == (first.ok, first.detail)
        assert ward.holds() == []


async def test_a_running_box_tells_of_its_sensors_and_announces_the_charge_of_its_bands(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with box(mosquitto, tmp_path, CAMERA, BAND) as ward:
        await until(lambda: ward.newest(SensorsMessage, "sensors"))
        sensors = ward.newest(SensorsMessage, "sensors")
        assert sensors is not None
        assert set(sensors.sensors) == {"camera", "band"}
        announced = [json.loads(payload) for topic, payload in ward.heard if topic.startswith("homeassistant/device/")]
        assert "battery_band" in announced[-1]["components"]
        assert "battery_camera" not in announced[-1]["components"]
