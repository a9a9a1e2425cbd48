"""The systemd unit is right, hardened, and does not take away what the daemon needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cli.run import DEFAULT_CONFIG
from edge.health.starts import BAD_STARTS, WINDOW_S

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNIT = (SYSTEMD / "anodyne.service").read_text()

REFUSE_EXECUTABLE_MEMORY = """
import ctypes, mmap
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
    raise SystemExit(77)
import cv2, bleak, paho.mqtt.client, edge.daemon
from edge.bundle import Bundle
from edge.golden import deviation
from edge.inference import Interpreter
print([deviation(Interpreter(model)) for model in Bundle.load().models.values()])
"""
"""What MemoryDenyWriteExecute= does, by the kernel's own means (Linux 6.3 and later)."""


def test_the_unit_passes_systemd_and_its_exposure_is_at_most_2_5() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze: install the package systemd")
    outcome = subprocess.run([SYSTEMD / "check"], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    assert "Overall exposure level" in outcome.stdout


def test_the_check_fails_on_a_key_that_systemd_does_not_know(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze: install the package systemd")
    shutil.copy(SYSTEMD / "check", tmp_path)
    (tmp_path / "anodyne.service").write_text(UNIT.replace("WatchdogSec=", "WatchdogSecs="))
    assert subprocess.run([tmp_path / "check"], capture_output=True, check=False).returncode != 0


def test_the_check_fails_on_a_unit_that_is_more_exposed(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze: install the package systemd")
    shutil.copy(SYSTEMD / "check", tmp_path)
    loose = [row for row in UNIT.splitlines() if not row.startswith(("SystemCallFilter", "CapabilityBoundingSet"))]
    (tmp_path / "anodyne.service").write_text("\n".join(loose))
    assert subprocess.run([tmp_path / "check"], capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize(
    "line",
    [
        "LimitCORE=0",
        "MemorySwapMax=0",
        "Type=notify",
        "Restart=always",
        "StartLimitIntervalSec=0",
        "StateDirectory=anodyne",
        "User=anodyne",
    ],
)
def test_the_unit_says(line: str) -> None:
    assert line in UNIT.splitlines()


@pytest.mark.parametrize("line", ["ProtectClock=yes", "ProcSubset=pid", "PrivateDevices=yes", "PrivateNetwork=yes"])
def test_the_unit_does_not_take_away_what_the_daemon_needs(line: str) -> None:
    """The clock's state, the boot identity, the camera, the broker."""
    assert line not in UNIT.splitlines()


def test_three_starts_that_hang_are_given_up_within_the_window_that_leads_to_safe_mode() -> None:
    seconds = {key: float(value) for key, _, value in (row.partition("=") for row in UNIT.splitlines()) if "Sec" in key}
    hung_s = seconds["TimeoutStartSec"] + seconds["WatchdogSec"] + seconds["TimeoutStopSec"] + seconds["RestartSec"]
    assert BAD_STARTS * hung_s <= WINDOW_S


def test_the_unit_starts_the_daemon_with_the_configuration_that_it_expects() -> None:
    assert f"--config {DEFAULT_CONFIG}" in UNIT


def test_everything_loads_and_runs_without_executable_memory() -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", REFUSE_EXECUTABLE_MEMORY], capture_output=True, text=True, check=False
    )
    if outcome.returncode == 77:
        pytest.skip("this kernel (before 6.3) cannot refuse executable memory by prctl")
    assert outcome.returncode == 0, outcome.stderr
