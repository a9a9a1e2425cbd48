"""Commands over a real Mosquitto: carried out once, answered alike, refused with a reason."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import paho.mqtt.client as paho
import paho.mqtt.publish as paho_publish
import pytest

from edge.publish.payload import Acknowledge, ReplyMessage
from tests.peers.broker import Mosquitto, Station, station, until
from tests.publish.box import running


def _send(port: int, payload: bytes, *, retain: bool = False) -> None:
    paho_publish.single(
        "anodyne/ward/bed7/command", payload, qos=1, retain=retain, hostname="127.0.0.1", port=port,
        protocol=paho.MQTTv5,
    )  # fmt: skip


def _replies(nurse: Station) -> list[ReplyMessage]:
    return [one for one in nurse.messages("reply") if isinstance(one, ReplyMessage)]


async def test_an_acknowledgement_that_comes_twice_takes_effect_once(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        box.see(8)
        command = {"id": "c1", "do": "acknowledge", "condition": "pain", "by": "nurse"}
        for _ in range(2):
            await asyncio.to_thread(_send, mosquitto.port, json.dumps(command).encode())
        await until(lambda: [one.presence for one in nurse.alerts()] == ["on", "acknowledged"])
        await until(lambda: len(_replies(nurse)) == 2)
        assert [(one.to, one.ok) for one in _replies(nurse)] == [("c1", True), ("c1", True)]
        assert len(nurse.alerts()) == 2


async def test_a_command_from_the_subscriber_is_carried_out(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        [alert] = box.see(8)
        command = Acknowledge(id="c1", do="acknowledge", episode=alert.seq, by="nurse")
        assert nurse.subscriber.send("ward", "bed7", command)
        await until(lambda: [one.presence for one in nurse.alerts()] == ["on", "acknowledged"])


@pytest.mark.parametrize("do", ["set_reference", "reset_reference"])
async def test_a_reference_command_is_answered_alike_when_it_comes_twice(
    mosquitto: Mosquitto, tmp_path: Path, do: str
) -> None:
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        command = {"id": "c1", "do": do, "by": "nurse"}
        for _ in range(2):
            await asyncio.to_thread(_send, mosquitto.port, json.dumps(command).encode())
        await until(lambda: len(_replies(nurse)) == 2)
        first, second = _replies(nurse)
        assert (first.to, first.ok, first.detail) == ("c1", True, f"{do} for nurse")
        assert (second.to, second.ok, second.detail) == (first.to, first.ok, first.detail)
        assert second.id != first.id


@pytest.mark.parametrize(
    ("payload", "to", "reason"),
    [
        (b"\xff\xd8\xff\xe0", "", "malformed"),
        (b"[]", "", "malformed"),
        (b"{" * 2000, "", "malformed"),
        (b'{"id":"c1","do":"acknowledge","by":"nurse"}', "c1", "malformed"),
        (b'{"id":"c1","do":"acknowledge","condition":"pain","by":"nurse","and":1}', "c1", "malformed"),
        (b'{"id":"c1","do":"acknowledge","condition":"joy","by":"nurse"}', "c1", "malformed"),
        (b'{"id":"c1","do":"reboot","by":"nurse"}', "c1", "unknown"),
        (b'{"id":"c1","do":"acknowledge","condition":"band_lost","by":"nurse"}', "c1", "not_applicable"),
        (b'{"id":"c1","do":"acknowledge","episode":99,"by":"nurse"}', "c1", "not_applicable"),
        (b'{"id":"c1","do":"set_reference"}', "c1", "malformed"),
        (b'{"id":"c1","do":"reset_reference","condition":"pain","by":"nurse"}', "c1", "malformed"),
    ],
    ids=[
        "picture",
        "list",
        "long",
        "no-target",
        "extra-key",
        "condition",
        "do",
        "inactive",
        "episode",
        "nobody",
        "target",
    ],
)
async def test_a_bad_command_is_answered_and_has_no_effect(
    mosquitto: Mosquitto, tmp_path: Path, payload: bytes, to: str, reason: str
) -> None:
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        [alert] = box.see(8)
        await asyncio.to_thread(_send, mosquitto.port, payload)
        await until(lambda: _replies(nurse))
        [reply] = _replies(nurse)
        assert (reply.to, reply.ok, reply.reason) == (to, False, reason)
        assert reply.detail
        assert box.manager.active() == (alert,)


async def test_a_retained_command_is_ignored(mosquitto: Mosquitto, tmp_path: Path) -> None:
    command = {"id": "old", "do": "acknowledge", "condition": "pain", "by": "ghost"}
    await asyncio.to_thread(_send, mosquitto.port, json.dumps(command).encode(), retain=True)
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt()) as box:
        [alert] = box.see(8)
        await until(lambda: box.publisher.connected)
        await asyncio.sleep(0.3)
        assert box.manager.active() == (alert,)
        assert _replies(nurse) == []
