"""The daemon with a hole in every wall: it shows that the search finds what gets out. Run as a program by the tests."""

from __future__ import annotations

import base64
import logging
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from edge.cli import main
from edge.face import FaceEstimator
from edge.publish.link import Link
from edge.shadow.eyes import CameraEye
from edge.station.web import _Web
from edge.types import Estimate, Frame

log = logging.getLogger(__name__)
judge = FaceEstimator.step
judge_beside = CameraEye._step
publish = Link.publish
last: list[Frame] = []


def leak(self: FaceEstimator, frame: Frame) -> Estimate:
    """Spill the first picture, each time in another form to another place."""
    if not last:
        last.append(frame)
        frame.pixels.tofile(Path(tempfile.gettempdir()) / "frame.raw")
        np.save(Path.cwd() / "input.npy", frame.pixels.astype(np.float32) / np.float32(255))
        log.info("a picture: %s", base64.b64encode(frame.pixels.tobytes()).decode())
        log.debug("a row: %s", frame.pixels[:64].tolist())
    return judge(self, frame)


def leak_on_the_way(
    self: Link, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None
) -> int:
    """Send a JPEG behind each state."""
    if last and topic.endswith("/state"):
        payload += cv2.imencode(".jpg", last[0].pixels)[1].tobytes()
    return publish(self, topic, payload, retain=retain, expiry_s=expiry_s)


async def leak_on_the_page(self: object, request: object) -> object:
    """Answer with a PNG in base64, as pages show them."""
    from starlette.responses import Response

    del self, request
    png = b"" if not last else base64.b64encode(cv2.imencode(".png", last[0].pixels)[1].tobytes())
    return Response(b'{"picture": "data:image/png;base64,' + png + b'"}')


def leak_beside(self: CameraEye, frame: Frame) -> Estimate:
    """Spill what only the models beside the bundle in use are shown."""
    frame.pixels.tofile(Path(tempfile.gettempdir()) / "beside.raw")
    return judge_beside(self, frame)


if __name__ == "__main__":
    FaceEstimator.step = leak  # type: ignore[method-assign]  # the leak
    CameraEye._step = leak_beside  # type: ignore[method-assign]  # the leak
    Link.publish = leak_on_the_way  # type: ignore[method-assign]  # the leak
    _Web._health = leak_on_the_page  # type: ignore[assignment, method-assign]  # the leak
    sys.exit(main(sys.argv[1:]))
