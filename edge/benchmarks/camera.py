"""A network camera's way into the box: 640x480 JPEG at 30 Hz, thinned to 10 Hz, beside OpenCV's own reader."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager

import cv2
import numpy as np

from edge.benchmarks import Figure
from edge.clock import SystemClock
from edge.sensors.camera.mjpeg import Mjpeg
from edge.sensors.camera.network import MjpegCamera

RATE_HZ = 10.0
_SECONDS = 10.0
_PEER = "opencv-ffmpeg"


def figures() -> Iterator[Figure]:
    """Share of one core, and the age of frames when they are handed out, from the camera's own clock."""
    with _camera() as url:
        ours_percent, ages_ms = asyncio.run(_ours(url))
        peer_percent = _peer_percent(url)
    yield Figure("camera_mjpeg_core_percent", ours_percent, "%", _PEER, peer_percent)
    yield Figure("camera_mjpeg_age_ms_median", float(np.median(ages_ms)), "ms")
    yield Figure("camera_mjpeg_age_ms_p99", float(np.percentile(ages_ms, 99)), "ms")


@contextmanager
def _camera() -> Iterator[str]:
    """A camera in a process of its own; its time stamps count on this machine's monotonic clock."""
    with subprocess.Popen(
        [sys.executable, "-m", "edge.benchmarks.camera_peer"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101  # it was asked for
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
        finally:
            process.kill()


async def _ours(url: str) -> tuple[float, list[float]]:
    """Through the driver: core percent and ages."""
    camera = Mjpeg(MjpegCamera(driver="mjpeg", name="bench", url=url, rate_hz=RATE_HZ), SystemClock())
    ages_ms: list[float] = []
    used_s, began_s = time.process_time(), time.monotonic()
    async with aclosing(camera.stream()) as frames:  # type: ignore[type-var]  # every driver's stream is a generator
        async for frame in frames:
            ages_ms.append((time.monotonic_ns() - frame.measured_ns) / 1e6)
            if time.monotonic() - began_s >= _SECONDS:
                break
    return 100.0 * (time.process_time() - used_s) / (time.monotonic() - began_s), ages_ms


def _peer_percent(url: str) -> float:
    """Core percent of `cv2.VideoCapture` on the same stream: all pictures grabbed, those that are due made gray."""
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    used_s, began_s, due_s = time.process_time(), time.monotonic(), 0.0
    while time.monotonic() - began_s < _SECONDS:
        capture.grab()
        if time.monotonic() >= due_s:
            due_s = time.monotonic() + 1.0 / RATE_HZ
            cv2.cvtColor(capture.retrieve()[1], cv2.COLOR_BGR2GRAY)
    capture.release()
    return 100.0 * (time.process_time() - used_s) / (time.monotonic() - began_s)
