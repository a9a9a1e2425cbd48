"""`anodyne sensors`: the daemon's figures where it runs, its own otherwise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

import pytest

from edge.clock import SystemClock
from edge.config import load
from edge.daemon import STORE_FILE, Daemon
from edge.errors import StoreError, StoreReason
from edge.sensors.report import REPORT_FILE, BoxReport, read_report
from edge.store import Store, is_held
from tests.cli.capture import Outcome, anodyne

BAND = '[[sensor]]\ndriver = "simulated_band"\nname = "wrist"\n'
CAMERA = '[[sensor]]\ndriver = "v4l2"\nname = "bedside"\ndevice = "/nonexistent/video0"\n'


class Box(Protocol):
    """Writes the configuration of a box with these sensors; the answer is its path."""

    def __call__(self, *stanzas: str) -> str:
        """Write it."""
        ...


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    """A box in a folder of its own."""
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    (tmp_path / "state").mkdir()

    def write(*stanzas: str) -> str:
        path = tmp_path / "box.toml"
        path.write_text(
            '[box]\nstate_dir = "state"\nvalidity = "test"\n[mqtt]\nhost = "127.0.0.1"\nport = 1\n' + "".join(stanzas)
        )
        return str(path)

    return write


@asynccontextmanager
async def daemon(config: str) -> AsyncIterator[Daemon]:
    """The daemon of that configuration, until it has reported."""
    settings = load(Path(config))
    one = Daemon(settings, SystemClock())
    task = asyncio.create_task(one.run())
    try:
        for _ in range(200):
            if read_report(settings.box.state_dir) is not None:
                break
            await asyncio.sleep(0.05)
        yield one
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def sensors(config: str, *options: str) -> Outcome:
    """The command in a thread, so that a daemon in this loop goes on."""
    return await asyncio.to_thread(anodyne, "sensors", "--config", config, *options)


def test_without_a_daemon_the_sensors_are_opened_here(box: Box) -> None:
    outcome = anodyne("sensors", "--config", box(BAND), "--once", "--seconds", "1.2")
    assert outcome.code == 0
    assert "opened here (no daemon runs)" in outcome.out
    assert "64/s" in outcome.out


def test_a_sensor_that_does_not_stream_makes_the_exit_code_1(box: Box) -> None:
    outcome = anodyne("sensors", "--config", box(BAND, CAMERA), "--once", "--seconds", "0.5")
    assert outcome.code == 1
    assert "there is no camera at" in " ".join(outcome.out.split())


def test_json_is_one_report_per_second(box: Box) -> None:
    lines = anodyne("sensors", "--config", box(BAND), "--json", "--seconds", "1.1").out.splitlines()
    assert len(lines) == 2
    assert BoxReport.model_validate_json(lines[-1]).sensors[0].sensor == "wrist"


async def test_while_the_daemon_runs_its_own_figures_are_shown(box: Box) -> None:
    config = box(BAND)
    async with daemon(config):
        outcome = await sensors(config, "--once")
    assert "as the daemon sees them" in outcome.out


async def test_the_daemon_keeps_the_sensors_to_itself(box: Box) -> None:
    config = box(BAND)
    async with daemon(config):
        told = json.loads((await sensors(config, "--once", "--json")).out)
    assert told["sensors"][0]["outages"] == 0


async def test_a_daemon_whose_figures_cannot_be_read_is_not_fought_with(box: Box) -> None:
    config = box(BAND)
    async with daemon(config):
        (Path(config).parent / "state" / "run" / REPORT_FILE).chmod(0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("edge.cli.sensors.read_report", lambda _folder: None)  # as for a user without permission
            with pytest.raises(StoreError, match="the daemon holds the sensors") as refused:
                await sensors(config, "--once")
    assert refused.value.reason is StoreReason.LOCKED


async def test_the_report_is_gone_with_the_daemon(box: Box) -> None:
    config = box(BAND)
    async with daemon(config):
        assert read_report(load(Path(config)).box.state_dir) is not None
    assert read_report(load(Path(config)).box.state_dir) is None


async def test_a_daemon_that_stops_while_watched_is_told(box: Box) -> None:
    config = box(BAND)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edge.cli.sensors.FRESH_S", 1.2)
        async with daemon(config):
            watching = asyncio.create_task(sensors(config, "--seconds", "3"))
            await asyncio.sleep(0.5)
        outcome = await watching
    assert outcome.code == 1
    assert "THE DAEMON HAS STOPPED" in outcome.out


async def test_a_run_folder_that_cannot_be_written_stops_no_daemon(
    box: Box, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = box(BAND)
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/proc/nowhere")
    task = asyncio.create_task(Daemon(load(Path(config)), SystemClock()).run())
    await asyncio.sleep(1.5)
    assert not task.done()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert len([line for line in caplog.messages if "will see nothing of this box" in line]) == 1


def test_a_file_that_nobody_holds_is_not_held(tmp_path: Path) -> None:
    path = tmp_path / STORE_FILE
    assert not is_held(path)
    assert not path.exists()
    Store.open(path).close()
    assert not is_held(path)


def test_a_file_that_a_daemon_holds_is_held(tmp_path: Path) -> None:
    store = Store.open(tmp_path / STORE_FILE)
    assert is_held(tmp_path / STORE_FILE)
    store.close()


def test_a_damaged_file_is_held_by_nobody(tmp_path: Path) -> None:
    (tmp_path / STORE_FILE).write_bytes(b"not a database" * 100)
    assert not is_held(tmp_path / STORE_FILE)
