"""What the doctor says of the broker: a real one that takes, refuses, freezes, or is old."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from edge.config import Mqtt
from edge.health.broker import broker, password_file
from edge.health.findings import Grade
from edge.publish.embedded import EmbeddedBroker, free_port
from tests.peers.broker import Mosquitto
from tests.peers.broker import amqtt as amqtt
from tests.peers.broker import mosquitto as mosquitto


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that knows one user."""
    served = Mosquitto(tmp_path, users={"bed1": "right"})
    served.start()
    yield served
    with suppress(ProcessLookupError):
        served.kill()


def test_a_broker_that_takes_us_is_fine(mosquitto: Mosquitto) -> None:
    finding = broker(mosquitto.mqtt())
    assert (finding.grade, "accepts a session over MQTT 5, not encrypted" in finding.text) == (Grade.OK, True)


def test_an_old_broker_is_a_warning(amqtt: EmbeddedBroker) -> None:
    finding = broker(Mqtt(host=amqtt.host, port=amqtt.port))
    assert (finding.grade, "MQTT 3.1.1 only" in finding.text) == (Grade.WARNING, True)


def test_nobody_at_the_port_is_an_error() -> None:
    finding = broker(Mqtt(host="127.0.0.1", port=free_port()))
    assert (finding.grade, "cannot be reached" in finding.text) == (Grade.ERROR, True)


def test_a_wrong_password_is_an_error_that_names_the_keys(guarded: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("wrong\n")
    finding = broker(guarded.mqtt(username="bed1", password_file=tmp_path / "password"))
    assert (finding.grade, "check [mqtt] username and password_file" in finding.text) == (Grade.ERROR, True)


def test_the_right_password_is_fine(guarded: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("right\n")
    assert broker(guarded.mqtt(username="bed1", password_file=tmp_path / "password")).grade is Grade.OK


def test_a_password_file_that_is_not_there_is_an_error(guarded: Mosquitto, tmp_path: Path) -> None:
    assert broker(guarded.mqtt(username="bed1", password_file=tmp_path / "none")).grade is Grade.ERROR


def test_a_program_that_is_no_broker_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        finding = broker(Mqtt(host="127.0.0.1", port=mute.getsockname()[1]))
    assert finding.grade is Grade.ERROR


def test_a_password_that_others_can_read_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("secret\n")
    path.chmod(0o644)
    finding = password_file(path)
    assert (finding.grade, "chmod 600" in finding.text, "secret" in finding.text) == (Grade.WARNING, True, False)


def test_a_password_that_only_the_daemon_can_read_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("secret\n")
    path.chmod(0o600)
    assert password_file(path).grade is Grade.OK
