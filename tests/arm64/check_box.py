"""The box as a Raspberry Pi gets it: installed from a stick, looked at by the doctor, computing what this machine does.

Not collected by the everyday suite: `make test-arm64` runs it on Debian roots for 64-bit Arm under QEMU. How long
anything takes there says nothing about a Raspberry Pi.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

ANSWERS = Path(__file__).with_name("answers.py")
CHECKOUT = Path(__file__).parents[2]
PROGRAM = "/opt/anodyne/bin/anodyne"
PYTHON = "/opt/anodyne/bin/python"
PIP = "/opt/anodyne/bin/pip"
SCRIPT = "/stick/systemd/install.sh"
WAYS = {
    "install.sh": ((SCRIPT, "--wheelhouse", "/stick/wheelhouse"), (SCRIPT, "uninstall", "--purge")),
    "deb": (("dpkg", "--install", "/stick/anodyne.deb"), ("dpkg", "--purge", "anodyne")),
}
"""The two ways of docs/install.md, and back."""
PI_4, PI_5 = "cortex-a72", "cortex-a76"
DEMO = ("demo", "--fast", "--broker", "amqtt")
TFLITE_STEPS = 8
"""int8 steps by which tflite-runtime's own kernels may differ, as in edge/golden.py."""

pytestmark = pytest.mark.timeout(1800)

JsonObject = dict[str, object]


@dataclass(frozen=True)
class Box:
    """A Debian root for 64-bit Arm, and which of the ways puts the box onto it."""

    root: Path
    way: str

    def run(self, *command: str, cpu: str = PI_4, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a program in it, on an emulated processor."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "QEMU_CPU": cpu}
        settings = [f"{name}={value}" for name, value in {**environment, **variables}.items()]
        whole = ["chroot", str(self.root), "env", "-i", *settings, *command]
        return subprocess.run(whole, capture_output=True, text=True, check=False)

    def ok(self, *command: str, cpu: str = PI_4, **variables: str) -> str:
        """Run one that has to succeed; its output."""
        ended = self.run(*command, cpu=cpu, **variables)
        assert ended.returncode == 0, f"{command}: {ended.returncode}\n{ended.stdout}{ended.stderr}"
        return ended.stdout


@pytest.fixture(scope="module")
def box() -> Box:
    """Installed from the stick, in a namespace whose only way is loopback."""
    with socket.socket() as one:
        fcntl.ioctl(one, 0x8914, struct.pack("16sh14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
    made = Box(Path(os.environ["ANODYNE_ARM64_ROOT"]), os.environ["ANODYNE_ARM64_WAY"])
    began_s = time.monotonic()
    print("\n" + made.ok(*WAYS[made.way][0]), end="")
    print(f"in {time.monotonic() - began_s:.0f} s, without a network, emulated")
    return made


def here(*command: str) -> str:
    """Output of this machine's own program."""
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    ended = subprocess.run((sys.executable, *command), capture_output=True, text=True, check=True, env=environment)
    return ended.stdout


def decoded(text: str) -> JsonObject:
    """The last line, a JSON object."""
    return cast(JsonObject, json.loads(text.splitlines()[-1]))


@pytest.fixture(scope="module")
def answers() -> JsonObject:
    """What this machine computes."""
    return decoded(here(str(ANSWERS)))


def test_it_is_installed_as_on_a_pi(box: Box) -> None:
    assert re.fullmatch(r"anodyne \d+\.\d+\.\d+", box.ok(PROGRAM, "--version").splitlines()[0])
    assert box.ok("uname", "-m").strip() == "aarch64"
    assert "anodyne" in box.ok("getent", "passwd", "anodyne")
    assert box.ok("stat", "-c", "%U:%G %a", "/etc/anodyne/anodyne.toml").strip() == "root:anodyne 640"
    print(box.ok(PYTHON, "-m", "pip", "check"), end="")


def test_installing_again_changes_nothing(box: Box) -> None:
    before = box.ok("readlink", "/opt/anodyne")
    box.ok(*WAYS[box.way][0])
    assert box.ok("readlink", "/opt/anodyne") == before


def test_the_doctor_finds_it_fit(box: Box) -> None:
    """As the daemon's user. No camera, no radio, no clock of its own: warnings, as nothing is configured."""
    as_user = ("setpriv", "--reuid=anodyne", "--regid=anodyne", "--init-groups", PROGRAM, "doctor")
    print("\n" + box.ok(*as_user), end="")
    found = decoded(box.ok(*as_user, "--json"))
    assert found["fit"] is True
    grades = {row["name"]: row["grade"] for row in cast(list[dict[str, str]], found["findings"])}
    good = {name for name, grade in grades.items() if grade == "ok"}
    models = {f"model {name}" for name in ("arousal_gsr", "arousal_ppg", "face_au", "face_find")}
    assert good >= {"python", "versions", "runtime", "bundle", "opencv", "state"} | models, grades


def test_the_doctor_names_what_the_example_lacks(box: Box) -> None:
    """With the first configuration: its camera, its radio and its broker are not there, which makes exit code 1."""
    ended = box.run(PROGRAM, "doctor", "--config", "/etc/anodyne/anodyne.toml", "--json")
    assert ended.returncode == 1, ended.stderr
    rows = cast(list[dict[str, str]], decoded(ended.stdout)["findings"])
    errors = {row["name"]: row["text"] for row in rows if row["grade"] == "error"}
    print(f"\n{errors}")
    assert set(errors) == {"camera bedside", "bluetooth", "broker tcp"}


def test_the_doctor_says_why_a_network_is_slow_where_processors_are_hidden(box: Box) -> None:
    hidden = f"mount -t tmpfs none /sys && exec {PROGRAM} doctor --json"
    ended = box.run("unshare", "--mount", "--propagation", "private", "bash", "-c", hidden)
    assert ended.returncode == 1, ended.stderr
    rows = cast(list[dict[str, str]], decoded(ended.stdout)["findings"])
    remedies = {row["remedy"] for row in rows if row["name"].startswith("model ")}
    print(f"\n{remedies}")
    assert len(remedies) == 1
    assert "/sys/devices/system/cpu/possible" in remedies.pop()


@pytest.mark.parametrize("cpu", [PI_4, PI_5])
def test_every_network_answers_bit_for_bit(box: Box, answers: JsonObject, cpu: str) -> None:
    found = decoded(box.ok(PYTHON, "/stick/answers.py", cpu=cpu))
    print(f"\n{cpu}: {found}")
    assert (answers["machine"], found["machine"]) == ("x86_64", "aarch64")
    assert {name: found[name] for name in ("runtime", "golden", "delegated", "outputs")} == {
        name: answers[name] for name in ("runtime", "golden", "delegated", "outputs")
    }
    assert set(cast(dict[str, int], found["golden"]).values()) == {0}


def shown_lines(shown: str) -> list[str]:
    """What became of each alarm and when, by the scene's clock, and the two lines of figures."""
    return [" ".join(line.split()) for line in shown.splitlines() if re.match(r"\d:\d\d {4}|\d+ alarms|Modes:", line)]


def decisions(shown: str) -> list[str]:
    """The same without moments and lengths: a busy machine's broker delivers later by the scene's virtual clock."""
    return [re.sub(r"^\d:\d\d | Blind for \d+ s,| Took \d+ s\.", "", line) for line in shown_lines(shown)]


def test_the_demonstration_comes_to_the_same_decisions(box: Box) -> None:
    """Through daemon, broker and nurse on loopback. Exit code 0: nothing was lost, and no blind bed called calm."""
    wanted, found = here("-m", "edge.cli", *DEMO), box.ok(PROGRAM, *DEMO)
    print("\n" + "\n".join(shown_lines(found)))
    assert decisions(found) == decisions(wanted)
    assert decisions(found)[-2].startswith("4 alarms raised, 4 delivered, 2 acknowledged, 0 lost.")


def test_the_other_runtime_answers_within_its_tolerance(box: Box) -> None:
    """It is put into the program's environment, where the system has Python 3.11 and numpy 1."""
    if "Python 3.11" not in box.ok(PYTHON, "--version"):
        pytest.skip("tflite-runtime's last wheels are for Python 3.11")
    wheel = next(one for one in (box.root / "stick/other-runtime").iterdir() if one.suffix == ".whl")
    box.ok(PIP, "install", "--quiet", "--no-deps", "--no-index", f"/stick/other-runtime/{wheel.name}")
    ended = box.run(PYTHON, "/stick/answers.py", ANODYNE_RUNTIME="tflite-runtime")
    assert ended.returncode == 0, f"{ended.returncode}\n{ended.stderr}"
    found = decoded(ended.stdout)
    print(f"\n{found}")
    assert str(found["runtime"]).startswith("tflite-runtime")
    assert max(cast(dict[str, int], found["golden"]).values()) <= TFLITE_STEPS


def test_it_goes_without_a_trace(box: Box) -> None:
    """Last, as nothing is there afterwards."""
    print("\n" + box.ok(*WAYS[box.way][1]), end="")
    left = box.ok("find", "/opt", "/etc", "/usr/local", "/var/lib", "-xdev", "-name", "*anodyne*")
    assert left == ""
    assert box.run("getent", "passwd", "anodyne").returncode != 0
