"""The watchdog starves when a stage hangs, although the event loop lives; not time and again for the same one."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge import clock, config
from edge.daemon import Daemon
from edge.demo.setup import FACE_CLIP
from edge.face import FaceEstimator
from edge.health.progress import Progress
from edge.health.starts import AGAIN_S, Starts
from edge.health.systemd import Notifier
from edge.publish.embedded import free_port
from edge.sensors.camera.stanzas import VideoFileCamera
from edge.types import Estimate, Frame, Validity


@dataclass(frozen=True)
class Heard(Notifier):
    """Keeps when it was fed."""

    clock: clock.Clock = field(default_factory=clock.SystemClock)
    fed_ns: list[int] = field(default_factory=list)

    def alive(self) -> None:
        """Note the time."""
        self.fed_ns.append(self.clock.now_ns())


def test_a_stage_that_hangs_starves_the_watchdog(caplog: pytest.LogCaptureFixture) -> None:
    time = clock.VirtualClock()
    heard = Heard(clock=time)
    progress = Progress(heard, Starts((), None, time))
    progress.made([])
    assert len(heard.fed_ns) == 1
    for _ in range(3):
        progress.made(["camera: hangs"])
    assert len(heard.fed_ns) == 1
    progress.made([])
    assert len(heard.fed_ns) == 2
    assert caplog.text.count("camera: hangs; the box is started anew") == 1


def test_one_that_hangs_again_at_once_does_not_cost_the_others_their_watch(caplog: pytest.LogCaptureFixture) -> None:
    time = clock.VirtualClock()
    starts = Starts((), None, time)
    Progress(Heard(clock=time), starts).made(["camera: hangs"])
    heard = Heard(clock=time)
    progress = Progress(heard, starts)
    for _ in range(int(AGAIN_S[0])):
        progress.made(["camera: hangs"])
        time.advance(1.0)
    assert len(heard.fed_ns) == AGAIN_S[0]
    progress.made(["camera: hangs"])
    assert len(heard.fed_ns) == AGAIN_S[0]
    assert caplog.text.count("goes on without") == 1
    assert caplog.text.count("is started anew where") == 2


@pytest.mark.models
def test_a_picture_that_is_never_judged_starves_the_watchdog_of_a_living_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = clock.SystemClock()
    heard = Heard(clock=time)
    released = threading.Event()
    judged: list[Frame] = []

    def hang(_: FaceEstimator, frame: Frame) -> Estimate:
        judged.append(frame)
        released.wait(30.0)
        raise AssertionError("judged after all")

    monkeypatch.setattr(FaceEstimator, "step", hang)
    monkeypatch.setattr("edge.inputs.face.STUCK_S", 0.5)
    camera = VideoFileCamera(driver="video_file", name="camera", path=FACE_CLIP, width_px=320, height_px=240)
    settings = config.Config(
        box=config.Box(site="test", bed="bed1", state_dir=tmp_path, validity=Validity.TEST),
        sensor=(camera,),
        mqtt=config.Mqtt(host="127.0.0.1", port=free_port()),
    )
    ticks: list[int] = []

    async def live() -> None:
        daemon = Daemon(
            settings, time, notifier=heard, on_assessment=lambda one: ticks.append(one.assessed_ns), reports=False
        )
        task = asyncio.create_task(daemon.run())
        async with asyncio.timeout(20.0):
            while not (judged and ticks and ticks[-1] - judged[0].measured_ns > 3e9):  # noqa: ASYNC110 - no event tells of time
                await asyncio.sleep(0.05)
        task.cancel()
        released.set()
        with suppress(asyncio.CancelledError, ExceptionGroup):
            await task

    asyncio.run(live())
    assert len(judged) == 1
    assert ticks[-1] - heard.fed_ns[-1] > 1e9
