"""A picture that nothing else in the world looks like, and a search for it in bytes of any kind.

It is a person's face with a band of noise above it. Noise cannot be compressed: where it went through deflate it lies
there as it was. Searched are runs of it, as the pixels are (gray, and tripled as BGR and RGBA's first bytes), as int8
and float32 as networks take them, in base64 and hexadecimal, as decimal numbers; and any JPEG or PNG at all, in bytes
or in base64, that really is a picture.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.demo.setup import FACE_CLIP
from edge.face.scan import fitted
from edge.sensors.camera.picture import fit, to_gray

SIZE_PX = (320, 240)
NOISE_ROWS = 64
"""Height of the band of noise."""

RUN = 16
"""Pixels of a run: by chance one in 2**128."""

RUNS = 64
"""How many are searched, spread over the noise."""

_HEAD = 8

_PICTURES = (re.compile(rb"\xff\xd8\xff[\xdb\xe0\xe1]"), re.compile(rb"\x89PNG\r\n\x1a\n"))
_TEXTS = re.compile(rb"(?:/9j/|iVBORw0KGgo)[A-Za-z0-9+/\r\n=]{200,}")


def write_clip(path: Path, seconds: int = 12, rate_hz: float = 10.0) -> Path:
    """The clip that the camera shows: the demonstration's face below a band of noise, without loss.

    A lossy one shows other noise in each picture, and then only the first could be found.
    """
    noise = np.random.default_rng(20260101).integers(0, 256, (NOISE_ROWS, SIZE_PX[0]), dtype=np.uint8)
    face = cv2.VideoCapture(str(FACE_CLIP), cv2.CAP_FFMPEG)
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"FFV1"), rate_hz, SIZE_PX)
    assert writer.isOpened()
    for _ in range(round(seconds * rate_hz)):
        ok, picture = face.read()
        assert ok
        whole = cv2.resize(picture, SIZE_PX)
        whole[:NOISE_ROWS] = noise[:, :, np.newaxis]
        writer.write(whole)
    writer.release()
    face.release()
    return path


def first_picture(path: Path) -> NDArray[np.uint8]:
    """(height, width) what the camera's driver makes of the clip's first picture."""
    clip = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    ok, picture = clip.read()
    clip.release()
    assert ok
    return fit(to_gray(picture), *SIZE_PX)


class Canary:
    """The search for one picture.

    Args:
        picture: (height, width) uint8, as the camera's driver hands it on.
    """

    def __init__(self, picture: NDArray[np.uint8]) -> None:
        """Make the needles."""
        self.picture = picture
        noise = picture[:NOISE_ROWS]
        small = fitted(picture)[0][: NOISE_ROWS * 3 // 4]
        self.needles: dict[bytes, str] = {}
        for image, name in ((noise, ""), (small, " of the detector's input")):
            for run in _runs(image):
                for form, needle in _forms(run):
                    self.needles[needle] = form + name
        heads = {needle[:_HEAD] for needle in self.needles}
        self._heads = np.unique(np.frombuffer(b"".join(heads), np.uint64))
        self._by_head: dict[bytes, list[bytes]] = {head: [] for head in heads}
        for needle in self.needles:
            self._by_head[needle[:_HEAD]].append(needle)

    def found_in(self, data: bytes) -> set[str]:
        """In which forms the picture, or any picture, lies in these bytes; empty: in none that is known here."""
        found = {self.needles[needle] for needle in self._needles_in(data)}
        for pattern in _PICTURES:
            found |= {"an encoded picture" for match in pattern.finditer(data) if _is_picture(data[match.start() :])}
        for match in _TEXTS.finditer(data):
            text = re.sub(rb"\s", b"", match.group()).partition(b"=")[0]
            if len(text) % 4 != 1 and _is_picture(base64.b64decode(text + b"=" * (-len(text) % 4))):
                found.add("an encoded picture in base64")
        return found

    def _needles_in(self, data: bytes) -> Iterator[bytes]:
        """Look for the first eight bytes of all needles at once, at each of the eight alignments."""
        for shift in range(_HEAD):
            if len(data) <= shift:
                return
            words = np.frombuffer(data, np.uint64, (len(data) - shift) // _HEAD, shift)
            for place in np.flatnonzero(np.isin(words, self._heads)).tolist():
                start = shift + place * _HEAD
                for needle in self._by_head[data[start : start + _HEAD]]:
                    if data.startswith(needle, start):
                        yield needle


def _runs(image: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Runs at places that are spread over an image."""
    rng = np.random.default_rng(7)
    for _ in range(RUNS):
        row, column = int(rng.integers(0, image.shape[0])), int(rng.integers(0, image.shape[1] - 3 * RUN))
        yield image[row, column : column + RUN]


def _forms(run: NDArray[np.uint8]) -> Iterator[tuple[str, bytes]]:
    raw = run.tobytes()
    yield "raw", raw
    yield "raw in three channels", np.repeat(run, 3).tobytes()
    yield "int8", (run ^ np.uint8(0x80)).tobytes()
    yield "float32", run.astype("<f4").tobytes()
    yield "float32 0..1", (run.astype(np.float32) / np.float32(255)).astype("<f4").tobytes()
    yield "hexadecimal", raw.hex().encode()
    yield "hexadecimal", raw.hex().upper().encode()
    for shift in range(3):  # base64 looks different at each of three places
        whole = base64.b64encode(raw[shift : shift + (RUN - shift) // 3 * 3])
        yield "base64", whole
    for between in (", ", ",", " "):
        yield "decimal", between.join(map(str, run.tolist())).encode()


def _is_picture(data: bytes) -> bool:
    try:
        image = cv2.imdecode(np.frombuffer(data[: 1 << 20], np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        return False
    return image is not None and min(image.shape) >= 8
