"""The published JSON Schemas are those of the code, and fit what a real broker is given."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import jsonschema
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge.publish.payload import Acknowledge
from edge.publish.schema import MODELS, schema, write
from tests.peers.broker import Mosquitto, station, until
from tests.publish.box import running

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "schema"

SCHEMA_OF = {"event": "alert", "alarm": "alert"}


@pytest.mark.parametrize("name", list(MODELS))
def test_the_schema_in_the_repository_is_current(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_text() == schema(MODELS[name]), (
        "run: python -m edge.publish.schema docs/schema"
    )


def test_write_makes_one_file_per_message(tmp_path: Path) -> None:
    write(tmp_path / "schema")
    assert {path.stem for path in (tmp_path / "schema").iterdir()} == set(MODELS)


async def test_what_is_really_published_fits_its_schema(mosquitto: Mosquitto, tmp_path: Path) -> None:
    heard: list[tuple[str, bytes]] = []
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: heard.append((message.topic, bytes(message.payload)))
    client.connect("127.0.0.1", mosquitto.port)
    client.subscribe("anodyne/#", qos=1)
    client.loop_start()
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        for score in (1.0, 6.0, 8.0, None, 1.0):
            box.see(score)
            await asyncio.sleep(0.01)
        command = Acknowledge(id="c1", do="acknowledge", condition=box.manager.active()[0].condition, by="nurse")
        nurse.subscriber.send("ward", "bed7", command)
        await until(lambda: nurse.messages("reply"))
        await box.publisher.drain(5)
    leaves = {topic.split("/")[3] for topic, _ in heard}
    client.disconnect()
    client.loop_stop()
    assert leaves == {"availability", "state", "alarm", "event", "command", "reply"}
    for topic, payload in heard:
        leaf = topic.split("/")[3]
        text = (FOLDER / f"{SCHEMA_OF.get(leaf, leaf)}.json").read_text()
        jsonschema.validate(json.loads(payload), json.loads(text), cls=jsonschema.Draft202012Validator)
        assert leaf not in SCHEMA_OF or len(payload) <= 256
