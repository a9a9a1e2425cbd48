"""GStreamer as the system's packages bring it, for a Python whose virtual environment does not show them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

SYSTEM_PYTHON = Path("/usr/bin/python3")
SYSTEM_PACKAGES = Path("/usr/lib/python3/dist-packages")
_WANTED = "python3-gi gir1.2-gstreamer-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
_HAS_GSTREAMER = "import cv2; raise SystemExit('GStreamer:                   YES' not in cv2.getBuildInformation())"


def show_gi(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the system's `gi` importable here, as in an environment made with --system-site-packages; or skip."""
    if importlib.util.find_spec("gi") is not None:
        return
    version = f"{sys.version_info.major}{sys.version_info.minor}"
    if not any((SYSTEM_PACKAGES / "gi").glob(f"_gi.cpython-{version}-*.so")):
        pytest.skip(f"no GStreamer for this Python: install {_WANTED} for the Python that made the environment")
    (folder / "gi").symlink_to(SYSTEM_PACKAGES / "gi")
    monkeypatch.syspath_prepend(folder)


@cache
def _system_opencv() -> bool:
    """Whether the system's own OpenCV has GStreamer and suits this Python's packages."""
    same = [str(SYSTEM_PYTHON), "-c", f"import sys; raise SystemExit(sys.version_info[:2] != {sys.version_info[:2]})"]
    has = [str(SYSTEM_PYTHON), "-c", _HAS_GSTREAMER]
    return SYSTEM_PYTHON.exists() and all(subprocess.run(it, capture_output=True).returncode == 0 for it in (same, has))


def run_on_system_opencv(folder: Path, program: str) -> str:
    """What a program prints that sees the system's OpenCV and no `gi`; or skip."""
    if not _system_opencv():
        pytest.skip("no OpenCV with GStreamer: install the system's python3-opencv")
    for name in ("numpy", *(path.name for path in SYSTEM_PACKAGES.glob("cv2*"))):
        (folder / name).symlink_to(SYSTEM_PACKAGES / name)
    here = next(path for path in sys.path if (Path(path) / "pydantic").is_dir())
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(folder), str(Path.cwd()), here))}
    # -S: without the system's folder of packages, and so without `gi`.
    done = subprocess.run(
        [SYSTEM_PYTHON, "-S", "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
