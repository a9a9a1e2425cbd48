"""What the doctor says of a box that runs, or should: daemon, sensors, rights, versions."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.config import Config, load
from edge.daemon import Daemon
from edge.health import running
from edge.health.findings import Finding, Grade
from edge.health.starts import Starts
from edge.sensors.report import BoxReport, read_report
from edge.stages import Stage
from tests.peers.broker import until

BOX = """
[box]
state_dir = "state"
validity = "test"

[mqtt]
host = "127.0.0.1"
port = 1

[[sensor]]
driver = "simulated_band"
name = "wrist"

[[sensor]]
driver = "v4l2"
name = "bedside"
device = "/nonexistent/video0"
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A box with a band that works and a camera that is not there."""
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    (tmp_path / "state").mkdir()
    (tmp_path / "box.toml").write_text(BOX)
    return load(tmp_path / "box.toml")


def _has_samples(config: Config) -> bool:
    report = read_report(config.box.state_dir)
    return report is not None and report.sensors[0].age_s is not None and report.sensors[1].reason is not None


@asynccontextmanager
async def daemon(config: Config) -> AsyncIterator[None]:
    """The daemon, from its first report on."""
    task = asyncio.create_task(Daemon(config, SystemClock()).run())
    try:
        await until(lambda: _has_samples(config), 20)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_beside_the_running_daemon_its_own_word_on_the_sensors_counts(config: Config) -> None:
    async with daemon(config):
        said = await asyncio.to_thread(lambda: list(running.sensors(config)))
        runs = await asyncio.to_thread(running.daemon, config)
    found = {one.name: one for one in said}
    assert found["sensor wrist"].grade is Grade.OK
    camera = found["sensor bedside"]
    assert (camera.grade, "/nonexistent/video0" in camera.text, camera.remedy != "") == (Grade.WARNING, True, True)
    assert (runs.grade, runs.text) == (Grade.OK, "runs")


def test_without_a_daemon_nothing_is_said_of_sensors(config: Config) -> None:
    assert list(running.sensors(config)) == []
    assert running.daemon(config).grade is Grade.OK


def test_starts_that_failed_are_told_with_what_they_were_doing(config: Config) -> None:
    starts = Starts.open([config.box.state_dir], SystemClock())
    starts.begin()
    starts.reached(Stage.MODELS)
    starts.failed("face_au.tflite is damaged")
    starts.close()
    finding = running.daemon(config)
    assert (finding.grade, "journalctl" in finding.remedy) == (Grade.ERROR, True)
    assert "not running: the last start failed, while loading the models: face_au.tflite" in finding.text


def test_a_box_in_safe_mode_that_holds_no_state_file_is_known_to_run(config: Config) -> None:
    for _ in range(4):
        starts = Starts.open([config.box.state_dir], SystemClock())
        starts.begin()
        starts.reached(Stage.STORE)
        starts.close()
    clock = SystemClock()
    BoxReport(
        state_dir=str(config.box.state_dir.resolve()),
        pid=os.getpid(),
        boot_id=clock.boot_id,
        at_ns=clock.now_ns(),
        every_s=1.0,
        sensors=(),
    ).write(config.box.state_dir / "run")
    assert "in safe mode or starting again: 3 starts failed" in running.daemon(config).text


def rights(config: Config, path: Path) -> dict[str, Finding]:
    """What is said of rights."""
    return {one.name: one for one in running.permissions(config, path)}


def test_rights_that_are_too_wide_are_told(config: Config, tmp_path: Path) -> None:
    config.box.state_dir.chmod(0o755)
    (tmp_path / "box.toml").chmod(0o666)
    found = rights(config, tmp_path / "box.toml")
    assert (found["rights state"].grade, "chmod 700" in found["rights state"].remedy) == (Grade.WARNING, True)
    assert (found["rights config"].grade, "chmod 640" in found["rights config"].remedy) == (Grade.ERROR, True)


def test_rights_as_installed_are_fine(config: Config, tmp_path: Path) -> None:
    config.box.state_dir.chmod(0o700)
    (tmp_path / "box.toml").chmod(0o640)
    found = rights(config, tmp_path / "box.toml")
    assert (found["rights state"].grade, found["rights config"].grade) == (Grade.OK, Grade.OK)


def test_versions_name_software_system_and_packages() -> None:
    text = running.versions().text
    assert [one for one in ("anodyne", "Linux", *running.PACKAGES) if one not in text] == []
