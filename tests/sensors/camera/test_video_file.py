"""Recorded videos as cameras, played from real files on the virtual clock."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from edge.clock import SystemClock, VirtualClock, run
from edge.errors import SensorError, SensorReason
from edge.sensors.camera.stanzas import VideoFileCamera
from edge.sensors.camera.video_file import VideoFile
from edge.types import NS_PER_S, Frame
from tests.sensors.camera.clips import number_of, write_clip


def camera(path: Path, clock: VirtualClock | SystemClock, **keys: object) -> VideoFile:
    """A driver of this file."""
    stanza = {"driver": "video_file", "name": "cam", "path": path} | keys
    return VideoFile(VideoFileCamera.model_validate(stanza), clock)


def play(path: Path, frames: int | None = None, **keys: object) -> tuple[list[Frame], VirtualClock]:
    """The frames of a file, all or the first so many, and the clock they were played on."""
    clock = VirtualClock()
    clock.advance(50.0)

    async def collect() -> list[Frame]:
        found: list[Frame] = []
        stream = camera(path, clock, **keys).stream()
        async with aclosing(stream):  # type: ignore[type-var]  # every driver's stream is a generator
            async for frame in stream:
                found.append(frame)
                if len(found) == frames:
                    break
        return found

    return run(clock, collect()), clock


def test_every_frame_comes_once_at_its_own_time(tmp_path: Path) -> None:
    frames, clock = play(write_clip(tmp_path / "clip.avi", 30))
    assert [number_of(frame.pixels) for frame in frames] == list(range(30))
    assert [frame.index for frame in frames] == list(range(30))
    assert [frame.measured_ns for frame in frames] == [50 * NS_PER_S + i * NS_PER_S // 10 for i in range(30)]
    assert clock.now_ns() == frames[-1].measured_ns


def test_pictures_are_gray(tmp_path: Path) -> None:
    (frame,), _ = play(write_clip(tmp_path / "clip.avi", 1))
    assert frame.pixels.shape == (120, 160)
    assert frame.pixels.dtype == "uint8"


def test_large_pictures_are_shrunk_in_proportion(shared: Path) -> None:
    frames, _ = play(shared / "media" / "face_noface.mov", 1, width_px=320, height_px=240)
    assert frames[0].pixels.shape == (180, 320)


def test_a_faster_recording_is_thinned(tmp_path: Path) -> None:
    frames, _ = play(write_clip(tmp_path / "clip.avi", 48, rate_hz=30.0), rate_hz=10.0)
    assert [number_of(frame.pixels) for frame in frames] == list(range(0, 48, 3))
    assert [frame.index for frame in frames] == list(range(16))


def test_the_fast_pace_takes_no_time_and_keeps_the_times(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.avi", 30)
    recorded, _ = play(clip)
    fast, clock = play(clip, pace="fast")
    assert clock.now_ns() == 50 * NS_PER_S
    assert [frame.measured_ns for frame in fast] == [frame.measured_ns for frame in recorded]


def test_a_repeated_clip_goes_on_in_time(tmp_path: Path) -> None:
    frames, _ = play(write_clip(tmp_path / "clip.avi", 10), 25, repeat=True)
    assert [number_of(frame.pixels) for frame in frames] == [*range(10), *range(10), *range(5)]
    assert [frame.index for frame in frames] == list(range(25))


def test_a_slow_consumer_misses_frames_but_not_time(tmp_path: Path) -> None:
    clock = VirtualClock()
    path = write_clip(tmp_path / "clip.avi", 30)

    async def slow() -> list[Frame]:
        found = []
        async for frame in camera(path, clock).stream():
            found.append(frame)
            await clock.sleep(0.5)
        return found

    frames = run(clock, slow())
    assert len(frames) < 10
    assert all(frame.index == round(frame.measured_ns / NS_PER_S * 10) for frame in frames)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(SensorError, match="correct `path`") as raised:
        play(tmp_path / "nowhere.mov")
    assert raised.value.reason is SensorReason.NOT_FOUND
    assert not raised.value.retryable


@pytest.mark.parametrize("content", [b"", b"this is a text file, not a video\n" * 100, bytes(5000)])
def test_what_is_no_video_is_unreadable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clip.mov"
    path.write_bytes(content)
    with pytest.raises(SensorError, match="replace the file") as raised:
        play(path)
    assert raised.value.reason is SensorReason.UNREADABLE
    assert not raised.value.retryable


def test_a_video_without_frames_is_empty(tmp_path: Path) -> None:
    """The whole container with its index, and all pictures cut out of it."""
    whole = write_clip(tmp_path / "whole.avi", 3).read_bytes()
    path = tmp_path / "clip.avi"
    movie = whole.index(b"movi")
    path.write_bytes(whole[: movie + 4])
    with pytest.raises(SensorError, match="replace the file") as raised:
        play(path)
    assert raised.value.reason is SensorReason.EMPTY
    assert not raised.value.retryable


def test_a_truncated_video_is_played_up_to_the_damage_and_then_reported(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.avi", 30).read_bytes()
    path = tmp_path / "clip.avi"
    path.write_bytes(whole[: len(whole) // 2])
    clock = VirtualClock()
    found: list[int] = []

    async def collect() -> None:
        async for frame in camera(path, clock).stream():
            found.append(number_of(frame.pixels))  # noqa: PERF401  # what came before the error is wanted

    with pytest.raises(SensorError, match="of its 30 frames") as raised:
        run(clock, collect())
    assert raised.value.reason is SensorReason.UNREADABLE
    assert 5 < len(found) < 25
    assert found == list(range(len(found)))


def test_a_truncated_mp4_cannot_even_be_opened(shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.mov"
    whole = (shared / "media" / "face_noface.mov").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SensorError) as raised:
        play(path)
    assert raised.value.reason is SensorReason.UNREADABLE


def test_a_real_clip_with_uneven_times_plays_to_its_end(shared: Path) -> None:
    frames, _ = play(shared / "media" / "face_noface.mov", pace="fast")
    seconds = [(frame.measured_ns / NS_PER_S) - 50.0 for frame in frames]
    assert len(frames) == 64
    assert seconds[-1] == pytest.approx(6.28, abs=0.1)
    assert seconds == sorted(seconds)


async def test_cancelling_while_a_frame_is_decoded_releases_the_file(tmp_path: Path) -> None:
    stream = camera(write_clip(tmp_path / "clip.avi", 50), SystemClock(), pace="fast").stream()

    async def read() -> None:
        async for _ in stream:
            pass

    reading = asyncio.ensure_future(read())
    await asyncio.sleep(0.005)
    reading.cancel()
    await asyncio.wait((reading,))
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


def test_fewer_pictures_can_be_asked_for_and_those_left_out_are_no_loss(tmp_path: Path) -> None:
    clock = VirtualClock()
    path = write_clip(tmp_path / "clip.avi", 60)

    async def collect() -> list[Frame]:
        found: list[Frame] = []
        driver = camera(path, clock)
        async with aclosing(driver.stream()) as stream:  # type: ignore[type-var]  # every driver's stream is a generator
            async for frame in stream:
                found.append(frame)
                if frame.measured_ns >= 4 * NS_PER_S:
                    driver.limit_rate(None)
                elif frame.measured_ns >= 2 * NS_PER_S:
                    assert driver.limit_rate(2.0) == 2.0
        return found

    frames = run(clock, collect())
    assert [frame.measured_ns // 100_000_000 for frame in frames] == [*range(22), 25, 30, 35, *range(40, 60)]
    assert [frame.index for frame in frames] == list(range(len(frames)))
