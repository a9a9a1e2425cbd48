"""The records of a box that is running: read beside it, sent on, broken off and gone on with, and there once."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from fhir.resources.R4B.bundle import Bundle

from edge.cli import main
from edge.daemon import STORE_FILE
from edge.errors import StoreError, StoreReason
from edge.publish.fhir import bundle as bundle_module
from edge.publish.fhir import push as push_module
from edge.publish.fhir.feed import Feed
from edge.publish.fhir.history import Place
from edge.publish.fhir.ledger import Ledger
from edge.publish.fhir.live import episodes, read_live
from edge.publish.fhir.resources import Release
from edge.publish.payload import Acknowledge, AlertMessage, Message, ReportCommand
from edge.recorder.shelf import SUFFIX
from edge.snapshot import snapshot
from edge.store import Store
from edge.types import Presence, Validity
from tests.peers.broker import Mosquitto, until
from tests.publish.fhir.server import Records, Resource, serving
from tests.publish.test_confirmation import confirming, say
from tests.replay.box import record, settings
from tests.station.messages import alert

PLACE = Place("home", "bed1", Validity.TEST, "0.1.0")
COMMAND = "anodyne/home/bed1/command"


def valid(bundle: Resource) -> None:
    Bundle.model_validate(bundle)


@pytest.fixture
def server() -> Iterator[Records]:
    with serving(valid) as records:
        yield records


@dataclass
class RunningBox:
    """`anodyne run` as a process of its own, without a sensor: it cannot assess, and says so."""

    config: Path
    broker: Mosquitto
    heard: list[AlertMessage]

    @property
    def state_file(self) -> Path:
        """What it holds alone."""
        return self.config.parent / "state" / STORE_FILE

    async def ask(self, command: Message) -> None:
        """Send a command."""
        await asyncio.to_thread(say, self.broker.port, command.encode(), COMMAND)

    async def report(self, number: int) -> None:
        """Enter a pain score."""
        await self.ask(ReportCommand(id=f"r-{number}", do="report", scale="nrs", value=number % 11, by="Ruth"))

    def reports(self) -> int:
        """How many it has kept."""
        return len(read_live(self.state_file, PLACE).reports)


@asynccontextmanager
async def box(folder: Path, broker: Mosquitto) -> AsyncIterator[RunningBox]:
    path = folder / "box.toml"
    path.write_text(
        '[box]\nstate_dir = "state"\nvalidity = "test"\n[alarm]\nblind_delay_s = 0.0\n'
        f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n'
    )
    (folder / "state").mkdir()
    async with confirming(broker.mqtt()) as heard:
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "edge.cli", "run", "--config", str(path))
        try:
            await until(lambda: heard, 30)
            yield RunningBox(path, broker, [one.message for one in heard if isinstance(one.message, AlertMessage)])
        finally:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 20)


def export(running: RunningBox, *arguments: str) -> int:
    return main(["export", "fhir", "--live", "--config", str(running.config), *arguments])


async def test_a_running_box_is_read_and_sent_and_the_next_push_sends_what_is_new(
    mosquitto: Mosquitto, server: Records, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with box(tmp_path, mosquitto) as running:
        with pytest.raises(StoreError) as held:
            Store.open(running.state_file)
        assert held.value.reason is StoreReason.LOCKED  # nobody else may open it, and the export reads it all the same
        await running.report(4)
        await until(lambda: running.reports() == 1)
        assert await asyncio.to_thread(export, running, "--push", server.url) == 0
        [issue], [report] = server.of("DetectedIssue"), server.of("Observation")
        assert (issue["status"], report["status"]) == ("preliminary", "final")
        assert report["valueQuantity"] == {
            "value": 4.0, "unit": "score", "system": "http://unitsofmeasure.org", "code": "{score}"
        }  # fmt: skip
        assert await asyncio.to_thread(export, running, "--push", server.url) == 0
        assert "nothing new" in capsys.readouterr().out
        assert server.transactions == 1

        episode = running.heard[0].episode
        await running.ask(Acknowledge(id="a-1", do="acknowledge", episode=episode, by="Ruth"))
        await until(lambda: read_live(running.state_file, PLACE).episodes[0].acknowledged_ms is not None)
        assert await asyncio.to_thread(export, running, "--push", server.url) == 0
        [issue] = server.of("DetectedIssue")
        assert "mitigation" in issue
        assert (server.transactions, server.sizes) == (2, [3, 2])  # the device is in each


async def test_a_push_that_breaks_off_goes_on_behind_what_was_taken(
    mosquitto: Mosquitto,
    server: Records,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(bundle_module, "MAX_ENTRIES", 2)
    monkeypatch.setattr(push_module, "WAITS_S", ())
    async with box(tmp_path, mosquitto) as running:
        for number in range(4):
            await running.report(number)
        await until(lambda: running.reports() == 4)
        server.down_after = 1  # takes one bundle, then is away
        assert await asyncio.to_thread(export, running, "--push", server.url) != 0
        assert "503" in capsys.readouterr().err
        assert len(server.of("Observation")) == 2
        server.down_after = None
        server.hang_ups = 1  # takes the next one, and its answer is lost
        assert await asyncio.to_thread(export, running, "--push", server.url) != 0
        assert len(server.of("Observation")) == 4
        assert await asyncio.to_thread(export, running, "--push", server.url) == 0
        assert len(server.of("Observation")) == 4
        assert len(server.of("DetectedIssue")) == 1
        assert server.sizes == [3, 3, 3, 2]  # the third repeats the second, the first is not sent again
        assert await asyncio.to_thread(export, running, "--push", server.url) == 0
        assert server.transactions == 4


async def test_a_lost_ledger_leads_to_no_duplicate(mosquitto: Mosquitto, server: Records, tmp_path: Path) -> None:
    async with box(tmp_path, mosquitto) as running:
        await running.report(5)
        await until(lambda: running.reports() == 1)
        for name in ("first", "second"):
            ledger = str(tmp_path / f"{name}.sqlite3")
            assert await asyncio.to_thread(export, running, "--push", server.url, "--ledger", ledger) == 0
        assert server.transactions == 2
        assert (len(server.of("Observation")), len(server.of("DetectedIssue"))) == (1, 1)


async def test_it_goes_on_through_a_server_that_is_away(mosquitto: Mosquitto, server: Records, tmp_path: Path) -> None:
    server.refusals = [401, 422]
    async with box(tmp_path, mosquitto) as running:
        arguments = ["export", "fhir", "--live", "--config", str(running.config), "--push", server.url, "--every", "1"]
        feeder = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edge.cli", *arguments, stderr=subprocess.DEVNULL
        )
        try:
            await until(lambda: len(server.of("DetectedIssue")) == 1, 30)
            await running.report(7)
            await until(lambda: len(server.of("Observation")) == 1, 30)
        finally:
            feeder.kill()
            await feeder.wait()
        assert server.refusals == []


async def test_copies_taken_while_the_box_writes_are_all_sound(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    code = (
        "import sys, pathlib\nfrom edge.store import Store\nstore = Store.open(pathlib.Path(sys.argv[1]))\n"
        "store._connection.execute('PRAGMA wal_autocheckpoint=4')\nprint('ready', flush=True)\nn = 0\n"
        "while True:\n"
        "    with store.transaction(durable=False) as cursor:\n"
        "        for name in ('a', 'b'):\n"
        "            cursor.execute('REPLACE INTO setting (name, state) VALUES (?, ?)', (name, str(n) + 'x' * 9000))\n"
        "    n += 1\n"
    )
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(path), stdout=asyncio.subprocess.PIPE, env=os.environ
    )
    assert writer.stdout is not None
    await writer.stdout.readline()
    seen: set[str] = set()
    try:
        for _ in range(15):
            copy = await asyncio.to_thread(snapshot, path, tmp_path_of(tmp_path))
            connection = sqlite3.connect(copy)
            both = {str(state) for (state,) in connection.execute("SELECT state FROM setting")}
            connection.close()
            assert len(both) <= 1  # both rows of one transaction, or none
            seen |= both
    finally:
        writer.kill()
        await writer.wait()
    assert len(seen) >= 5  # it did write meanwhile


def tmp_path_of(folder: Path) -> Path:
    """A folder for copies."""
    (folder / "copies").mkdir(exist_ok=True)
    return folder / "copies"


def test_an_episode_whose_beginning_is_forgotten_is_left_out() -> None:
    begun = alert(number=20)
    later = alert(presence=Presence.ACKNOWLEDGED, number=22).model_copy(update={"episode": 20})
    orphan = alert(number=30).model_copy(update={"episode": 12})
    [found] = episodes([orphan, later, begun])
    assert found.first.id == begun.id
    assert found.acknowledged_ms == later.wall_ms


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["x.session", "--live", "-o", "out"], "name no sessions"),
        (["--live", "-o", "out", "--every", "5"], "goes with --push"),
        (["--every", "5", "-o", "out"], "go with --live"),
    ],
)
def test_arguments_that_do_not_go_together_are_told(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "fhir", *arguments]) != 0
    assert told in capsys.readouterr().err


def test_a_box_that_has_never_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "box.toml").write_text('[box]\nstate_dir = "state"\nvalidity = "test"\n')
    assert main(["export", "fhir", "--live", "--config", str(tmp_path / "box.toml"), "-o", str(tmp_path)]) != 0
    assert "has the box ever run" in capsys.readouterr().err


async def test_another_patient_in_the_bed_does_not_inherit_what_was_sent(
    mosquitto: Mosquitto, server: Records, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with box(tmp_path, mosquitto) as running:
        for patient in ("Patient/1", "Patient/2"):
            assert await asyncio.to_thread(export, running, "--push", server.url, "--patient", patient) == 0
        assert "nothing new" in capsys.readouterr().out
        [issue] = server.of("DetectedIssue")
        assert issue["patient"] == {"reference": "Patient/1"}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a box that recorded two whole minutes, as a test."""
    folder = tmp_path_factory.mktemp("recorded")
    record(settings(folder), 150.0)
    return folder


def entries(feed: Feed) -> int:
    """How many a feed sends, devices included."""
    return sum(len(entry) for one in feed.bundles() if isinstance(entry := one["entry"], list))


def scores(folder: Path, tmp_path: Path, validity: Validity) -> Feed:
    """A box that says nothing but the scores of these sessions."""
    Store.open(tmp_path / "empty.db").close()
    return Feed(tmp_path / "empty.db", Place("test", "bed1", validity, "0.1.0"), folder, 60, Release.R4, None)


def test_a_session_that_cannot_be_read_keeps_nothing_else_from_being_sent(
    recorded: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "sessions"
    shutil.copytree(recorded / "sessions", folder)
    feed = scores(folder, tmp_path, Validity.TEST)
    count = entries(feed)
    assert count >= 3  # the device and two minutes
    [whole] = folder.glob(f"*{SUFFIX}")
    spoilt = bytearray(whole.read_bytes())
    spoilt[4096 * 3 :] = b"\xff" * (len(spoilt) - 4096 * 3)
    (folder / f"a{SUFFIX}").write_bytes(b"no session")
    (folder / f"b{SUFFIX}").write_bytes(bytes(spoilt))
    for _ in range(2):
        assert entries(feed) == count
    assert len([one for one in caplog.records if "left out" in one.message]) == 2  # once each


def test_scores_of_a_test_do_not_become_those_of_a_patient(recorded: Path, tmp_path: Path) -> None:
    assert entries(scores(recorded / "sessions", tmp_path, Validity.REAL)) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write for somebody else")
def test_a_ledger_that_root_began_belongs_to_the_boxs_user(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    with Ledger(tmp_path / "ledger", "https://records.example/fhir"):
        assert (tmp_path / "ledger").stat().st_uid == 12345
