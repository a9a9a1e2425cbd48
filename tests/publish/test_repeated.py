"""A station that comes later, to a broker that gives it nothing retained, hears of a standing alarm all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import paho.mqtt.publish as publish
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.publish import standing as room
from edge.publish import subscriber
from edge.publish.payload import AlertMessage, decode
from edge.publish.subscriber import Received, Subscriber
from edge.station.ward import Place, Ward
from edge.types import Condition, Presence
from tests.peers.broker import Mosquitto, station, until
from tests.publish.box import SmallBox, running

PAIN = "anodyne/ward/bed7/alarm/pain"


@contextmanager
def forgetful(broker: Mosquitto) -> Iterator[list[AlertMessage]]:
    """What a subscriber hears of the alarm that gets nothing retained."""
    heard: list[AlertMessage] = []

    def hear(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        alert = decode(AlertMessage, bytes(message.payload))
        if alert is not None:
            heard.append(alert)

    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_message = hear
    client.connect("127.0.0.1", broker.port)
    client.subscribe(PAIN, options=SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND))
    client.loop_start()
    try:
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


async def ticking(box: SmallBox, score: float, seconds: float) -> None:
    """The box assesses as usual."""
    end_ns = box.clock.now_ns() + round(seconds * 1e9)
    while box.clock.now_ns() < end_ns:
        box.see(score)
        await asyncio.sleep(0.05)


async def test_a_standing_alarm_is_repeated_as_it_was_and_known_stations_hear_it_once(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "ALARMS_EVERY_S", 0.3)
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        [raised] = box.see(8)
        assert await box.publisher.drain(5)
        with forgetful(mosquitto) as heard:
            await ticking(box, 8, 1.2)
            assert len(heard) >= 2
            assert {(one.id, one.presence) for one in heard} == {(raised.id, Presence.ON)}
        assert len(nurse.alerts("alarm/pain")) == 1


async def test_the_end_of_an_alarm_is_repeated_for_a_while_only(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "ALARMS_EVERY_S", 0.2)
    monkeypatch.setattr(room, "ENDED_REPEATED_S", 1.0)
    async with running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        box.see(8)
        box.acknowledge()
        box.see(1)
        assert await box.publisher.drain(5)
        with forgetful(mosquitto) as heard:
            await ticking(box, 1, 0.8)
            assert heard
            assert {one.presence for one in heard} == {Presence.OFF}
        await ticking(box, 1, 0.8)
        with forgetful(mosquitto) as heard:
            await ticking(box, 1, 0.8)
            assert heard == []


async def test_an_alarm_that_a_broker_dug_out_again_is_not_shown_in_place_of_what_became_of_it(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "ALARMS_EVERY_S", 0.1)
    monkeypatch.setattr(subscriber, "REMEMBERED", 6)
    ward = Ward()
    heard: list[Received] = []

    def hear(received: Received) -> None:
        heard.append(received)
        ward.hear(received)

    nurse = Subscriber(mosquitto.mqtt(), hear)
    listening = asyncio.create_task(nurse.run())

    def pain() -> Presence | None:
        bed = ward.beds.get(Place("ward", "bed7"))
        return None if bed is None or Condition.PAIN not in bed.alarms else bed.alarms[Condition.PAIN].presence

    async with running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        box.see(8)
        await until(lambda: pain() is Presence.ON)
        [raised] = [one.message for one in heard if one.address.leaf == "alarm/pain"]
        box.acknowledge()
        for score in (8, 6, 8, 6, 8, 6, 8, 6):  # many states: the station forgets that it knew the first one
            await ticking(box, score, 0.15)
        await until(lambda: pain() is Presence.ACKNOWLEDGED)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    mosquitto.kill()
    mosquitto.start()
    await asyncio.to_thread(
        publish.single, PAIN, raised.encode(), qos=1, retain=True, hostname="127.0.0.1", port=mosquitto.port
    )
    listening = asyncio.create_task(nurse.run())
    await until(lambda: [one for one in heard if one.message.id == raised.id and one.retained])
    assert pain() is Presence.ACKNOWLEDGED
    async with running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        await ticking(box, 8, 0.5)
        assert pain() is Presence.ACKNOWLEDGED
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
