"""The systemd unit under a real systemd: it starts, opens a camera in its confinement, feeds the watchdog, and stops.

Not collected by the everyday suite: `make test-vm` runs it in a virtual machine, as root.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vm import vivid
from tests.vm.vivid import run

UNIT = "anodyne.service"
SYSTEMD = Path(__file__).parents[2] / "systemd"
CONFIG = Path("/etc/anodyne/anodyne.toml")
PATIENCE = Path("/etc/systemd/system/anodyne.service.d/patience.conf")
WATCHDOG_S = 30.0

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module", autouse=True)
def service() -> Iterator[None]:
    """Installed as docs/install.md says, with one camera, and started: `start` returns with the first assessment."""
    node = vivid.plug_in(0)
    run("systemd-sysusers", str(SYSTEMD / "anodyne.sysusers"))
    shutil.copy(SYSTEMD / UNIT, "/etc/systemd/system")
    PATIENCE.parent.mkdir(exist_ok=True)
    PATIENCE.write_text("[Service]\nTimeoutStartSec=600\n")  # the processor is emulated; all else as it is
    CONFIG.parent.mkdir(exist_ok=True)
    CONFIG.write_text(
        f'[box]\nsite = "vm"\nbed = "1"\n\n[[sensor]]\ndriver = "v4l2"\nname = "bedside"\ndevice = "{node}"\n'
    )
    run("chown", "-R", "anodyne:anodyne", str(CONFIG.parent))
    run("systemctl", "daemon-reload")
    begun_s = time.monotonic()
    started = subprocess.run(("systemctl", "start", UNIT), check=False)
    print(f"MEASURED started in {time.monotonic() - begun_s:.1f} s")
    if started.returncode != 0:
        pytest.fail(journal())
    yield
    run("systemctl", "stop", UNIT)
    vivid.unload()


def journal() -> str:
    """What the unit said."""
    return run("journalctl", "--unit", UNIT, "--no-pager", "--lines=60")


def shown(name: str) -> str:
    """A property of the unit."""
    return run("systemctl", "show", UNIT, f"--property={name}", "--value").strip()


def test_the_camera_streams_within_the_confinement() -> None:
    time.sleep(20.0)
    command = ("/opt/anodyne/bin/anodyne", "sensors", "--once", "--json")
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    (sensor,) = json.loads(said.stdout)["sensors"]
    assert sensor["state"] == "streaming", journal()


def test_the_watchdog_is_fed() -> None:
    time.sleep(WATCHDOG_S + 5.0)
    assert (shown("ActiveState"), shown("NRestarts")) == ("active", "0"), journal()


def test_a_daemon_that_hangs_is_started_again() -> None:
    run("systemctl", "kill", "--kill-whom=main", "--signal=STOP", UNIT)
    begun_s = time.monotonic()
    while (shown("NRestarts"), shown("ActiveState")) != ("1", "active"):
        assert time.monotonic() - begun_s < 300.0, journal()
        time.sleep(1.0)
    print(f"MEASURED running again {time.monotonic() - begun_s:.0f} s after it hung")


def test_it_stops_when_told_to() -> None:
    begun_s = time.monotonic()
    run("systemctl", "stop", UNIT)
    print(f"MEASURED stopped in {time.monotonic() - begun_s:.1f} s")
    assert (shown("ActiveState"), shown("Result")) == ("inactive", "success"), journal()
