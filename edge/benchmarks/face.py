"""Face path: milliseconds for one VGA frame on one core, as a whole and by its parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.benchmarks import Figure
from edge.bundle import Bundle
from edge.demo.setup import FACE_CLIP
from edge.face import FaceEstimator
from edge.face.align import FaceBox, crop, normalise
from edge.face.estimator import MODEL
from edge.face.finder import MODEL as DETECTOR
from edge.face.scan import Scanner
from edge.inference import Interpreter
from edge.types import NS_PER_S, Frame

VGA = (640, 480)
"""Width and height of the frames, pixels."""

RATE_HZ = 10
"""Frames per second that their times pretend."""

FRAMES = 300
"""Frames measured: thirty seconds of the demonstration's patient, so that the 99th percentile rests on three."""

WARM_UP = 10
"""Runs of each that are not counted."""

Pixels = NDArray[np.uint8]


def figures() -> Iterator[Figure]:
    """Median and 99th percentile of the whole path, then medians of its parts.

    The detector looks at one frame in twenty while it follows a face: the path's median is without it, its 99th
    percentile with it.

    Frames are those of the demonstration's clip, enlarged to VGA; the face in them is 230 pixels wide.
    """
    with one_core():
        frames = vga_frames(FRAMES + WARM_UP)
        bundle = Bundle.load()
        estimator = FaceEstimator(bundle)
        whole = times([partial(estimator.step, as_frame(k, picture)) for k, picture in enumerate(frames)])
        yield Figure("face_path_ms_median", float(np.median(whole)), "ms")
        yield Figure("face_path_ms_p99", float(np.percentile(whole, 99)), "ms")
        scanner = Scanner(bundle.model(DETECTOR))
        scan = times([partial(scanner.heads, picture) for picture in frames])
        yield Figure("face_detect_ms_median", float(np.median(scan)), "ms")
        heads = scanner.heads(frames[-1])
        if not heads:
            raise RuntimeError("the face of the demonstration's clip was not found")
        box = heads[0].box
        align = times([partial(_align, picture, box) for picture in frames])
        yield Figure("face_align_ms_median", float(np.median(align)), "ms")
        network, face = Interpreter(bundle.model(MODEL), 1), normalise(crop(frames[-1], box))
        yield Figure("face_network_ms_median", float(np.median(times([partial(network.run, face)] * FRAMES))), "ms")


@contextmanager
def one_core() -> Iterator[None]:
    """OpenCV on one core while this lasts."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def vga_frames(count: int) -> list[Pixels]:
    """The first frames of the demonstration's clip, enlarged to VGA."""
    source = cv2.VideoCapture(str(FACE_CLIP))
    frames: list[Pixels] = []
    while len(frames) < count:
        more, picture = source.read()
        if not more:
            raise RuntimeError(f"{FACE_CLIP} has fewer than {count} frames: see `python -m quantize demo-clip`")
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        frames.append(np.asarray(cv2.resize(grey, VGA, interpolation=cv2.INTER_LINEAR), dtype=np.uint8))
    source.release()
    return frames


def moment(k: int) -> int:
    """When frame `k` was taken, nanoseconds."""
    return NS_PER_S + k * NS_PER_S // RATE_HZ


def as_frame(k: int, picture: Pixels) -> Frame:
    """Frame `k` as a camera would give it."""
    return Frame("bench", picture, moment(k), k)


def _align(picture: Pixels, box: FaceBox) -> NDArray[np.float32]:
    return normalise(crop(picture, box))


def times(calls: Sequence[Callable[[], object]]) -> list[float]:
    """Milliseconds of each call, the first few left out."""
    taken = []
    for call in calls:
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1e3)
    return taken[WARM_UP:]
