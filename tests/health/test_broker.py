"""What the doctor says of the way to the nurse: a real broker that takes, refuses, freezes, or is old; a station."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from edge.config import Box, Mqtt
from edge.health.broker import broker_stages, password_file
from edge.health.findings import Finding, Grade
from edge.publish.embedded import EmbeddedBroker, free_port
from edge.publish.subscriber import Received, Subscriber, is_probe
from tests.peers.authority import Authority
from tests.peers.broker import Mosquitto
from tests.peers.broker import amqtt as amqtt
from tests.peers.broker import mosquitto as mosquitto

BOX = Box(site="ward", bed="bed")


def stages(config: Mqtt) -> dict[str, Finding]:
    """What is said, by name, in order."""
    return {one.name: one for one in broker_stages(config, BOX)}


@pytest.fixture
def unanswered(monkeypatch: pytest.MonkeyPatch) -> None:
    """No station is there, so nobody need wait long for its answer."""
    monkeypatch.setattr("edge.health.broker.STATION_S", 0.3)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that knows one user, who may write nothing of this bed."""
    served = Mosquitto(tmp_path, users={"bed1": "right"}, acl="user bed1\ntopic readwrite anodyne/other/#\n")
    served.start()
    yield served
    with suppress(ProcessLookupError):
        served.kill()


@contextmanager
def listening(mqtt: Mqtt) -> Iterator[list[str]]:
    """A station in a thread of its own, which confirms what asks for it; the names of what it has heard."""
    heard: list[str] = []
    ready, end = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    def hear(received: Received) -> None:
        heard.append(received.address.leaf)
        if is_probe(received.message):
            subscriber.confirm(received, "ward 3")

    subscriber: Subscriber

    async def serve() -> None:
        nonlocal subscriber
        subscriber = Subscriber(mqtt, hear)
        loops.append(asyncio.get_running_loop())
        task = asyncio.create_task(subscriber.run())
        await asyncio.wait_for(subscriber.ready.wait(), 10)
        ready.set()
        await end.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(15)
        yield heard
    finally:
        loops[0].call_soon_threadsafe(end.set)
        thread.join(15)


def test_every_stage_to_a_station_that_answers_is_told(mosquitto: Mosquitto) -> None:
    with listening(mosquitto.mqtt()) as heard:
        found = stages(mosquitto.mqtt())
    assert list(found) == ["broker name", "broker tcp", "broker session", "broker publish", "station"]
    assert {one.grade for one in found.values()} == {Grade.OK}
    assert found["station"].text == "ward 3 answers"
    assert heard == ["reply"]  # one message that nobody keeps, and no alarm


@pytest.mark.usefixtures("unanswered")
def test_a_broker_without_a_station_is_a_warning_that_says_what_follows(mosquitto: Mosquitto) -> None:
    found = stages(mosquitto.mqtt())
    assert (found["broker publish"].grade, found["station"].grade) == (Grade.OK, Grade.WARNING)
    assert "alarms will sound at the bed" in found["station"].text


@pytest.mark.usefixtures("unanswered")
def test_where_no_station_is_expected_its_silence_is_fine(mosquitto: Mosquitto) -> None:
    assert stages(mosquitto.mqtt(station_within_s=0.0))["station"].grade is Grade.OK


@pytest.mark.usefixtures("unanswered")
def test_an_old_broker_is_a_warning(amqtt: EmbeddedBroker) -> None:
    session = stages(Mqtt(host=amqtt.host, port=amqtt.port))["broker session"]
    assert (session.grade, "MQTT 3.1.1 only" in session.text) == (Grade.WARNING, True)


def test_a_name_without_an_address_is_the_first_stage_that_fails() -> None:
    found = stages(Mqtt(host="broker.invalid", port=1883))
    assert list(found) == ["broker name"]
    assert (found["broker name"].grade, "check [mqtt] host" in found["broker name"].remedy) == (Grade.ERROR, True)


def test_nobody_at_the_port_is_an_error_of_the_second() -> None:
    found = stages(Mqtt(host="127.0.0.1", port=free_port()))
    assert list(found) == ["broker name", "broker tcp"]
    assert "nobody listens there" in found["broker tcp"].text


def test_a_wrong_password_is_an_error_that_names_the_keys(guarded: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("wrong\n")
    session = stages(guarded.mqtt(username="bed1", password_file=tmp_path / "password"))["broker session"]
    assert (session.grade, "check [mqtt] username and password_file" in session.text) == (Grade.ERROR, True)


def test_an_access_list_that_keeps_the_bed_out_is_found(guarded: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("right\n")
    found = stages(guarded.mqtt(username="bed1", password_file=tmp_path / "password"))
    last = list(found.values())[-1]
    assert (last.grade, last.name in ("broker session", "broker publish")) == (Grade.ERROR, True)
    assert "ACL" in last.text or "access list" in last.remedy


def test_a_password_file_that_is_not_there_is_an_error(guarded: Mosquitto, tmp_path: Path) -> None:
    session = stages(guarded.mqtt(username="bed1", password_file=tmp_path / "none"))["broker session"]
    assert session.grade is Grade.ERROR


def encrypted(folder: Path, ends_in: timedelta) -> tuple[Mosquitto, Authority]:
    """A broker that speaks TLS."""
    authority = Authority(folder)
    certificate, key = authority.issue("broker", ends_in)
    served = Mosquitto(folder, more=(f"certfile {certificate}", f"keyfile {key}", "persistence false"))
    served.start()
    return served, authority


@pytest.mark.usefixtures("unanswered")
@pytest.mark.parametrize(
    ("ends_in", "grade"),
    [
        (timedelta(days=200), Grade.OK),
        (timedelta(days=10), Grade.WARNING),
        (timedelta(days=-1), Grade.ERROR),
    ],
)
def test_the_brokers_certificate_is_looked_at(tmp_path: Path, ends_in: timedelta, grade: Grade) -> None:
    served, authority = encrypted(tmp_path, ends_in)
    tls = stages(served.mqtt(tls={"ca_file": authority.certificate}))["broker tls"]
    served.kill()
    assert (tls.grade, tls.remedy != "") == (grade, grade is not Grade.OK)


def test_a_broker_of_another_authority_is_found_at_the_tls_stage(tmp_path: Path) -> None:
    served, _ = encrypted(tmp_path, timedelta(days=200))
    (tmp_path / "other").mkdir()
    found = stages(served.mqtt(tls={"ca_file": Authority(tmp_path / "other").certificate}))
    served.kill()
    assert list(found) == ["broker name", "broker tcp", "broker tls"]
    assert "ca_file" in found["broker tls"].remedy


def test_an_unencrypted_port_is_found_at_the_tls_stage(mosquitto: Mosquitto, tmp_path: Path) -> None:
    tls = stages(mosquitto.mqtt(tls={"ca_file": Authority(tmp_path).certificate}))["broker tls"]
    assert (tls.grade, "encrypted one" in tls.remedy) == (Grade.ERROR, True)


def test_a_program_that_is_no_broker_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        found = stages(Mqtt(host="127.0.0.1", port=mute.getsockname()[1]))
    assert found["broker session"].grade is Grade.ERROR


def test_a_password_that_others_can_read_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("secret\n")
    path.chmod(0o644)
    finding = password_file(path)
    assert (finding.grade, "chmod 600" in finding.remedy, "secret" in finding.text) == (Grade.WARNING, True, False)


def test_a_password_that_only_the_daemon_can_read_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("secret\n")
    path.chmod(0o600)
    assert password_file(path).grade is Grade.OK
