"""One worker: what it writes, when it acknowledges, what it never says, and which brokers it refuses."""

from __future__ import annotations

import asyncio
import threading
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.cli import main
from edge.clock import SystemClock
from edge.config import Box, Metrics, Mqtt, Station
from edge.errors import StoreError
from edge.health import broker
from edge.health.broker import broker_stages
from edge.ingest import worker as room
from edge.ingest.figures import IngestMetrics
from edge.ingest.worker import Worker
from edge.publish.embedded import EmbeddedBroker, free_port
from edge.types import Presence
from tests.ingest.ward import Bed, Ward, counts, own_record, say, speaking
from tests.peers.broker import Mosquitto, until
from tests.peers.sharing import Unsharing
from tests.publish.box import running
from tests.publish.test_confirmation import confirming


@asynccontextmanager
async def working(
    folder: Path, mqtt: Mqtt, name: str = "one", figures: IngestMetrics | None = None
) -> AsyncIterator[Worker]:
    """A worker that runs for the time of the block, and ends in order."""
    worker = Worker(Station(state_dir=folder), mqtt, SystemClock(), name, "record", figures=figures)
    task = asyncio.create_task(worker.run())
    try:
        await asyncio.wait_for(worker.reader.ready.wait(), 20)
        yield worker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_workers_of_one_machine_keep_a_wards_record_in_one_file(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = tmp_path / "here"
    async with working(here, mosquitto.mqtt()), working(here, mosquitto.mqtt(), "two"), speaking(mosquitto) as beds:
        ward = Ward(20)
        await say(beds, ward.night())
        await until(lambda: counts(own_record(here)) == (60, 20, 20))
        newest = {f"ward/{bed.topics.bed}": bed.said for bed in ward.beds}
        await until(lambda: {row[0]: row[6] for row in own_record(here)["trend"]} == newest)


async def test_what_could_not_be_written_is_not_acknowledged_and_comes_again(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "AGAIN_S", 0.1)
    async with speaking(mosquitto) as beds:
        async with working(tmp_path / "full", mosquitto.mqtt()) as full:
            full.book._db.execute("PRAGMA max_page_count = 1")
            await say(beds, Ward(20).night())
            await until(lambda: "full" in full.book.fault)
            before = own_record(tmp_path / "full")
            assert counts(before) != (60, 20, 20)
        async with working(tmp_path / "other", mosquitto.mqtt()):  # the same name, with a disk that has room
            await until(lambda: len({*before["note"], *own_record(tmp_path / "other")["note"]}) == 20)
            await until(lambda: len({*before["event"], *own_record(tmp_path / "other")["event"]}) == 60)


async def test_a_disk_that_has_room_again_gets_all(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "AGAIN_S", 0.1)
    async with working(tmp_path / "full", mosquitto.mqtt()) as full, speaking(mosquitto) as beds:
        full.book._db.execute("PRAGMA max_page_count = 1")
        await say(beds, Ward(20).night())
        await until(lambda: "full" in full.book.fault)
        full.book._db.execute("PRAGMA max_page_count = 100000")
        await until(lambda: counts(own_record(tmp_path / "full")) == (60, 20, 20))
        assert full.book.fault == ""


async def test_a_file_that_takes_nothing_ends_the_worker_so_that_it_is_started_anew(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "AGAIN_S", 0.1)
    monkeypatch.setattr(room, "GIVE_UP_S", 0.5)
    worker = Worker(Station(state_dir=tmp_path), mosquitto.mqtt(), SystemClock(), "one", "record")
    worker.book._db.execute("PRAGMA max_page_count = 1")
    task = asyncio.create_task(worker.run())
    await asyncio.wait_for(worker.reader.ready.wait(), 20)
    async with speaking(mosquitto) as beds:
        await say(beds, Ward(20).night())
    with pytest.raises(StoreError, match="the broker keeps what was not written"):
        await asyncio.wait_for(task, 20)


def test_a_folder_that_cannot_be_written_is_refused_rather_than_acknowledged_into_memory(tmp_path: Path) -> None:
    (tmp_path / "station.db").mkdir()  # no file can be there

    async def make() -> None:
        Worker(Station(state_dir=tmp_path), Mqtt(), SystemClock(), "one", "record")

    with pytest.raises(StoreError, match="may be acknowledged"):
        asyncio.run(make())


async def test_a_broker_that_was_killed_is_come_back_to(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with working(tmp_path / "here", mosquitto.mqtt()) as worker:
        mosquitto.kill()
        await until(lambda: not worker.reader.ready.is_set())
        mosquitto.start()
        await until(worker.reader.ready.is_set, 20)
        async with speaking(mosquitto) as beds:
            await say(beds, Bed(1).alarm(Presence.ON))
            await until(lambda: len(own_record(tmp_path / "here")["event"]) == 1)


async def test_a_worker_confirms_nothing_to_a_box_which_still_wants_a_person_to_be_told(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with working(tmp_path / "here", mosquitto.mqtt()), running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        box.see(8)
        await until(lambda: len(own_record(tmp_path / "here")["event"]) == 1)
        await until(lambda: not box.publisher.pending())  # the broker has it
        await asyncio.sleep(0.5)
        assert box.outbox.unconfirmed() == 1
        [proof] = box.publisher.proofs.newest(10)
        assert (proof.broker_ms is not None, proof.station_ms, proof.station) == (True, None, None)
        async with confirming(mosquitto.mqtt()):  # a station with a page comes
            await until(lambda: box.publisher.proofs.newest(10)[0].station == "north", 30)


async def test_a_worker_does_not_answer_when_a_box_asks_for_a_station(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "STATION_S", 1.0)
    async with working(tmp_path / "here", mosquitto.mqtt()):
        found = await asyncio.to_thread(lambda: list(broker_stages(mosquitto.mqtt(), Box(site="ward", bed="bed7"))))
    assert [one.text for one in found if one.name == "station"] == ["none answers: alarms will sound at the bed"]
    assert own_record(tmp_path / "here")["deed"] == []  # the question is no command


def test_a_broker_of_mqtt_3_1_1_is_refused_with_what_to_do(
    amqtt: EmbeddedBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--host", "127.0.0.1", "--port", str(amqtt.port), "--state-dir", str(tmp_path)]
    assert main(["ingest", *where]) == 2
    told = capsys.readouterr().err
    assert "speaks MQTT 3.1.1 alone, which knows no shared subscriptions" in told
    assert "use a broker that speaks MQTT 5 and shares subscriptions" in told


@pytest.mark.parametrize("says", ["connack", "suback"])
def test_a_broker_of_mqtt_5_that_shares_nothing_is_refused(
    says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Unsharing(in_connack=says == "connack") as one:
        where = ["--host", "127.0.0.1", "--port", str(one.port), "--state-dir", str(tmp_path)]
        assert main(["ingest", *where]) == 2
        assert "has no shared subscriptions" in capsys.readouterr().err
        assert main(["ingest", *where, "--check"]) == 1
        assert "error     sharing" in capsys.readouterr().out


def test_a_silent_broker_is_waited_for_because_it_may_be_frozen(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async def freeze() -> bool:
        mosquitto.freeze()
        worker = Worker(Station(state_dir=tmp_path), mosquitto.mqtt(), SystemClock(), "one", "record")
        task = asyncio.create_task(worker.run())
        await asyncio.sleep(4.0)  # longer than MQTT 5 is waited for
        mosquitto.thaw()
        try:
            await asyncio.wait_for(worker.reader.ready.wait(), 30)
            return not task.done()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    assert asyncio.run(freeze())


@pytest.mark.parametrize("name", ["", "a b", "a/b", "#", "x" * 33])
def test_a_name_that_would_break_a_topic_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "--name", name]) == 2
    assert "letters, digits" in capsys.readouterr().err


async def test_the_figures_tell_what_was_written_and_what_waits(mosquitto: Mosquitto, tmp_path: Path) -> None:
    figures = IngestMetrics("one", "record")
    async with working(tmp_path / "here", mosquitto.mqtt(), figures=figures) as worker, speaking(mosquitto) as beds:
        figures.watch(worker)
        port = figures.serve(Metrics(port=free_port()))
        await say(beds, [*Ward(2).night(), ("anodyne/ward/bed1/event", b"garbage")])
        await until(lambda: len(own_record(tmp_path / "here")["note"]) == 2)
        bad = {"worker": "one", "group": "record", "kind": "malformed"}
        await until(lambda: figures.registry.get_sample_value("anodyne_ingest_messages_total", bad) == 1)
        text = await asyncio.to_thread(_fetch, port)
    figures.close()
    who = 'group="record",kind="{}",worker="one"'
    for kind, count in (("event", 6), ("alarm", 6), ("state", 12), ("command", 2), ("reply", 2), ("note", 2)):
        assert f"anodyne_ingest_messages_total{{{who.format(kind)}}} {count}.0" in text
    for name, value in (("connected", "1.0"), ("disk_ok", "1.0"), ("unsent", "0.0")):
        assert f'anodyne_ingest_{name}{{group="record",worker="one"}} {value}' in text
    assert threading.active_count() < 10


def _fetch(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())
