"""GStreamer pipelines as cameras: through GStreamer's own bindings, through OpenCV, and where there is neither."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from pydantic import ValidationError

from edge.clock import SystemClock
from edge.errors import SensorReason
from edge.sensors.camera.gstreamer import GStreamer, has_gstreamer
from edge.sensors.camera.stanzas import GStreamerCamera
from edge.types import Frame, SensorState
from tests.peers.gstreamer import run_on_system_opencv, show_gi
from tests.sensors.camera.clips import number_of, write_clip
from tests.sensors.camera.side_by_side import SideBySide
from tests.sensors.camera.watching import BUSY_MS, refusal, rising, watched

# The system's bindings of GStreamer 1.22 still have the old form of an import hook.
pytestmark = pytest.mark.filterwarnings("ignore:DynamicImporter:ImportWarning")

BALL = "videotestsrc is-live=true pattern=ball ! video/x-raw,width={},height={},framerate={}/1"


@pytest.fixture(scope="module")
def gi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """GStreamer's bindings, or a skip."""
    with pytest.MonkeyPatch.context() as patch:
        show_gi(tmp_path_factory.mktemp("gi"), patch)
        yield


waiting = SideBySide()
"""All of its tests use the bindings."""


def camera(pipeline: str, **keys: object) -> GStreamer:
    """A driver of this pipeline."""
    stanza = {"driver": "gstreamer", "name": "cam", "pipeline": pipeline} | keys
    return GStreamer(GStreamerCamera.model_validate(stanza), SystemClock())


async def look(driver: GStreamer, count: int, pause_s: float = 0.0) -> list[tuple[Frame, float]]:
    """So many frames and their ages in milliseconds."""
    found = []
    stream = driver.stream()
    async with aclosing(stream):  # type: ignore[type-var]  # every driver's stream is a generator
        async for frame in stream:
            found.append((frame, (time.monotonic_ns() - frame.measured_ns) / 1e6))
            if len(found) == count:
                break
            await asyncio.sleep(pause_s)
    return found


@pytest.mark.usefixtures("gi")
@waiting
async def test_pictures_come_gray_thinned_and_young() -> None:
    found = await look(camera(BALL.format(640, 480, 30)), 11)
    assert {frame.pixels.shape for frame, _ in found} == {(480, 640)}
    assert rising([frame.index for frame, _ in found])
    assert (found[-1][0].measured_ns - found[0][0].measured_ns) / 1e9 == pytest.approx(1.0, abs=0.3)
    assert sorted(age_ms for _, age_ms in found)[5] < BUSY_MS


@pytest.mark.usefixtures("gi")
@pytest.mark.parametrize("form", ["GRAY8", "I420", "BGRx", "YUY2"])
async def test_rows_of_odd_sizes_lie_right(form: str) -> None:
    """Each row is of one brightness; a wrong row length would shear them."""
    bars = f"videotestsrc is-live=true pattern=gradient ! video/x-raw,format={form},width=321,height=181,framerate=30/1"
    ((frame, _),) = await look(camera(bars), 1)
    assert frame.pixels.shape == (181, 321)
    rows = frame.pixels.astype(int)
    assert abs(rows - rows[:, :1]).max() <= 2
    assert rows[0, 0] != rows[-1, 0]


@pytest.mark.usefixtures("gi")
@waiting
async def test_ten_times_the_rate_is_thinned() -> None:
    found = await look(camera(BALL.format(160, 120, 100)), 11)
    assert (found[-1][0].measured_ns - found[0][0].measured_ns) / 1e9 == pytest.approx(1.0, abs=0.3)


@pytest.mark.usefixtures("gi")
@waiting
async def test_a_slow_consumer_gets_young_pictures() -> None:
    found = await look(camera(BALL.format(160, 120, 30)), 4, pause_s=0.4)
    assert max(age_ms for _, age_ms in found) < BUSY_MS


@pytest.mark.usefixtures("gi")
@waiting
async def test_a_picture_that_changes_its_size_goes_on() -> None:
    pipeline = (
        "videotestsrc is-live=true num-buffers=15 pattern=ball ! video/x-raw,width=160,height=120,framerate=30/1 ! c. "
        "videotestsrc is-live=true num-buffers=60 pattern=ball ! video/x-raw,width=200,height=120,framerate=30/1 ! c. "
        "concat name=c"
    )
    found = await look(camera(pipeline, rate_hz=30.0), 25)
    assert {frame.pixels.shape for frame, _ in found} == {(120, 160), (120, 200)}


@pytest.mark.usefixtures("gi")
async def test_the_end_of_a_pipeline_is_a_loss() -> None:
    error = await refusal(camera(BALL.format(160, 120, 30).replace("is-live", "num-buffers=5 is-live")))
    assert error.reason is SensorReason.DISCONNECTED
    assert error.retryable


@pytest.mark.usefixtures("gi")
async def test_a_recording_plays_through_a_pipeline(tmp_path: Path) -> None:
    """What is seen is what was recorded."""
    path = write_clip(tmp_path / "clip.avi", 30)
    found = await look(camera(f"filesrc location={path} ! avidemux ! jpegdec ! identity sync=true"), 5)
    assert [number_of(frame.pixels) for frame, _ in found] == list(range(5))


@pytest.mark.usefixtures("gi")
@pytest.mark.parametrize(
    ("pipeline", "reason", "said", "again"),
    [
        ("nosuchcamera ! videoconvert", SensorReason.NOT_INSTALLED, "has no element nosuchcamera", False),
        ("videotestsrc !! videoconvert", SensorReason.UNREADABLE, "syntax error", False),
        ("videotestsrc colour=red", SensorReason.UNREADABLE, 'no property "colour"', False),
        ("audiotestsrc", SensorReason.UNREADABLE, "could not link", False),
        ("filesrc location=/nowhere.mp4 ! decodebin", SensorReason.NOT_FOUND, "filesrc says", True),
        ("v4l2src device=/dev/video99", SensorReason.NOT_FOUND, "v4l2src says", True),
        ("filesrc location=/bin/true ! decodebin", SensorReason.UNREADABLE, "says", True),
    ],
)
async def test_what_is_wrong_with_a_pipeline_is_told(
    pipeline: str, reason: SensorReason, said: str, again: bool
) -> None:
    error = await refusal(camera(pipeline))
    assert error.reason is reason
    assert said in error.message
    assert error.retryable is again


@pytest.mark.usefixtures("gi")
@waiting
async def test_a_pipeline_that_falls_silent_is_noticed_and_made_anew() -> None:
    """A pipe that nobody writes into any more: the pipeline waits for ever and says nothing."""
    with tempfile.TemporaryDirectory() as folder:
        clip = write_clip(Path(folder) / "clip.avi", 200).read_bytes()
    pipeline = "fdsrc fd={} ! avidemux ! jpegdec ! identity sync=true"
    read_end, write_end = os.pipe()
    writing = threading.Thread(target=os.write, args=(write_end, clip[: len(clip) // 10]), daemon=True)
    writing.start()
    try:
        async with watched(camera(pipeline.format(read_end))) as watch:
            await watch.pictures(3)
            await watch.until_noticed()
            assert (time.monotonic_ns() - watch.frames[-1].measured_ns) / 1e9 < 3.0
            await watch.until(lambda: SensorReason.TIMED_OUT in watch.reasons(SensorState.LOST))
    finally:
        os.close(write_end)
        writing.join()
        os.close(read_end)


@pytest.mark.parametrize("pipeline", ["videotestsrc ! autovideosink", "videotestsrc ! appsink sync=false", " ! ", ""])
def test_a_pipeline_without_an_open_end_is_refused(pipeline: str) -> None:
    with pytest.raises(ValidationError, match=r"leave the sink out|is empty"):
        GStreamerCamera(driver="gstreamer", name="cam", pipeline=pipeline)


def test_a_last_exclamation_mark_does_no_harm() -> None:
    assert GStreamerCamera(driver="gstreamer", name="cam", pipeline=" videotestsrc ! ").pipeline == "videotestsrc"


WITHOUT = """
import asyncio
from edge.clock import SystemClock
from edge.errors import SensorError
from edge.sensors.camera.gstreamer import GStreamer
from edge.sensors.camera.stanzas import GStreamerCamera
async def look(pipeline):
    camera = GStreamer(GStreamerCamera(driver="gstreamer", name="cam", pipeline=pipeline), SystemClock())
    try:
        async for frame in camera.stream():
            print(frame.pixels.shape, frame.index)
            if frame.index == 4:
                break
    except SensorError as error:
        print(error.reason, error.retryable, error.message)
"""


def test_without_gstreamer_it_is_said_what_to_install() -> None:
    if importlib.util.find_spec("gi") is not None and "gi" not in sys.modules:
        pytest.skip("this environment has the bindings")
    if has_gstreamer():
        pytest.skip("this OpenCV has GStreamer")
    program = WITHOUT + "asyncio.run(look('videotestsrc'))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("not_installed False")
    assert "python3-gi" in done.stdout
    assert "--system-site-packages" in done.stdout


def test_where_only_opencv_has_gstreamer_it_runs_through_that(tmp_path: Path) -> None:
    pipelines = (BALL.format(322, 182, 30), "nosuchcamera ! queue", "v4l2src device=/dev/video99")
    program = WITHOUT + "\n".join(f"asyncio.run(look('{pipeline}'))" for pipeline in pipelines)
    lines = run_on_system_opencv(tmp_path, program).splitlines()
    assert lines[:5] == [f"(182, 322) {number}" for number in range(5)]
    assert lines[5].startswith("not_installed False GStreamer has no element nosuchcamera")
    assert lines[6].startswith("unreadable True GStreamer cannot start this pipeline")
