"""`systemd/install.sh` below a folder: install, again, upgrade, uninstall."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.install.peer_wheel import peer_wheel

SYSTEMD = Path(__file__).parents[2] / "systemd"

NEEDED = ("systemd-sysusers", "systemd-tmpfiles", "userdel")

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="making users and folders of others needs root"),
    pytest.mark.skipif(any(shutil.which(one) is None for one in NEEDED), reason=f"needs {', '.join(NEEDED)}"),
]

PLACED = [
    "etc/systemd/system/anodyne.service",
    "etc/sysusers.d/anodyne.conf",
    "etc/tmpfiles.d/anodyne.conf",
    "etc/udev/rules.d/70-anodyne.rules",
]
"""Files of the system."""


class Machine:
    """A root folder to install into."""

    def __init__(self, folder: Path) -> None:
        """Nothing is installed."""
        self.root = folder / "root"
        self._wheels = folder / "wheels"

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call the script."""
        command = [str(SYSTEMD / "install.sh"), *arguments, "--root", str(self.root)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def install(
        self, version: str, *, broken: bool = False, damaged: bool = False, refuses: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Install, or upgrade to, a version."""
        wheels = peer_wheel(self._wheels, version, broken=broken, refuses=refuses)
        if damaged:
            [wheel] = wheels.glob("*.whl")
            wheel.write_bytes(wheel.read_bytes()[:-200])
        return self.run("install", "--wheelhouse", str(wheels), "--python", sys.executable)

    def version(self) -> str:
        """What the installed program says."""
        program = self.root / "opt/anodyne/bin/anodyne"
        return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()

    def id_of(self, database: str) -> int:
        """Id of the user or group `anodyne`, from the root's own files."""
        rows = (self.root / "etc" / database).read_text().splitlines()
        return next(int(row.split(":")[2]) for row in rows if row.startswith("anodyne:"))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An empty one."""
    return Machine(tmp_path)


def test_an_install_brings_program_user_folders_and_a_configuration_and_another_changes_nothing(
    machine: Machine,
) -> None:
    outcome = machine.install("1.0")
    assert outcome.returncode == 0, outcome.stderr
    assert machine.version() == "anodyne 1.0"
    assert [name for name in PLACED if not (machine.root / name).is_file()] == []
    config = machine.root / "etc/anodyne/anodyne.toml"
    state = (machine.root / "var/lib/anodyne").stat()
    assert (config.stat().st_mode & 0o777, config.stat().st_gid) == (0o640, machine.id_of("group"))
    assert (state.st_mode & 0o777, state.st_uid) == (0o700, machine.id_of("passwd"))

    config.write_text("# mine\n")
    before = {path: path.lstat().st_mtime_ns for path in machine.root.glob("etc/**/*") if path.is_file()}
    program = (machine.root / "opt/anodyne").resolve()
    outcome = machine.install("1.0")
    assert outcome.returncode == 0, outcome.stderr
    assert config.read_text() == "# mine\n"
    assert (machine.root / "opt/anodyne").resolve() == program
    assert {path: path.lstat().st_mtime_ns for path in before} == before


def test_an_upgrade_takes_the_place_at_once_and_one_that_fails_leaves_the_old_program(machine: Machine) -> None:
    machine.install("1.0")
    assert machine.install("1.1").returncode == 0
    assert machine.version() == "anodyne 1.1"
    releases = machine.root / "opt/anodyne-releases"
    kept = sorted(one.name for one in releases.iterdir())
    assert machine.install("1.1").returncode == 0
    assert sorted(one.name for one in releases.iterdir()) == kept
    assert len(kept) == 2  # the one in use, and the one before
    outcome = machine.install("1.2", broken=True)
    assert outcome.returncode != 0
    assert "does not start" in outcome.stderr
    assert machine.version() == "anodyne 1.1"
    outcome = machine.install("1.2", damaged=True)
    assert outcome.returncode != 0
    assert "cannot be installed" in outcome.stderr
    assert machine.version() == "anodyne 1.1"
    assert sorted(one.name for one in releases.iterdir()) == kept


def test_a_release_that_refuses_the_configuration_is_not_put_in_place(machine: Machine) -> None:
    machine.install("1.0")
    file = machine.root / "etc/anodyne/anodyne.toml"
    unit = machine.root / "etc/systemd/system/anodyne.service"
    file.write_text("# no longer\n")
    before = unit.stat().st_mtime_ns
    outcome = machine.install("1.1", refuses=True)
    assert outcome.returncode == 1
    assert "old.key: there is no such key" in outcome.stderr
    assert f"anodyne 1.1 refuses {file}" in outcome.stderr
    assert "run this again" in outcome.stderr
    assert "anodyne 1.0 stays in its place" in outcome.stdout
    assert machine.version() == "anodyne 1.0"
    assert (file.read_text(), unit.stat().st_mtime_ns) == ("# no longer\n", before)
    file.write_text("# mended\n")
    assert machine.install("1.1", refuses=True).returncode == 0
    assert machine.version() == "anodyne 1.1"
    assert len(list((machine.root / "opt/anodyne-releases").iterdir())) == 2


def test_a_kept_configuration_that_a_first_install_refuses_is_told(machine: Machine) -> None:
    (machine.root / "etc/anodyne").mkdir(parents=True)
    (machine.root / "etc/anodyne/anodyne.toml").write_text("# no longer\n")
    outcome = machine.install("1.1", refuses=True)
    assert outcome.returncode == 1
    assert "old.key" in outcome.stderr
    assert not (machine.root / "opt/anodyne").exists()


def test_uninstalling_keeps_configuration_and_state_until_they_are_purged(machine: Machine) -> None:
    machine.install("1.0")
    (machine.root / "var/lib/anodyne/anodyne.sqlite3").write_text("alarms")
    assert machine.run("uninstall").returncode == 0
    assert [name for name in [*PLACED, "opt/anodyne"] if (machine.root / name).exists()] == []
    assert (machine.root / "var/lib/anodyne/anodyne.sqlite3").read_text() == "alarms"
    assert (machine.root / "etc/anodyne/anodyne.toml").exists()
    outcome = machine.run("uninstall", "--purge")
    assert outcome.returncode == 0, outcome.stderr
    assert not (machine.root / "var/lib/anodyne").exists()
    assert not (machine.root / "etc/anodyne").exists()
    assert "anodyne:" not in (machine.root / "etc/passwd").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["install"], "give --wheelhouse DIR or --wheel FILE"),
        (["install", "--wheelhouse", "/nowhere"], "no folder /nowhere"),
        (["install", "--wheelhouse", str(SYSTEMD)], "holds no anodyne"),
        (["install", "--wheel", "x.whl", "--python", "/bin/true-not-there"], "no Python 3.11"),
        (["--wheelhous"], "unknown: --wheelhous"),
    ],
)
def test_what_is_missing_is_said(machine: Machine, arguments: list[str], said: str) -> None:
    outcome = machine.run(*arguments)
    assert outcome.returncode != 0
    assert said in outcome.stderr


def test_the_debian_package_holds_the_script_the_wheels_and_the_same_steps(tmp_path: Path) -> None:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("no dpkg-deb on this system")
    wheels = peer_wheel(tmp_path / "wheels", "1.0")
    subprocess.run([SYSTEMD / "deb.sh", wheels, tmp_path, "aarch64"], check=True, capture_output=True)
    package = tmp_path / "anodyne_1.0_arm64.deb"
    fields = subprocess.run(["dpkg-deb", "--info", package], capture_output=True, text=True, check=True).stdout
    listed = subprocess.run(["dpkg-deb", "-c", package], capture_output=True, text=True, check=True).stdout
    assert "Architecture: arm64" in fields
    assert "Depends: python3 (>= 3.11), python3-venv" in fields
    for name in ("install.sh", "anodyne.service", "anodyne.rules", "wheelhouse/anodyne-1.0-py3-none-any.whl"):
        assert f"./usr/share/anodyne/{name}\n" in listed
    subprocess.run(["dpkg-deb", "-e", package, tmp_path / "control"], check=True)
    root = tmp_path / "root"
    (root / "etc/anodyne").mkdir(parents=True)
    for action, left in (("remove", True), ("purge", False)):
        script = (tmp_path / "control/postrm").read_text().replace("--purge\n", f"--purge --root {root}\n", 1)
        (tmp_path / "postrm").write_text(script)
        subprocess.run(["bash", tmp_path / "postrm", action], check=True, capture_output=True)
        assert (root / "etc/anodyne").exists() is left
