"""The contract: what is written down is what the code does, and every example passes through a real broker."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import cbor2
import jsonschema
import paho.mqtt.client as paho
import pycddl
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge.publish.cbor import (
    MAX_CBOR_BYTES,
    MAX_CBOR_STATE_BYTES,
    decode_alert,
    decode_state,
    encode_alert,
    encode_state,
)
from edge.publish.contract.examples import ALL, NOW, assessment, examples
from edge.publish.contract.page import page
from edge.publish.contract.table import COMMANDS, ROWS
from edge.publish.payload import (
    MAX_ALERT_BYTES,
    MAX_STATE_BYTES,
    Acknowledge,
    AlertMessage,
    Message,
    StateMessage,
    decode,
    state_message,
)
from edge.publish.schema import COMPACT, JSON, MODELS, messages_cddl, schema, write
from edge.publish.topics import parse
from edge.types import Absence, Hold, Modality, Validity
from tests.peers.broker import Mosquitto, station, until
from tests.publish.box import running

DOCS = Path(__file__).resolve().parents[2] / "docs"
FOLDER = DOCS / "schema"

STATES = [message for _, message in examples().values() if isinstance(message, StateMessage)]
ALERTS = [message for _, message in examples().values() if isinstance(message, AlertMessage)]


def schemas_of(leaf: str) -> tuple[str, ...]:
    """Names of the schemas of a leaf, from the table of topics."""
    for row in ROWS:
        stem = row.leaf.partition("<")[0]
        if leaf == row.leaf or ("<" in row.leaf and leaf.startswith(stem)):
            return row.schemas
    raise AssertionError(f"{leaf} is not in the contract")


def validated(leaf: str, payload: bytes) -> None:
    """Hold a payload against the published JSON Schema of its topic and against the CDDL."""
    names = schemas_of(leaf)
    content = json.loads(payload)
    fits = [name for name in names if _validator(name).is_valid(content)]
    assert len(fits) == 1, f"{leaf}: {payload!r} fits {fits} of {names}"
    pycddl.Schema((FOLDER / JSON).read_text()).validate_cbor(cbor2.dumps(content))


def _validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((FOLDER / f"{name}.json").read_text()))


@pytest.mark.parametrize("name", list(MODELS))
def test_the_schema_in_the_repository_is_current(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_text() == schema(MODELS[name]), "run: make docs"


def test_page_and_cddl_in_the_repository_are_current() -> None:
    assert (DOCS / "contract.md").read_text(encoding="utf-8") == page(), "run: make docs"
    assert (FOLDER / JSON).read_text(encoding="utf-8") == messages_cddl(), "run: make docs"


def test_write_makes_one_file_per_message_and_two_for_cddl(tmp_path: Path) -> None:
    write(tmp_path / "schema")
    assert {path.name for path in (tmp_path / "schema").iterdir()} == {f"{name}.json" for name in MODELS} | {
        COMPACT,
        JSON,
    }


def test_every_message_has_a_topic_and_every_topic_an_example() -> None:
    assert {name for row in ROWS for name in row.schemas} == set(MODELS)
    told = {name for leaf, _ in examples().values() for name in schemas_of(leaf)}
    assert told == set(MODELS)
    assert {type(message) for _, message in examples().values()} == set(MODELS.values())
    assert set(COMMANDS) == {name for name in MODELS if name.endswith("command")}


async def test_every_example_passes_a_real_broker_and_fits_its_schemas(mosquitto: Mosquitto) -> None:
    heard: dict[str, list[bytes]] = {}
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_message = lambda _client, _data, message: heard.setdefault(message.topic, []).append(
        bytes(message.payload)
    )
    client.connect("127.0.0.1", mosquitto.port)
    client.subscribe("anodyne/#", qos=1)
    client.loop_start()
    try:
        await asyncio.sleep(0.1)
        for leaf, message in examples().values():
            client.publish(f"anodyne/ward/bed7/{leaf}", message.encode(), qos=1)
        await until(lambda: sum(map(len, heard.values())) == len(examples()))
    finally:
        client.disconnect()
        client.loop_stop()
    for topic, payloads in heard.items():
        address = parse(topic)
        assert address is not None
        for payload in payloads:
            validated(address.leaf, payload)


async def test_what_a_box_really_publishes_fits_its_schema(mosquitto: Mosquitto, tmp_path: Path) -> None:
    heard: list[tuple[str, bytes]] = []
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: heard.append((message.topic, bytes(message.payload)))
    client.connect("127.0.0.1", mosquitto.port)
    client.subscribe("anodyne/#", qos=1)
    client.loop_start()
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt(cbor=True)) as box:
        await until(lambda: box.publisher.connected)
        for score in (1.0, 6.0, 8.0, None, 1.0):
            box.see(score)
            await asyncio.sleep(0.01)
        command = Acknowledge(id="c1", do="acknowledge", condition=box.manager.active()[0].condition, by="nurse")
        nurse.subscriber.send("ward", "bed7", command)
        await until(lambda: nurse.messages("reply"))
        await box.publisher.drain(5)
    client.disconnect()
    client.loop_stop()
    leaves = {topic.split("/")[3] for topic, _ in heard}
    assert leaves == {"availability", "state", "alarm", "event", "command", "reply", "cbor"}
    compact = pycddl.Schema((FOLDER / COMPACT).read_text())
    for topic, payload in heard:
        leaf = topic.split("/", 3)[3]
        if leaf.startswith("cbor/"):
            compact.validate_cbor(payload)
        else:
            validated(leaf, payload)


@pytest.mark.parametrize("message", [*ALERTS, *STATES])
def test_an_independent_decoder_reads_the_same_and_the_cddl_admits_it(message: AlertMessage | StateMessage) -> None:
    payload = encode_alert(message) if isinstance(message, AlertMessage) else encode_state(message)
    pycddl.Schema((FOLDER / COMPACT).read_text()).validate_cbor(payload)
    content = cbor2.loads(payload)
    assert content[0] == [bytes.fromhex(message.boot_id), message.seq]
    assert [content[1], content[2]] == [message.since_boot_ms, message.wall_ms]
    assert cbor2.dumps(content, canonical=True) == payload


@pytest.mark.parametrize("forged", [b"\xa0", b"\x80", cbor2.dumps({0: [b"abc", 1]}), cbor2.dumps({6: "pain"})])
def test_the_cddl_refuses_what_is_no_message(forged: bytes) -> None:
    with pytest.raises(pycddl.ValidationError):
        pycddl.Schema((FOLDER / COMPACT).read_text()).validate_cbor(forged)


@pytest.mark.parametrize(
    ("leaf", "change"),
    [
        ("state", {"d": "joy"}),
        ("state", {"k": {"f": [1, 2]}}),
        ("state", {"picture": "aGVsbG8="}),
        ("event", {"c": "joy"}),
        ("command", {"do": "reboot"}),
        ("command", {"by": 7}),
    ],
)
def test_schemas_refuse_what_the_models_refuse(leaf: str, change: dict[str, object]) -> None:
    [message] = [one for where, one in examples().values() if where == leaf][:1]
    payload = json.dumps(json.loads(message.encode()) | change).encode()
    assert decode(type(message), payload) is None
    with pytest.raises(AssertionError):
        validated(leaf, payload)


def test_alerts_and_states_keep_to_their_limits() -> None:
    assert max(len(one.encode()) for one in ALERTS) <= MAX_ALERT_BYTES
    assert max(len(encode_alert(one)) for one in ALERTS) <= MAX_CBOR_BYTES
    for holds in ((), (Hold.CARE,), tuple(Hold)):
        for mode in (ALL, ALL[:2], ALL[:1], ()):
            seen = assessment(7.25 if mode else None, mode, Absence.ESTIMATOR_FAULT)
            message = state_message(seen, NOW, 99_999_999, Validity.REAL, 10.0, holds)
            assert len(message.encode()) <= MAX_STATE_BYTES
            assert len(encode_state(message)) <= MAX_CBOR_STATE_BYTES
            assert message.holds == list(holds)
            assert set(message.missing) == set(ALL) - set(mode)


@pytest.mark.parametrize("message", STATES)
def test_a_state_comes_back_as_it_was(message: StateMessage) -> None:
    assert decode(StateMessage, message.encode()) == message
    again = decode_state(encode_state(message))
    assert again == message.model_copy(update={"reasons": again.reasons})
    assert message.reasons[: len(again.reasons)] == again.reasons


def test_contributions_are_integers_on_the_wire() -> None:
    state = json.loads(STATES[0].encode())
    assert state["k"] == {"f": [21, 92, 14], "p": [21, 92, 14], "g": [-4, 92, 14]}
    assert [one.modality for one in STATES[0].contributions] == [Modality.FACE, Modality.PPG, Modality.GSR]


@pytest.mark.parametrize("message", ALERTS)
def test_an_alert_comes_back_from_cbor(message: AlertMessage) -> None:
    assert decode_alert(encode_alert(message)) == message


def test_examples_are_true_messages() -> None:
    for _, message in examples().values():
        assert isinstance(message, Message)
        assert decode(type(message), message.encode()) == message
