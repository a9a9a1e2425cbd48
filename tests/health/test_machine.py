"""What the doctor says of the machine, its models and its state folder."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from edge.config import Config, Models
from edge.health import bundles, machine
from edge.health.findings import Finding, Grade
from edge.inference import runtime
from tests.fixtures.bundles import rewrite, tiny_bundle


def models_of(folder: Path) -> dict[str, Finding]:
    """The findings about the bundle in `folder`."""
    bundle, findings = bundles.in_use(Config(models=Models(bundle=folder)))
    found = [] if bundle is None else machine.models(bundle, 1)
    return {finding.name: finding for finding in (*findings, *found)}


def test_this_python_is_fit() -> None:
    assert machine.python().grade is Grade.OK


def test_the_runtime_is_named_with_its_version() -> None:
    assert f"{runtime().name} {runtime().version}" in machine.inference_runtime().text


def test_a_runtime_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANODYNE_RUNTIME", "tensorflow")
    assert machine.inference_runtime().grade is Grade.ERROR


@pytest.mark.models
def test_a_model_that_xnnpack_does_not_take_is_a_warning(tmp_path: Path) -> None:
    finding = models_of(tiny_bundle(tmp_path / "m"))["model tiny"]
    expected = Grade.OK if runtime().name == "ai-edge-litert" else Grade.WARNING
    assert (finding.grade, "XNNPACK" in finding.text) == (expected, True)


def test_a_missing_bundle_is_an_error(tmp_path: Path) -> None:
    assert models_of(tmp_path)["bundle"].grade is Grade.ERROR


def test_a_model_that_does_not_fit_its_manifest_is_an_error(tmp_path: Path) -> None:
    folder = tiny_bundle(tmp_path / "m")
    rewrite(folder, "shape = [1, 1, 8, 8]", "shape = [8, 8]")
    finding = models_of(folder)["model tiny"]
    assert (finding.grade, "in the manifest" in finding.text) == (Grade.ERROR, True)


def test_a_model_that_computes_other_answers_is_an_error(tmp_path: Path) -> None:
    folder = tiny_bundle(tmp_path / "m")
    rewrite(folder, 'card = "cards/tiny.md"', 'card = "cards/tiny.md"\ngolden = [[[0],[0,0,0]],[[0],[0,0,0]]]')
    finding = models_of(folder)["model tiny"]
    assert (finding.grade, "other answers" in finding.text) == (Grade.ERROR, True)


def test_opencv_and_numpy_go_together() -> None:
    finding = machine.vision()
    assert (finding.grade, "with numpy" in finding.text) == (Grade.OK, True)


def test_a_writable_state_folder_tells_its_room(tmp_path: Path) -> None:
    finding = machine.state_folder(tmp_path, configured=True)
    assert f"{tmp_path}, " in finding.text
    assert "MiB free" in finding.text


def test_a_state_folder_that_can_be_made_is_fine(tmp_path: Path) -> None:
    assert machine.state_folder(tmp_path / "a" / "b", configured=True).grade is not Grade.ERROR


def test_a_state_folder_that_cannot_be_written_is_an_error() -> None:
    """/proc takes no files, not even from root."""
    finding = machine.state_folder(Path("/proc"), configured=True)
    assert (finding.grade, "cannot be written" in finding.text) == (Grade.ERROR, True)


def test_a_disk_that_has_become_read_only_is_noticed_without_a_file(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no permission to mount a tmpfs")
    try:
        before = tmp_path.stat().st_mtime_ns
        assert machine.state_folder(tmp_path, configured=True, tried=False).grade is not Grade.ERROR
        assert tmp_path.stat().st_mtime_ns == before
        subprocess.run(["mount", "-o", "remount,ro", tmp_path], check=True)
        finding = machine.state_folder(tmp_path, configured=True, tried=False)
        assert (finding.grade, "read-only" in finding.text) == (Grade.ERROR, True)
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_a_state_folder_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    assert machine.state_folder(tmp_path / "state", configured=True).grade is Grade.ERROR


@pytest.mark.parametrize(
    ("free_mib", "grade"), [(1, Grade.ERROR), (15, Grade.ERROR), (17, Grade.WARNING), (300, Grade.OK)]
)
def test_free_space(free_mib: int, grade: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=free_mib * 1024**2)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)  # no test should fill this machine's disk
    assert machine.state_folder(tmp_path, configured=True).grade is grade


def test_a_folder_for_sessions_that_can_be_made_is_fine(tmp_path: Path) -> None:
    assert machine.recorder_folder(tmp_path / "sessions").grade is Grade.OK


def test_a_folder_for_sessions_that_cannot_be_written_is_only_a_warning() -> None:
    finding = machine.recorder_folder(Path("/proc"))
    assert (finding.grade, "nothing is recorded" in finding.text) == (Grade.WARNING, True)


def test_too_little_room_for_sessions_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=100 * 1024**2)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)  # no test should fill this machine's disk
    assert machine.recorder_folder(tmp_path).grade is Grade.WARNING


def test_the_clock_is_fine_or_warns_but_is_never_an_error() -> None:
    assert machine.clock().grade in (Grade.OK, Grade.WARNING)
