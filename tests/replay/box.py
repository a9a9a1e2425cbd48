"""A box that records, for the tests: the demonstration's sensors or others, on any clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from edge import clock, config
from edge.daemon import Daemon
from edge.demo.setup import DELAYS, FACE_CLIP
from edge.publish.embedded import free_port
from edge.recorder.session import Session
from edge.replay.run import Outcome, Replay
from edge.sensors.camera.stanzas import VideoFileCamera
from edge.sensors.simulated.band import SimulatedBand
from edge.sensors.table import Kind
from edge.types import Validity

CAMERA = VideoFileCamera(driver="video_file", name="camera", path=FACE_CLIP, width_px=320, height_px=240)
BAND = SimulatedBand(driver="simulated_band", name="band")


def settings(folder: Path, *sensors: Kind, alarm: config.Alarm = DELAYS, port: int | None = None) -> config.Config:
    """A box that keeps state and sessions below `folder`."""
    (folder / "state").mkdir(exist_ok=True)
    return config.Config(
        box=config.Box(site="test", bed="bed1", state_dir=folder / "state", validity=Validity.TEST),
        sensor=sensors,
        alarm=alarm,
        mqtt=config.Mqtt(host="127.0.0.1", port=port or free_port()),
        recorder=config.Recorder(folder=folder / "sessions"),
    )


def record(
    box: config.Config, seconds: float, meanwhile: Callable[[Daemon, clock.Clock], Awaitable[None]] | None = None
) -> Path:
    """Let a box live for `seconds` of virtual time; its session."""
    time = clock.VirtualClock()

    async def live() -> None:
        daemon = Daemon(box, time)
        task = asyncio.create_task(daemon.run())
        if meanwhile is not None:
            await meanwhile(daemon, time)
        passed = asyncio.create_task(time.sleep(seconds - time.now_ns() / 1e9))
        await asyncio.wait({task, passed}, return_when=asyncio.FIRST_COMPLETED)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    clock.run(time, live())
    return newest(box)


def newest(box: config.Config) -> Path:
    """The session that was recorded last."""
    folder = box.recorder.folder
    assert folder is not None
    return max(folder.glob("*.anodyne"), key=lambda path: int(path.stem.rsplit("-", 1)[1]))


def replay(session: Path, other: config.Config | None = None, speed: float = 0.0) -> Outcome:
    """Play a session once more."""
    system = clock.SystemClock()
    return clock.run(system, Replay(session, other).run(system, speed))


def count(session: Path, kind: str) -> int:
    """Rows of one table."""
    with Session.open(session) as opened:
        return sum(1 for _ in opened.events([kind]))
