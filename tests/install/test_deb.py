"""The Debian package under the real dpkg: install, upgrade, an upgrade that does not start, remove, purge.

This machine's own system is the root, and what dpkg writes there stays in memory and ends with the test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.install.peer_wheel import peer_opencv, peer_wheel

DEB = Path(__file__).parents[2] / "systemd/deb.sh"

MOUNTS = """
mount -t tmpfs tmpfs "$0" && mkdir "$0/upper" "$0/work" "$0/root" "$0/given" &&
mount -t overlay -o "lowerdir=/,upperdir=$0/upper,workdir=$0/work" overlay "$0/root" &&
mount -t proc proc "$0/root/proc" && mount --rbind /dev "$0/root/dev" && mkdir "$0/root/given" && echo ready && read -r
"""
"""A copy of this machine, for as long as somebody holds the shell's input open."""


def _unfit() -> str:
    """Why it cannot be tried here; "" where it can."""
    if os.geteuid() != 0:
        return "dpkg needs root"
    tools = ("dpkg", "unshare", "nsenter", "systemd-sysusers", "systemd-tmpfiles")
    if any(shutil.which(tool) is None for tool in tools):
        return f"needs {', '.join(tools)}"
    asked = subprocess.run(
        ("/usr/bin/python3", "-c", "import sys; print(sys.version_info >= (3, 11))"),
        check=False,
        capture_output=True,
        text=True,
    )
    known = subprocess.run(("dpkg-query", "--show", "python3-venv"), check=False, capture_output=True)
    if asked.stdout != "True\n" or known.returncode != 0:
        return "the system's Python is not 3.11 or later with python3-venv"
    return ""


pytestmark = [pytest.mark.skipif(bool(_unfit()), reason=_unfit()), pytest.mark.timeout(600)]


class Copy:
    """A copy of this machine that packages can be installed into.

    Args:
        folder: where it is mounted, in a namespace of its own.
        inside: a process in that namespace.
    """

    def __init__(self, folder: Path, inside: int) -> None:
        """Nothing is installed."""
        self._folder = folder
        self._enter = ("nsenter", f"--target={inside}", "--mount", "--wd=/")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program in it."""
        path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
        whole = [*self._enter, "chroot", str(self._folder / "root"), "env", "-i", path, "LC_ALL=C.UTF-8", *command]
        return subprocess.run(whole, capture_output=True, text=True, check=False)

    def said(self, *command: str) -> str:
        """Output of a program that has to succeed."""
        ended = self.run(*command)
        assert ended.returncode == 0, f"{command}: {ended.returncode}\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    def dpkg(self, package: Path) -> subprocess.CompletedProcess[str]:
        """Install a package that lies outside."""
        inside = self._folder / "root/given" / package.name
        subprocess.run([*self._enter, "dd", "status=none", f"of={inside}"], input=package.read_bytes(), check=True)
        return self.run("dpkg", "--install", f"/given/{package.name}")

    def state(self) -> str:
        """How dpkg says that the package stands: "install ok installed", with its version."""
        asked = self.run("dpkg-query", "--show", "--showformat=${Status} ${Version}", "anodyne")
        return asked.stdout if asked.returncode == 0 else "unknown"

    def version(self) -> str:
        """What the program on the PATH says."""
        return self.said("anodyne", "--version").strip()

    def there(self, *paths: str) -> list[str]:
        """Those paths that exist."""
        return [path for path in paths if self.run("test", "-e", path).returncode == 0]


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    """Mounted in a namespace of its own."""
    folder = tmp_path / "copy"
    folder.mkdir()
    shell = ["unshare", "--mount", "--propagation", "private", "bash", "-c", MOUNTS, str(folder)]
    with subprocess.Popen(
        shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout is not None
        if one.stdout.readline() != "ready\n":
            pytest.skip("no overlay can be mounted here")
        made = Copy(folder, one.pid)
        if made.there("/opt/anodyne", "/etc/anodyne"):
            pytest.skip("a box is installed on this machine")
        yield made
        one.communicate("\n")


def package(folder: Path, version: str, *, broken: bool = False) -> Path:
    """A package of that version."""
    wheels = peer_wheel(folder / "wheels", version, broken=broken)
    peer_opencv(wheels)
    subprocess.run([DEB, wheels, folder, os.uname().machine], check=True, capture_output=True)
    [made] = folder.glob(f"anodyne_{version}_*.deb")
    return made


def test_it_is_installed_upgraded_removed_and_purged(copy: Copy, tmp_path: Path) -> None:
    done = copy.dpkg(package(tmp_path, "1.0"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert copy.state() == "install ok installed 1.0"
    assert copy.version() == "anodyne 1.0"
    assert copy.said("stat", "-c", "%U:%G %a", "/etc/anodyne/anodyne.toml").strip() == "root:anodyne 640"
    assert copy.said("stat", "-c", "%U %a", "/var/lib/anodyne").strip() == "anodyne 700"
    copy.said("bash", "-c", "echo '# mine' >>/etc/anodyne/anodyne.toml")

    done = copy.dpkg(package(tmp_path, "1.1"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert copy.state() == "install ok installed 1.1"
    assert copy.version() == "anodyne 1.1"
    assert "# mine" in copy.said("cat", "/etc/anodyne/anodyne.toml")

    copy.said("dpkg", "--remove", "anodyne")
    assert copy.state() == "deinstall ok config-files 1.1"
    program = ("/opt/anodyne", "/opt/anodyne-releases", "/usr/bin/anodyne", "/usr/share/anodyne")
    system = ("/etc/systemd/system/anodyne.service", "/etc/udev/rules.d/70-anodyne.rules", "/usr/local/bin/anodyne")
    kept = ("/etc/anodyne/anodyne.toml", "/var/lib/anodyne")
    assert copy.there(*program, *system, *kept) == list(kept)

    copy.said("dpkg", "--purge", "anodyne")
    assert copy.state() == "unknown"
    assert copy.there(*program, *system, *kept, "/etc/anodyne", "/etc/sysusers.d/anodyne.conf") == []
    assert copy.run("getent", "passwd", "anodyne").returncode != 0


def test_an_upgrade_that_does_not_start_leaves_the_old_one_and_can_be_mended(copy: Copy, tmp_path: Path) -> None:
    assert copy.dpkg(package(tmp_path, "1.0")).returncode == 0
    failed = copy.dpkg(package(tmp_path, "1.1", broken=True))
    assert failed.returncode != 0
    assert "the program does not start" in failed.stderr
    assert copy.state() == "install ok half-configured 1.1"
    assert copy.version() == "anodyne 1.0"

    done = copy.dpkg(package(tmp_path, "1.2"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert copy.state() == "install ok installed 1.2"
    assert copy.version() == "anodyne 1.2"


def test_what_was_removed_comes_back_with_its_configuration(copy: Copy, tmp_path: Path) -> None:
    first = package(tmp_path, "1.0")
    assert copy.dpkg(first).returncode == 0
    copy.said("bash", "-c", "echo '# mine' >>/etc/anodyne/anodyne.toml")
    copy.said("dpkg", "--remove", "anodyne")
    assert copy.dpkg(first).returncode == 0
    assert copy.version() == "anodyne 1.0"
    assert "# mine" in copy.said("cat", "/etc/anodyne/anodyne.toml")
