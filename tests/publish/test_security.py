"""Certificates, passwords and the ACL of the documentation, with a real Mosquitto."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import paho.mqtt.client as paho
import paho.mqtt.publish as paho_publish
import pytest
from paho.mqtt.client import topic_matches_sub

from edge.clock import SystemClock
from edge.config import Mqtt, Station
from edge.ingest.scribe import LEAVES
from edge.ingest.worker import Worker
from edge.publish.contract.table import ROWS, Row
from edge.publish.payload import AlertMessage
from edge.publish.topics import Topics
from tests.peers.authority import Authority
from tests.peers.broker import Mosquitto, station, until
from tests.publish.box import running
from tests.publish.test_confirmation import confirming, events

ACL = Path("docs/mosquitto/acl")
SECRET = "correct-horse-battery"  # noqa: S105 - of a test


CREDENTIAL = {"password_credential": "mqtt"}


class Locked:
    """A broker that speaks TLS only and wants a client certificate, under the ACL of the documentation."""

    def __init__(self, folder: Path, *, ends_in: timedelta = timedelta(days=10)) -> None:
        """Make the certificates and start it."""
        self.authority = Authority(folder)
        certificate, key = self.authority.issue("broker", ends_in)
        more = (
            f"cafile {self.authority.certificate}",
            f"certfile {certificate}",
            f"keyfile {key}",
            "require_certificate true",
            "use_identity_as_username true",
            "persistence false",
        )
        if not ACL.exists():
            pytest.skip("the documentation is not beside the tests")
        acl = ACL.read_text().replace("ward3", "ward")
        self.broker = Mosquitto(folder, acl=acl, more=more)
        self.broker.start()

    def mqtt(self, name: str, authority: Authority | None = None, ca: Path | None = None) -> Mqtt:
        """A client with a certificate of this name."""
        certificate, key = (authority or self.authority).issue(name)
        ca_file = ca or self.authority.certificate
        return self.broker.mqtt(tls={"ca_file": ca_file, "cert_file": certificate, "key_file": key})


@pytest.mark.parametrize("row", [one for one in ROWS if one.writer in ("box", "station")], ids=lambda row: row.leaf)
def test_the_access_list_of_the_documentation_grants_every_topic_to_its_writer_alone(row: Row) -> None:
    topic = Topics("ward3", "bed12").of(row.leaf.partition("<")[0] + "x" * row.leaf.endswith(">"))
    granted = {
        "box": re.findall(r"^pattern write (\S+)", ACL.read_text().replace("%u", "bed12"), re.MULTILINE),
        "station": re.findall(r"^topic write (\S+)", ACL.read_text(), re.MULTILINE),
    }
    allowed = {who for who, filters in granted.items() if any(topic_matches_sub(one, topic) for one in filters)}
    assert allowed == {row.writer}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tls").mkdir()
    return tmp_path / "tls"


@pytest.fixture
def locked(folder: Path) -> Iterator[Locked]:
    one = Locked(folder)
    yield one
    one.broker.kill()


async def test_with_client_certificates_a_box_and_a_station_do_all_they_must_under_the_documented_acl(
    locked: Locked, tmp_path: Path
) -> None:
    async with confirming(locked.mqtt("station")) as heard, running(tmp_path, locked.mqtt("bed7")) as box:
        alerts = box.raise_alerts(3)
        await until(lambda: len(events(heard)) == 3)
        assert events(heard) == [one.id for one in alerts]
        await until(lambda: box.outbox.unconfirmed() == 0)
        assert box.publisher.refused == 0


async def test_a_box_may_not_speak_for_another_bed(locked: Locked, tmp_path: Path) -> None:
    async with (
        station(locked.mqtt("station")) as nurse,
        running(tmp_path, locked.mqtt("bed8")) as stranger,  # configured as bed7
    ):
        await asyncio.sleep(0.5)
        stranger.see(8)
        await asyncio.sleep(1.0)
        assert not [one for one in nurse.heard if isinstance(one.message, AlertMessage)]
        assert stranger.publisher.pending() == 2  # kept, not lost
        assert stranger.publisher.silent(stranger.clock.now_ns())


def _forge(mine: Mqtt, leaf: str) -> None:
    """Speak on another bed's topic, with a certificate of one's own."""
    assert mine.tls is not None
    paho_publish.single(
        f"anodyne/ward/bed7/{leaf}",
        b"forged",
        qos=1,
        hostname=mine.host,
        port=mine.port,
        protocol=paho.MQTTv5,
        tls={
            "ca_certs": str(mine.tls.ca_file),
            "certfile": str(mine.tls.cert_file),
            "keyfile": str(mine.tls.key_file),
        },
    )


@pytest.mark.parametrize("leaf", ["command", "receipt", "state", "note"])
async def test_a_box_can_neither_command_another_nor_confirm_for_a_station(locked: Locked, leaf: str) -> None:
    heard: list[str] = []
    async with station(locked.mqtt("station")) as nurse:
        nurse.subscriber._on_station = lambda one: heard.append(one.address.leaf)
        await asyncio.to_thread(_forge, locked.mqtt("bed8"), leaf)
        await asyncio.sleep(0.3)
        assert (heard, nurse.heard) == ([], [])


@pytest.fixture
def worker_mqtt(locked: Locked) -> Mqtt:
    return locked.mqtt("ingest")


async def test_a_worker_hears_what_the_record_is_made_of_and_nothing_else(
    locked: Locked, worker_mqtt: Mqtt, tmp_path: Path
) -> None:
    worker = Worker(Station(state_dir=tmp_path / "record"), worker_mqtt, SystemClock(), "one", "record")
    task = asyncio.create_task(worker.run())
    heard: list[str] = []
    async with (
        station(worker_mqtt.model_copy(update={"client_id": None})) as listener,
        running(tmp_path, locked.mqtt("bed7")) as box,
    ):
        await asyncio.wait_for(worker.reader.ready.wait(), 10)
        await until(lambda: box.publisher.connected)
        box.see(8)
        await until(lambda: len(worker.book.events(None, 10)) == 1)
        await until(lambda: len(worker.book.read("SELECT * FROM trend")) == 1)
        heard = [one.address.leaf for one in listener.heard]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert {leaf.partition("/")[0] for leaf in heard} == {"state", "event", "alarm"}  # no availability: not granted


@pytest.mark.parametrize("leaf", ["command", "receipt", "state", "note"])
async def test_a_worker_may_say_nothing(locked: Locked, worker_mqtt: Mqtt, leaf: str) -> None:
    heard: list[str] = []
    async with station(locked.mqtt("station")) as nurse:
        nurse.subscriber._on_station = lambda one: heard.append(one.address.leaf)
        await asyncio.to_thread(_forge, worker_mqtt, leaf)
        await asyncio.sleep(0.3)
        assert (heard, nurse.heard) == ([], [])


@pytest.mark.parametrize("leaf", LEAVES)
def test_the_access_list_of_the_documentation_lets_a_worker_read_exactly_what_it_asks_for(leaf: str) -> None:
    granted = re.findall(r"^topic read (\S+)", ACL.read_text().partition("user ingest")[2], re.MULTILINE)
    assert f"anodyne/ward3/+/{leaf}" in granted
    assert len(granted) == len(LEAVES)


async def _warning(tmp_path: Path, mqtt: Mqtt, caplog: pytest.LogCaptureFixture) -> str:
    async with running(tmp_path, mqtt) as box:
        box.see(8)
        await until(lambda: [one for one in caplog.records if one.levelno >= logging.WARNING])
        assert not box.publisher.connected
        assert box.publisher.pending() == 2
    return next(one.message for one in caplog.records if one.levelno >= logging.WARNING)


async def test_a_brokers_certificate_that_has_ended_is_named(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    locked = Locked(folder, ends_in=timedelta(hours=-1))
    told = await _warning(tmp_path, locked.mqtt("bed7"), caplog)
    locked.broker.kill()
    assert "does not prove who it is (certificate has expired)" in told
    assert "clock" in told


async def test_a_broker_of_another_authority_is_refused(
    locked: Locked, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = Authority(folder, "other")
    told = await _warning(tmp_path, locked.mqtt("bed7", ca=other.certificate), caplog)
    assert "does not prove who it is" in told
    assert "ca_file" in told


async def test_a_box_with_another_authoritys_certificate_is_not_let_in(
    locked: Locked, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = Authority(folder, "other")
    told = await _warning(tmp_path, locked.mqtt("bed7", authority=other), caplog)
    assert f"127.0.0.1:{locked.broker.port}" in told


def _shown_by_the_kernel() -> bytes:
    return b"".join(Path(f"/proc/{os.getpid()}/{file}").read_bytes() for file in ("cmdline", "environ"))


async def test_a_password_from_a_credential_is_in_no_log_and_no_process_list(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "guarded").mkdir()
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "mqtt").write_text(f"{SECRET}\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    broker = Mosquitto(tmp_path / "guarded", {"box": SECRET})
    broker.start()
    caplog.set_level(logging.DEBUG)
    mqtt = broker.mqtt(username="box", **CREDENTIAL)
    async with running(tmp_path, mqtt) as box:
        await until(lambda: box.publisher.connected)
        assert SECRET.encode() not in _shown_by_the_kernel()
        (tmp_path / "credentials" / "mqtt").write_text(f"{SECRET}-changed\n")
        broker.kill()
        broker.start()
        await until(lambda: "refuses user box" in caplog.text)
    assert SECRET not in caplog.text
    assert SECRET not in repr(mqtt)
    broker.kill()


async def test_a_credential_that_nobody_handed_over_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    mqtt = Mqtt.model_validate({"host": "127.0.0.1", "port": 1, "username": "box", **CREDENTIAL})
    assert "LoadCredential" in await _warning(tmp_path, mqtt, caplog)
