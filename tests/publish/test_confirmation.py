"""What a station has not confirmed is neither forgotten nor kept quiet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import paho.mqtt.client as paho
import paho.mqtt.publish as paho_publish
import pytest

from edge.clock import SystemClock
from edge.config import Mqtt
from edge.publish.payload import AlertMessage
from edge.publish.payload.alert import alert_message
from edge.publish.subscriber import Received, Subscriber
from edge.publish.topics import Address
from edge.types import NS_PER_S
from tests.peers.broker import Mosquitto, station, until
from tests.publish.box import running

RECEIPT = "anodyne/ward/bed7/receipt"


class PushedClock(SystemClock):
    """The system's clock, pushed forward by the test."""

    push_s = 0.0

    def now_ns(self) -> int:
        """Monotonic nanoseconds plus the push."""
        return super().now_ns() + round(self.push_s * NS_PER_S)


@asynccontextmanager
async def confirming(mqtt: Mqtt, name: str = "north") -> AsyncIterator[list[Received]]:
    """A station that confirms every alert for the time of the block; what it heard for the first time."""
    heard: list[Received] = []

    def hear(received: Received) -> None:
        if isinstance(received.message, AlertMessage):
            heard.append(received)
            subscriber.confirm(received, name)

    subscriber = Subscriber(mqtt, hear)
    task = asyncio.create_task(subscriber.run())
    try:
        await asyncio.wait_for(subscriber.ready.wait(), 10)
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def events(heard: list[Received]) -> list[str]:
    return [one.message.id for one in heard if one.address.leaf == "event"]


def say(port: int, payload: bytes, topic: str = RECEIPT) -> None:
    paho_publish.single(topic, payload, qos=1, hostname="127.0.0.1", port=port, protocol=paho.MQTTv5)


async def test_a_confirmed_alert_leaves_the_outbox_and_its_proof_names_the_three(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with confirming(mosquitto.mqtt()), running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        [alert] = box.see(8)
        await until(lambda: not box.outbox.unconfirmed() and not box.publisher.pending())
        box.publisher.proofs.person(alert.seq, "Ruth", box.clock.instant())
        [proof] = box.publisher.proofs.newest(10)
        assert (proof.alert.id, proof.station, proof.person) == (alert.id, "north", "Ruth")
        assert proof.broker_ms is not None
        assert proof.station_ms is not None
        assert proof.person_ms is not None
        assert max(proof.broker_ms, proof.station_ms) <= proof.person_ms < 10_000
        assert "station" in proof.words()


async def test_a_station_that_dies_after_the_broker_has_taken_an_alert_gets_it_when_it_is_back(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    clock = PushedClock()
    async with running(tmp_path, mosquitto.mqtt(), clock) as box:
        async with station(mosquitto.mqtt()) as deaf:  # hears and dies before it confirms
            await until(lambda: box.publisher.connected)
            [alert] = box.see(8)
            await until(lambda: deaf.alerts())
            await until(lambda: box.outbox.unconfirmed() == 1)
        async with confirming(mosquitto.mqtt()) as heard:
            clock.push_s = 31.0
            box.see(8)
            await until(lambda: events(heard) == [alert.id])
            await until(lambda: box.outbox.unconfirmed() == 0)


async def test_a_broker_that_forgot_what_it_acknowledged_is_told_again(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        alerts = box.raise_alerts(5)
        assert await box.publisher.drain(10)
        mosquitto.kill()
        mosquitto.start()
        async with confirming(mosquitto.mqtt()) as heard:
            await until(lambda: len(events(heard)) == 5)
            assert events(heard) == [one.id for one in alerts]
            await until(lambda: box.outbox.unconfirmed() == 0)


async def test_the_way_is_silent_while_no_station_confirms_an_alarm_that_sounds(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    clock = PushedClock()
    async with running(tmp_path, mosquitto.mqtt(), clock) as box:
        await until(lambda: box.publisher.connected)
        box.see(8)
        assert await box.publisher.drain(10)
        clock.push_s = 29.0
        assert not box.publisher.silent(clock.now_ns())
        clock.push_s = 31.0
        assert box.publisher.silent(clock.now_ns())
        async with confirming(mosquitto.mqtt()):
            await until(lambda: not box.publisher.silent(clock.now_ns()), 30)


async def test_a_receipt_without_a_connection_is_sent_by_the_next_one(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        [alert] = box.see(8)
        assert await box.publisher.drain(10)
        message = alert_message(alert)
        station = Subscriber(mosquitto.mqtt(), lambda _: None)  # hears, and confirms nothing of itself
        station.confirm(Received(Address("ward", "bed7", "event"), message, retained=False, arrived_ns=0), "north")
        task = asyncio.create_task(station.run())
        await until(lambda: not box.outbox.unconfirmed())
        assert box.publisher.proofs.newest(1)[0].station == "north"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_box_without_a_station_waits_for_none(mosquitto: Mosquitto, tmp_path: Path) -> None:
    clock = PushedClock()
    async with running(tmp_path, mosquitto.mqtt(station_within_s=0), clock) as box:
        await until(lambda: box.publisher.connected)
        box.see(8)
        assert await box.publisher.drain(10)
        clock.push_s = 3600.0
        assert not box.publisher.silent(clock.now_ns())
        assert box.outbox.unconfirmed() == 0


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff\xd8\xff", b"[]", b"{" * 5000, b'{"id":"0123456789ab-999999","by":"x"}', b"x" * 40_000],
    ids=["empty", "picture", "list", "deep", "forged", "long"],
)
async def test_a_receipt_that_is_none_confirms_nothing(mosquitto: Mosquitto, tmp_path: Path, payload: bytes) -> None:
    async with running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        box.see(8)
        assert await box.publisher.drain(10)
        await asyncio.to_thread(say, mosquitto.port, payload)
        await asyncio.to_thread(say, mosquitto.port, payload)
        await asyncio.sleep(0.2)
        assert box.outbox.unconfirmed() == 1
        assert box.publisher.connected


async def test_a_megabyte_on_a_boxs_topic_does_not_reach_it(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        box.see(8)
        await asyncio.to_thread(say, mosquitto.port, b"x" * 1_000_000, "anodyne/ward/bed7/command")
        await asyncio.to_thread(say, mosquitto.port, b"no command", "anodyne/ward/bed7/command")
        await until(lambda: nurse.messages("reply"))
        assert len(nurse.messages("reply")) == 1  # the small one was read and refused, the large one never came
        assert box.publisher.connected
