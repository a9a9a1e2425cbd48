"""The kernel's virtual camera (the module `vivid`), plugged in, pulled out and led astray as root.

Its controls are described in the kernel's documentation (admin-guide/media/vivid). Its pictures carry a clock in
milliseconds as long as that is not switched off.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "vivid-000-vid-cap"
"""What the kernel calls the first one."""

BY_PATH = Path("/dev/v4l/by-path/platform-vivid.0-video-index0")
"""udev's lasting name of it."""

_DRIVER = Path("/sys/bus/platform/drivers/vivid")


def plug_in(number: int, count: int = 1) -> Path:
    """Load the module; the first camera becomes /dev/video<number>. Returns when udev has seen to it."""
    numbers = ",".join(str(number + k) for k in range(count))
    types = ",".join("0x1" for _ in range(count))  # pictures only: no sound, radio or teletext
    run("modprobe", "vivid", f"n_devs={count}", f"node_types={types}", f"vid_cap_nr={numbers}")
    run("udevadm", "settle")
    return Path(f"/dev/video{number}")


def pull_out() -> None:
    """Take the first one from its driver, as pulling out a cable does: whoever reads it keeps a dead descriptor."""
    if (_DRIVER / "vivid.0").exists():
        (_DRIVER / "unbind").write_text("vivid.0")


def unload(within_s: float = 15.0) -> None:
    """Take all of them away; waits until nobody holds a dead one any more.

    Raises:
        TimeoutError: somebody still does.
    """
    pull_out()
    deadline_s = time.monotonic() + within_s
    while _DRIVER.exists():
        if subprocess.run(("modprobe", "--remove", "vivid"), capture_output=True, check=False).returncode == 0:
            return
        if time.monotonic() > deadline_s:
            raise TimeoutError("somebody still holds the camera")
        time.sleep(0.1)


def press(node: Path, **controls: int) -> None:
    """Set controls."""
    settings = ",".join(f"{name}={value}" for name, value in controls.items())
    run("v4l2-ctl", "--device", str(node), "--set-ctrl", settings)


@contextmanager
def streaming_elsewhere(node: Path) -> Iterator[None]:
    """Another program takes the camera's pictures."""
    command = ("v4l2-ctl", "--device", str(node), "--stream-mmap", "--stream-count=100000")
    other = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert other.stderr is not None
    other.stderr.read(1)  # it prints a sign per picture
    try:
        yield
    finally:
        other.kill()
        other.communicate()


def run(*command: str) -> str:
    """Run a command and give back what it printed."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
