"""Alerts as CBOR: short enough, and the same alert again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion

from edge.publish.cbor import KEYS, MAX_CBOR_BYTES, cddl, decode_alert, encode_alert
from edge.publish.payload import AlertMessage, alert_message, decode
from tests.peers.broker import Mosquitto, until
from tests.publish.box import running
from tests.publish.test_payload import worst_alerts

SHORT = AlertMessage.model_validate_json(
    '{"id":"0123456789ab-5","t":15000,"w":1767225615000,"y":true,"v":"real","m":"face+ppg","ep":5,"c":"pain","p":"high",'
    '"s":"on","x":{"g":"nw"},"n":8.0,"i":[7.0,9.0],"r":["AU4","AU43"]}'
)


@contextmanager
def listening(broker: Mosquitto, topic: str, heard: dict[str, bytes]) -> Iterator[None]:
    """A plain client that keeps the last payload of each topic."""
    client = paho.Client(CallbackAPIVersion.VERSION2)

    def keep(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        heard[message.topic] = bytes(message.payload)

    client.on_message = keep
    client.connect(broker.mqtt().host, broker.mqtt().port)
    client.subscribe(topic, qos=1)
    client.loop_start()
    try:
        yield
    finally:
        client.disconnect()
        client.loop_stop()


def test_no_alert_is_longer_than_128_bytes() -> None:
    assert max(len(encode_alert(alert_message(alert))) for alert in worst_alerts()) <= MAX_CBOR_BYTES


def test_an_alert_comes_back_as_it_was() -> None:
    for alert in worst_alerts():
        message = alert_message(alert)
        assert decode_alert(encode_alert(message)) == message


def test_the_bytes_are_those_of_the_standard() -> None:
    """Written out by hand after RFC 8949, appendix A."""
    assert encode_alert(SHORT).hex() == (
        "ae"
        "0082460123456789ab05"  # 0: [h'0123456789ab', 5]
        "01193a98"  # 1: 15000
        "021b0000019b76dae298"  # 2: 1767225615000
        "03f5"  # 3: true
        "0400"  # 4: real
        "0503"  # 5: face, ppg
        "0605"  # 6: 5
        "0700"  # 7: pain
        "0802"  # 8: high
        "0900"  # 9: on
        "0aa1020d"  # 10: {gsr: not worn}
        "0b1850"  # 11: 80
        "0c821846185a"  # 12: [70, 90]
        "0d82634155346441553433"  # 13: ["AU4", "AU43"]
    )


@given(st.binary(max_size=160))
def test_foreign_bytes_are_refused_with_one_error(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_alert(payload)


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_changed_byte_is_another_alert_or_an_error(position: int, value: int) -> None:
    payload = bytearray(encode_alert(SHORT))
    payload[position % len(payload)] = value
    try:
        found = decode_alert(bytes(payload))
    except ValueError:
        return
    assert decode(AlertMessage, found.encode()) == found


def test_the_schema_is_the_one_in_the_documentation() -> None:
    page = Path("docs/schema/compact.cddl")
    if not page.exists():
        pytest.skip("the documentation is not beside the tests")
    assert page.read_text(encoding="utf-8") == cddl(), "run: make docs"
    assert len(KEYS) == 15


async def test_a_box_that_is_asked_to_says_each_alert_in_cbor_too(mosquitto: Mosquitto, tmp_path: Path) -> None:
    heard: dict[str, bytes] = {}
    with listening(mosquitto, "anodyne/ward/bed7/#", heard):
        async with running(tmp_path, mosquitto.mqtt().model_copy(update={"cbor": True})) as box:
            await until(lambda: box.publisher.connected)
            [alert] = box.see(6)
            await until(lambda: "anodyne/ward/bed7/cbor/alarm/pain" in heard)
    expected = alert_message(alert)
    assert decode_alert(heard["anodyne/ward/bed7/cbor/event"]) == expected
    assert decode_alert(heard["anodyne/ward/bed7/cbor/alarm/pain"]) == expected
