"""Looks at the installed unit from outside, beside the true systemd: starts, hangs, restarts, alarms, safe mode.

Run by `tests/systemd/run.sh` with the installed program's own Python; ends at the first thing that is not so.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from edge.config import Mqtt
from edge.publish.payload import AlertMessage, AvailabilityMessage, HealthMessage, StateMessage
from edge.publish.subscriber import Received, Subscriber
from edge.publish.topics import Topics
from edge.types import Condition, Presence

UNIT = "anodyne.service"
PORT = 18830

HANGS = """
import ctypes, time
time.sleep(1.0)
ctypes.PyDLL(None).sleep(1_000_000)
"""
"""A camera library that never returns and holds the interpreter: no other thread goes on."""


HANGS_ALONE = "import time\ntime.sleep(1_000_000)\n"
"""One that never returns and leaves the others alone: the event loop goes on."""

LATELY = "has been started anew for that lately"
"""What the box says when it goes on without its camera."""


class Ward:
    """What the station hears."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.alerts: list[AlertMessage] = []
        self.state: StateMessage | None = None
        self.health: HealthMessage | None = None
        self.online = False
        self.starts = 0
        self.states = 0

    def hear(self, received: Received) -> None:
        """Keep the newest."""
        match received.message:
            case AlertMessage() as alert if alert.condition is Condition.CANNOT_ASSESS:
                self.alerts.append(alert)
            case StateMessage() as state:
                self.state = state
                self.states += 1
            case HealthMessage() as health:
                self.health = health
            case AvailabilityMessage() as said:
                self.online = said.online
                self.starts += said.online

    @property
    def safe(self) -> bool:
        """Whether the newest state comes from safe mode."""
        return self.state is not None and "safe_mode" in self.state.reasons


def run(*command: str) -> str:
    """Output of a program, which must succeed."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def shown(name: str) -> str:
    """A property of the unit."""
    return run("systemctl", "show", UNIT, f"--property={name}", "--value")


async def wait(what: str, holds: Callable[[], object], seconds: float = 90.0) -> None:
    """Wait until something holds, and say so.

    Raises:
        SystemExit: it did not in time.
    """
    begun_s = time.monotonic()
    while not holds():
        if time.monotonic() - begun_s > seconds:
            print(f"FAILED: {what}, not within {seconds:.0f} s", flush=True)
            raise SystemExit(1)
        await asyncio.sleep(0.2)
    print(f"{what}: {time.monotonic() - begun_s:.1f} s", flush=True)


async def look(ward: Ward, library: Path) -> None:
    """The whole course.

    Args:
        ward: a station's ears.
        library: where the camera's library is looked for.
    """
    run("systemctl", "start", "--no-block", UNIT)
    await wait("the unit is active, so it has notified", lambda: shown("ActiveState") == "active")
    await wait("availability at the station", lambda: ward.online)
    await wait("without its camera the bed alarms", lambda: ward.alerts and ward.alerts[-1].presence is Presence.ON)
    episode = ward.alerts[-1].episode

    starts = ward.starts
    await asyncio.to_thread(library.write_text, HANGS)
    run("systemctl", "restart", "--no-block", UNIT)
    await wait("a camera library hangs: the watchdog has killed", lambda: int(shown("NRestarts")) >= 1)
    await wait("it is started again", lambda: ward.starts >= starts + 2)
    await wait("after three, it is in safe mode", lambda: ward.safe, 180.0)
    await wait("and says why", lambda: ward.health is not None and ward.health.safe_mode)
    print(f"  {ward.health.safe_mode if ward.health else ''}", flush=True)
    print(f"  {shown('StatusText')}", flush=True)
    restarts = int(shown("NRestarts"))
    killed = run("journalctl", "--unit", UNIT, "--no-pager").count("Watchdog timeout")
    await wait(f"{killed} times killed by the watchdog, {restarts} restarts", lambda: killed == restarts == 3, 0.0)

    await asyncio.to_thread(library.unlink)
    await wait("mended: the whole box is tried again", lambda: not ward.safe, 120.0)
    await wait("the unit is active", lambda: shown("ActiveState") == "active")
    episodes = {alert.episode for alert in ward.alerts}
    await wait("through all of it one alarm stood, restored each time", lambda: episodes == {episode}, 0.0)
    await alone(ward, library)
    run("systemctl", "stop", UNIT)
    await wait("stopped in order", lambda: shown("Result") == "success", 0.0)
    await wait("and the station knows", lambda: not ward.online, 10.0)


async def alone(ward: Ward, library: Path) -> None:
    """A camera's thread hangs by itself: one new start, and when that did not help the box goes on without."""
    await asyncio.to_thread(library.write_text, HANGS_ALONE)
    run("systemctl", "restart", UNIT)
    before = int(shown("NRestarts"))
    await wait("a camera thread hangs alone: the watchdog has killed", lambda: int(shown("NRestarts")) > before, 120.0)
    await wait("the unit is active", lambda: shown("ActiveState") == "active")
    await wait("it hangs again, and the box goes on without", lambda: LATELY in journal(), 120.0)
    states = ward.states
    await wait("it still assesses", lambda: ward.states > states + 3, 60.0)
    await wait("one new start in all, and no safe mode", lambda: int(shown("NRestarts")) == before + 1, 0.0)
    await wait("which the station would know", lambda: not ward.safe, 0.0)
    await asyncio.to_thread(library.unlink)


def journal() -> str:
    """What the unit has said since it was last started by hand."""
    return run("journalctl", "--unit", UNIT, "--no-pager")


async def attend(library: Path) -> None:
    """A station, and the course."""
    ward = Ward()
    subscriber = Subscriber(Mqtt(host="127.0.0.1", port=PORT), ward.hear, topics=Topics("ward", "bed"))
    listening = asyncio.create_task(subscriber.run())
    try:
        await asyncio.wait_for(subscriber.ready.wait(), 30)
        await look(ward, library)
    finally:
        listening.cancel()


def main() -> None:
    """A broker, and who looks."""
    library = next(Path("/opt/anodyne/lib").glob("python*/site-packages")) / "libcamera.py"
    settings = Path("/anodyne/mosquitto.conf")
    settings.write_text(f"listener {PORT} 127.0.0.1\nallow_anonymous true\nuser root\nlog_type error\n")
    with subprocess.Popen(["/usr/sbin/mosquitto", "-c", str(settings)]) as broker:
        try:
            asyncio.run(attend(library))
        finally:
            broker.terminate()


if __name__ == "__main__":
    main()
