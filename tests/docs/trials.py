"""What is done with each command of the pages: it runs here, or stands in one table with the reason why it cannot."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.docs.commands import Command

RUNS = (
    "anodyne config example",
    "anodyne config check /etc/anodyne/anodyne.toml",
    "anodyne doctor",
    "anodyne doctor --config /etc/anodyne/anodyne.toml",
    'anodyne accounts add ruth --shown "Sister Ruth" --file /etc/anodyne/station-accounts.json',
    "anodyne accounts add wall --role display --file /etc/anodyne/station-accounts.json",
    'anodyne accounts pin --file /etc/anodyne/home-pin.json --shown "Family"',
    "anodyne simulate --list",
    "anodyne models --bundle my-models --verify",
    "anodyne replay SESSION --speed max --json",
    "anodyne plot SESSION -o out.svg",
    "anodyne explain EVENT SESSION -o why.png",
    "anodyne export fhir /var/lib/anodyne/sessions -o bundles",
    'python3 -c "import uuid; print(uuid.uuid4())"',
)
"""Run in this order, in a folder of their own; of a line with options one form is enough."""

PROBLEMS = {"anodyne doctor": (0, 1), "anodyne doctor --config /etc/anodyne/anodyne.toml": (0, 1)}
"""Exit codes besides 0 that are right here: the example's camera, band and broker are not on this machine."""

CANNOT = (
    (r"apt ", "installs packages of the system, as root"),
    (r"pip install |python3 -m venv ", "fetches packages; what it names is checked, and `make test-wheel` installs"),
    (r"(install|tee|nano|usermod|systemd-sysusers)\b", "changes the system, as root; files that it names are checked"),
    (r"(systemctl|journalctl) ", "needs the service; `make test-vm` starts it as the page says"),
    (r"(udevadm|bluetoothctl|rfcomm|fuser) ", "needs a device"),
    (r"(echo|export) ", "means something together with its neighbour only"),
    (r"make ", "takes minutes, or what it tests is this suite; that make knows it is checked"),
    (r"python -m quantize ", "takes hours and data that is not here; `make test-train` runs each job in short form"),
    (r"python -m tests\.", "a measurement of minutes; that it exists is checked"),
    (r"anodyne (scan|sensors)\b", "needs Bluetooth and cameras: tests/cli/test_scan.py, tests/cli/test_sensors.py"),
    (r"anodyne (alarm|report|burden|reference|watch)\b", "needs a box and a broker: tests/cli/test_alarm.py"),
    (r"systemd/install.sh ", "changes the system, as root; `make test-install` runs it below a folder"),
    (r"anodyne setup\b", "asks a person and looks for devices: tests/setup/test_setup.py"),
    (r"anodyne models [a-z]", "needs a site's key and a box: tests/cli/test_bundles.py"),
    (r"anodyne (audit|consent)\b", "needs a box's state: tests/audit, tests/recorder/test_consented.py"),
    (r"anodyne sessions\b", "needs a sealed session: tests/recorder/test_consented.py"),
    (r"anodyne fleet ", "needs brokers that bear it: tests/fleet/test_fleet.py"),
    (r"anodyne ingest\b", "goes on until it is stopped, and needs a broker: tests/ingest/test_worker.py"),
    (r"anodyne station\b", "goes on until it is stopped: tests/station/test_page.py"),
    (r"anodyne simulate --(scenario|watched|suite)", "takes minutes: tests/cli/test_simulate.py"),
    (r"anodyne export fhir .*--push", "needs a hospital's server: tests/publish/fhir/test_export.py"),
)  # fmt: skip
"""Beginnings of commands that are not run, and why. Their options are checked all the same."""


def reason(text: str) -> str | None:
    """Why a command is not run; None where nothing is said about it."""
    return next((why for beginning, why in CANNOT if re.match(beginning, text)), None)


def filled(text: str, folder: Path) -> list[str]:
    """Arguments of a command with something real for each word that stands for it.

    Args:
        text: the command.
        folder: holds `etc`, `sessions` and `models`.
    """
    real = {
        "SITE/BED": "ward/bed1",
        "SESSION": str(folder / "sessions/one.anodyne"),
        "EVENT": "last",
        "VERB": "proof",
        "KIND:FOLDER": f"table:{folder}",
        "FOLDER": str(folder),
        "N": "2",
        "my-models": str(folder / "models"),
    }
    words = [real.get(word, word) for word in shlex.split(text)]
    moved = (word.replace("/etc/anodyne", str(folder / "etc")) for word in words)
    return [word.replace("/var/lib/anodyne/sessions", str(folder / "sessions")) for word in moved]


def options(command: Command) -> list[str]:
    """Long and short options that a command names."""
    return [word.split("=")[0] for word in command.words if re.fullmatch(r"--?[a-z][\w-]*(=.*)?", word)]
