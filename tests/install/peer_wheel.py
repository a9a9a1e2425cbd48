"""A wheel that stands for the program where only the way it gets onto a machine is tried."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

PROGRAM = """
import sys

VERSION = "{version}"

def main():
    if {broken}:
        sys.exit("this release does not start")
    if sys.argv[1:] == ["--version"]:
        print("anodyne", VERSION)
    elif sys.argv[1:] == ["config", "example"]:
        print("[box]")
    elif sys.argv[1:3] == ["config", "check"]:
        if "no longer" in open(sys.argv[3], encoding="utf-8").read() and {refuses}:
            sys.exit("line 1: old.key: there is no such key")
    else:
        sys.exit(2)
"""


def peer_wheel(folder: Path, version: str, *, broken: bool = False, refuses: bool = False) -> Path:
    """Write `anodyne-<version>` as a wheel, in place of others, and give its folder back.

    Args:
        folder: for the wheel.
        version: of the program.
        broken: it does not start.
        refuses: it does not take a configuration that says "no longer".
    """
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.whl"):
        old.unlink()
    extras = "".join(f"Provides-Extra: {extra}\n" for extra in ("station", "metrics", "gpio"))
    files = {
        "anodyne_peer.py": PROGRAM.format(version=version, broken=broken, refuses=refuses),
        f"anodyne-{version}.dist-info/entry_points.txt": "[console_scripts]\nanodyne = anodyne_peer:main\n",
    }
    _write(folder, "anodyne", version, files, extras)
    return folder


def peer_opencv(folder: Path) -> None:
    """Add what stands for the OpenCV that the script asks for where the system's numpy is version 1."""
    _write(folder, "opencv_python_headless", "4.11.0", {})


def _write(folder: Path, name: str, version: str, files: dict[str, str], metadata: str = "") -> None:
    info = f"{name}-{version}.dist-info"
    files |= {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: peer\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(zipfile.ZipInfo(path), text)  # no time of today: the same version is the same file


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
