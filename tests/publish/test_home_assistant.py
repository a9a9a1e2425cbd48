"""What a bed announces to Home Assistant, and what comes of it, through a real broker and the templates' own engine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import jinja2
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge.clock import SystemClock
from edge.config import Box, Mqtt
from edge.publish.commands import Channel, authorised, parse
from edge.publish.contract.examples import examples
from edge.publish.home_assistant import announcer as room
from edge.publish.home_assistant.announcer import HomeAssistant
from edge.publish.home_assistant.discovery import STATUS_TOPIC, announcement, config_topic, object_id
from edge.publish.payload import ReplyMessage
from edge.publish.topics import Topics
from edge.store import Store
from edge.types import Validity
from tests.peers.broker import Mosquitto, station, until
from tests.publish.box import running
from tests.publish.home_assistant_schema import check

TOPICS = Topics("ward", "bed7")
CONFIG = config_topic(TOPICS)


class House:
    """A plain client in Home Assistant's place.

    Attributes:
        kept: the last payload of each topic.
        times: how often each topic was heard.
    """

    def __init__(self, broker: Mosquitto) -> None:
        self.kept: dict[str, bytes] = {}
        self.times: dict[str, int] = {}
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", broker.port)
        self._client.subscribe([("homeassistant/#", 1), ("anodyne/#", 1)])
        self._client.loop_start()

    def _hear(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self.kept[message.topic] = bytes(message.payload)
        self.times[message.topic] = self.times.get(message.topic, 0) + 1

    def say(self, topic: str, payload: str) -> None:
        """Publish."""
        self._client.publish(topic, payload, qos=1)

    def close(self) -> None:
        """Go."""
        self._client.disconnect()
        self._client.loop_stop()


@asynccontextmanager
async def announcing(
    mqtt: Mqtt, store: Store, bands: tuple[str, ...] = ("band",), bed: str = "bed7"
) -> AsyncIterator[HomeAssistant]:
    """A bed that announces itself for the time of the block."""
    box = Box(site="ward", bed=bed, validity=Validity.TEST)
    one = HomeAssistant(mqtt, box, bands, store, SystemClock())
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def parts(payload: bytes) -> dict[str, dict[str, str]]:
    """The components of an announcement."""
    found: dict[str, dict[str, str]] = json.loads(payload)["components"]
    return found


def render(template: str, payload: bytes = b"{}", at_s: float = 1_767_225_615.25) -> str:
    """A template as Home Assistant renders it."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701 - nothing here is a web page
    environment.globals.update(now=lambda: at_s, as_timestamp=float)
    return environment.from_string(template).render(value_json=json.loads(payload))


def shown(announced: Mapping[str, dict[str, str]], key: str, example: str) -> str:
    """What an entity shows for an example of the contract."""
    return render(announced[key]["value_template"], examples()[example][1].encode())


def test_the_announcement_is_what_the_documentation_asks_for() -> None:
    said = announcement(TOPICS, ("band", "watch"), {"battery_old": "sensor"})
    content = json.loads(said.payload)
    check(said.topic, content)
    assert content["components"]["battery_old"] == {"platform": "sensor"}
    assert "battery_old" not in said.platforms
    assert {"score", "pain_alarm", "mode", "cannot_assess", "battery_band", "battery_watch", "pause_audio"} <= set(
        said.platforms
    )


@pytest.mark.parametrize(
    "wrong", [{"platform": "sensor", "unique_id": "x", "stat": "y"}, {"platform": "lamp", "unique_id": "x"}]
)
def test_the_checks_find_what_is_wrong(wrong: dict[str, object]) -> None:
    content = json.loads(announcement(TOPICS, ()).payload)
    content["components"]["score"] = wrong
    with pytest.raises(AssertionError):
        check(CONFIG, content)


def test_no_two_beds_share_an_identity() -> None:
    places = [("a", "b_c"), ("a_b", "c"), ("a.b", "c"), ("a", "b.c"), ("a", "b__c"), ("a__b", "c"), ("a_", "b")]
    assert len({object_id(Topics(*place)) for place in places}) == len(places)


def test_entities_show_what_the_box_says() -> None:
    announced = parts(announcement(TOPICS, ("band",)).payload)
    assert shown(announced, "score", "state: pain, all modalities") == "7.25"
    assert shown(announced, "verdict", "state: pain, all modalities") == "pain"
    assert shown(announced, "mode", "state: cannot assess") == "blind"
    assert shown(announced, "cannot_assess", "state: cannot assess") == "ON"
    assert shown(announced, "cannot_assess", "state: pain, all modalities") == "OFF"
    assert shown(announced, "pain_alarm", "alert: pain, face alone") == "on"
    assert shown(announced, "battery_band", "sensors") == "14.0"


def test_a_blind_bed_has_no_score_in_home_assistant_rather_than_its_last() -> None:
    announced = parts(announcement(TOPICS, ()).payload)
    assert shown(announced, "score", "state: cannot assess") == "None"  # its word for: unknown
    assert int(announced["score"]["expire_after"]) <= 30


@pytest.mark.parametrize("key", ["acknowledge_pain", "acknowledge_cannot_assess", "pause_audio", "resume", "locate"])
def test_every_button_gives_a_command_that_the_box_takes(key: str) -> None:
    button = parts(announcement(TOPICS, ()).payload)[key]
    first = render(button["command_template"], at_s=1_767_225_615.25)
    second = render(button["command_template"], at_s=1_767_225_615.75)
    command = authorised(parse(first.encode()), Channel.HOME)
    assert command.by == "home: Home Assistant"
    assert parse(second.encode()).id != command.id
    assert button["command_topic"] == "anodyne/ward/bed7/command/home"
    assert not button["retain"]


async def test_it_is_announced_retained_and_again_when_home_assistant_starts(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "SPREAD_S", 0.1)
    store = Store.open(tmp_path / "state.db")
    async with announcing(mosquitto.mqtt(home_assistant=True), store):
        house = House(mosquitto)
        await until(lambda: CONFIG in house.kept)
        check(CONFIG, json.loads(house.kept[CONFIG]))
        before = house.times[CONFIG]
        house.say(STATUS_TOPIC, "offline")
        house.say(STATUS_TOPIC, "online")
        await until(lambda: house.times[CONFIG] == before + 1)
        house.close()
    store.close()


async def test_a_band_that_is_gone_is_taken_out_of_the_device(mosquitto: Mosquitto, tmp_path: Path) -> None:
    store = Store.open(tmp_path / "state.db")
    mqtt = mosquitto.mqtt(home_assistant=True)
    house = House(mosquitto)
    async with announcing(mqtt, store, ("band",)):
        await until(lambda: CONFIG in house.kept)
    async with announcing(mqtt, store, ()):
        await until(lambda: house.times[CONFIG] == 2)
    assert parts(house.kept[CONFIG])["battery_band"] == {"platform": "sensor"}
    house.close()
    store.close()


async def test_a_bed_with_another_name_takes_its_old_announcement_back(mosquitto: Mosquitto, tmp_path: Path) -> None:
    store = Store.open(tmp_path / "state.db")
    mqtt = mosquitto.mqtt(home_assistant=True)
    house = House(mosquitto)
    async with announcing(mqtt, store):
        await until(lambda: CONFIG in house.kept)
    other = config_topic(Topics("ward", "bed8"))
    async with announcing(mqtt, store, bed="bed8"):
        await until(lambda: other in house.kept)
    await until(lambda: house.kept[CONFIG] == b"")
    house.close()
    store.close()


async def test_switched_off_it_is_taken_back_once_and_forgotten(mosquitto: Mosquitto, tmp_path: Path) -> None:
    store = Store.open(tmp_path / "state.db")
    async with announcing(mosquitto.mqtt(home_assistant=True), store):
        house = House(mosquitto)
        await until(lambda: CONFIG in house.kept)
        house.close()
    async with announcing(mosquitto.mqtt(), store) as second:
        assert second.needed
        await until(lambda: not second.needed)
    late = House(mosquitto)
    await asyncio.sleep(0.3)
    assert CONFIG not in late.kept
    late.close()
    third = HomeAssistant(mosquitto.mqtt(), Box(site="ward", bed="bed7"), (), store, SystemClock())
    assert not third.needed
    store.close()


async def test_a_button_acknowledges_at_the_box_and_a_report_is_refused(mosquitto: Mosquitto, tmp_path: Path) -> None:
    button = parts(announcement(TOPICS, ()).payload)["acknowledge_pain"]
    mqtt = mosquitto.mqtt(home_assistant=True)
    house = House(mosquitto)
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mqtt) as box:
        await until(lambda: box.publisher.connected)
        box.see(8)
        house.say(button["command_topic"], render(button["command_template"]))
        await until(lambda: [one.presence for one in nurse.alerts()] == ["on", "acknowledged"])
        house.say(button["command_topic"], '{"id":"r","do":"report","scale":"nrs","value":0,"by":"Home Assistant"}')
        await until(lambda: len(nurse.messages("reply")) == 2)
        done, refused = nurse.messages("reply")
        assert isinstance(done, ReplyMessage)
        assert isinstance(refused, ReplyMessage)
        assert done.ok
        assert (refused.to, refused.ok, refused.reason) == ("r", False, "not_authorised")
    house.close()


async def test_without_the_switch_nobody_listens_to_home_automation(mosquitto: Mosquitto, tmp_path: Path) -> None:
    house = House(mosquitto)
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        box.see(8)
        house.say("anodyne/ward/bed7/command/home", '{"id":"a","do":"acknowledge","condition":"pain","by":"x"}')
        await asyncio.sleep(0.5)
        assert [one.presence for one in nurse.alerts()] == ["on"]
        assert nurse.messages("reply") == []
    house.close()


async def test_under_the_access_list_of_the_documentation_home_automation_cannot_act_as_a_station(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "guarded"
    folder.mkdir()
    acl = (
        "user box\ntopic read anodyne/ward/bed7/command/#\ntopic read anodyne/ward/bed7/command\n"
        "topic write anodyne/ward/bed7/#\n"
        "user home\ntopic read anodyne/#\ntopic write anodyne/+/+/command/home\n"
    )
    broker = Mosquitto(folder, {"box": "right", "home": "right"}, acl)
    (folder / "password").write_text("right\n")
    mqtt = broker.mqtt(home_assistant=True, username="box", password_file=folder / "password")
    broker.start()
    told: dict[str, int] = {}
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.username_pw_set("home", "right")
    client.on_publish = lambda _client, _data, mid, code, _more: told.__setitem__(str(mid), int(code.value))
    try:
        async with running(tmp_path, mqtt) as box:
            await until(lambda: box.publisher.connected)
            box.see(8)
            client.connect("127.0.0.1", broker.port)
            client.loop_start()
            command = '{"id":"x","do":"acknowledge","condition":"pain","by":"x"}'
            refused = client.publish("anodyne/ward/bed7/command", command, qos=1)
            await until(lambda: str(refused.mid) in told)
            assert told[str(refused.mid)] == 0x87  # not authorised
            await asyncio.sleep(0.2)
            assert [one.presence for one in box.manager.active()] == ["on"]
            client.publish("anodyne/ward/bed7/command/home", command, qos=1)
            await until(lambda: [one.presence for one in box.manager.active()] == ["acknowledged"])
    finally:
        client.disconnect()
        client.loop_stop()
        broker.kill()
