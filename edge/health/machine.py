"""Checks of the machine itself: Python, numeric packages, models, state folder, clock."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from edge.bundle import Bundle
from edge.clock import kernel_clock_synced
from edge.errors import AnodyneError, InferenceError
from edge.golden import TOLERANCE_STEPS, deviation
from edge.health.findings import Finding, error, ok, warning
from edge.inference import Interpreter, runtime
from edge.recorder.recorder import RESERVE_BYTES

OLDEST_PYTHON = (3, 11)
"""As pyproject.toml says: tomllib and StrEnum begin there."""

LOW_SPACE_BYTES = 256 * 1024 * 1024
"""Free space that earns a warning: room for the outbox of a long outage (a row is below 1 kB, so 250,000 alerts) with
the journal's default reserve beside it."""

NO_SPACE_BYTES = 16 * 1024 * 1024
"""Free space that is an error: SQLite's write-ahead log alone may grow to 4 MiB between checkpoints."""

PROCESSORS = Path("/sys/devices/system/cpu/possible")
"""Where XNNPACK counts processors. On Arm it does not start without; LiteRT's own kernels there also round otherwise,
by up to 9 steps."""

_NO_PROCESSORS = f"XNNPACK cannot count the processors: let this program see {PROCESSORS} (a container may hide it)"


def python() -> Finding:
    """The interpreter and the machine it runs on."""
    text = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {_libc()}"
    if sys.version_info < OLDEST_PYTHON:
        return error("python", f"{text}: {'.'.join(map(str, OLDEST_PYTHON))} or later is needed")
    return ok("python", text)


def _libc() -> str:
    name, version = platform.libc_ver()
    return f"{name} {version}".strip() or "C library unknown"


def inference_runtime() -> Finding:
    """Which runtime is in use."""
    try:
        found = runtime()
    except InferenceError as failure:
        return error("runtime", failure.message)
    text = f"{found.name} {found.version}"
    if found.name == "tflite-runtime":
        return warning(
            "runtime", f"{text}: runs int8 networks on slow kernels; prefer ai-edge-litert where it installs"
        )
    return ok("runtime", text)


def models(bundle: Bundle, threads: int) -> Iterator[Finding]:
    """Of each model of a bundle, whether this machine runs it whole, and right."""
    for model in bundle.models.values():
        name = f"model {model.name}"
        try:
            yield _model(name, Interpreter(model, threads))
        except AnodyneError as failure:
            yield error(name, failure.message)


def _model(name: str, interpreter: Interpreter) -> Finding:
    found, allowed = deviation(interpreter), TOLERANCE_STEPS[interpreter.runtime.name]
    remedy = _NO_PROCESSORS if interpreter.delegated is False and not PROCESSORS.exists() else ""
    if found is not None and found > allowed:
        return error(name, f"computes other answers than at export: {found} steps off, {allowed} allowed", remedy)
    golden = "no golden answers in the bundle" if found is None else f"golden answers within {found} steps"
    if not interpreter.delegated:
        what = "does not run" if interpreter.delegated is False else "may not run"
        return warning(name, f"XNNPACK {what} the whole int8 graph: several times slower; {golden}", remedy)
    return ok(name, f"XNNPACK runs the whole int8 graph; {golden}")


def vision() -> Finding:
    """The numpy and OpenCV pair."""
    try:
        import cv2  # here, because a broken pair fails at this line, and that is the finding
    except (ImportError, AttributeError, SystemError) as failure:
        return error("opencv", f"cannot be loaded beside numpy {metadata.version('numpy')}: {failure}")
    text = f"{cv2.__version__} with numpy {metadata.version('numpy')}"
    return ok("opencv", text)


def state_folder(folder: Path, *, configured: bool, tried: bool = True) -> Finding:
    """Whether the state folder can be written, and its free space.

    Args:
        folder: which.
        configured: whether a box is to run on it.
        tried: put a file into it for that. The daemon only asks: it looks once a minute, and each new file makes 10 kB
            of inodes and maps dirty on its SD card; what it cannot write there it notices at the first alarm.
    """
    try:
        unfit = _unfit(folder, tried=tried)
        if not unfit:
            return _space(folder, _free(folder))
    except OSError as failure:  # the daemon looks too, and goes on watching while its card dies
        unfit = f"{folder} cannot be looked at ({failure.strerror}): replace the card or disk if this stays"
    return (error if configured else warning)("state", unfit)


def recorder_folder(folder: Path) -> Finding:
    """Whether sessions can be recorded; a warning at worst, because the box watches without."""
    unfit = _unfit(folder)
    if unfit:
        return warning("recorder", f"{unfit}; nothing is recorded until then")
    free = _free(folder)
    if free < RESERVE_BYTES:
        return warning("recorder", f"{folder}, {free // 1024**2} MiB free: too little, nothing is recorded")
    return ok("recorder", str(folder))


def _unfit(folder: Path, *, tried: bool = True) -> str:
    """Why a folder cannot be written; "" where it can, or can be made."""
    if not folder.is_dir():
        existing = _existing(folder)
        creatable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
        return "" if creatable else f"{folder} does not exist and cannot be made: create it for the daemon's user"
    if not tried:
        if os.access(folder, os.W_OK | os.X_OK):
            return ""
        return f"{folder} cannot be written: it belongs to another user, or its disk has become read-only"
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as failure:
        return f"{folder} cannot be written: {failure.strerror}"


def _existing(folder: Path) -> Path:
    return next(path for path in [folder, *folder.parents] if path.exists())


def _free(folder: Path) -> int:
    return shutil.disk_usage(_existing(folder)).free


def _space(folder: Path, free: int) -> Finding:
    text = f"{folder}, {free // 1024**2} MiB free"
    if free < NO_SPACE_BYTES:
        return error("state", f"{text}: alerts cannot be stored; make room")
    if free < LOW_SPACE_BYTES:
        return warning("state", f"{text}: little room for a long outage of the network")
    return ok("state", text)


def clock() -> Finding:
    """Whether the wall clock is synchronised."""
    if kernel_clock_synced():
        return ok("clock", "synchronised")
    return warning(
        "clock", "not synchronised: alerts are in order but carry an uncertain time; enable systemd-timesyncd or chrony"
    )
