"""From a picamera2 stanza and what a camera offers to how it is set up: choices only, nothing is opened here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.errors import SensorError, SensorReason

Exposure = Literal["auto", "night", "ir"]
"""How light is gathered; the keys are explained in the stanza."""

LUMA_FIRST = ("YUV420", "YVU420", "NV12", "NV21")
"""Formats whose buffers begin with the whole picture's luminance, one byte per pixel, in rows of `stride` bytes."""

WANTED_FORMAT = "YUV420"
"""What is asked for: the image processors of all Raspberry Pis write it; libcamera answers with what it gives."""

NIGHT_FRAME_US = 200_000
"""Longest frame at night, microseconds. Expressions of pain last from half a second to a few seconds; five pictures
per second still show each of them, and exposures beyond a fifth of a second blur the slow movements of breathing."""

FULL_VIEW = 0.9
"""A sensor mode that sees at least this share of the area of the widest one counts as uncropped: some binned modes
leave out a few columns at the edge (97.5 % on the OV5647)."""

FLAT_GAINS = (1.0, 1.0)
"""Red and blue gains under infrared light, to which all colour filters are about equally transparent (850 nm)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the luminance lies in a buffer.

    Attributes:
        width_px, height_px: size of the picture.
        stride: bytes per row, at least `width_px`; the rest is padding.
        hflip, vflip: turns that libcamera could not make and that are made while copying.
    """

    width_px: int
    height_px: int
    stride: int
    hflip: bool = False
    vflip: bool = False

    def luma(self, buffer: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A copy of the luminance, (height, width) uint8, from a whole buffer, (n,) uint8.

        Raises:
            SensorError: UNREADABLE, the buffer is too short for the picture.
        """
        if buffer.size < self.stride * self.height_px:
            raise SensorError(
                SensorReason.UNREADABLE,
                f"a picture of {self.width_px}x{self.height_px} came in {buffer.size} bytes: restart the box",
            )
        rows = buffer[: self.stride * self.height_px].reshape(self.height_px, self.stride)[:, : self.width_px]
        return rows[:: -1 if self.vflip else 1, :: -1 if self.hflip else 1].copy()


def find_camera(cameras: Sequence[Mapping[str, object]], wanted: int | str) -> int:
    """The place of the wanted camera in picamera2's list.

    Args:
        cameras: what libcamera sees.
        wanted: its number, or a part of its model or identity.

    Raises:
        SensorError: NOT_FOUND.
    """
    if isinstance(wanted, int):
        matches = [wanted] if wanted < len(cameras) else []
    else:
        named = [f"{camera.get('Model', '')} {camera.get('Id', '')}" for camera in cameras]
        matches = [number for number, name in enumerate(named) if wanted in name]
    if matches:
        return matches[0]
    seen = ", ".join(f"{number} = {camera.get('Model')}" for number, camera in enumerate(cameras))
    raise SensorError(
        SensorReason.NOT_FOUND,
        f"libcamera sees no camera {wanted!r} (it sees: {seen or 'none'}): check the ribbon cable with the box "
        "switched off, `rpicam-hello --list-cameras`, and `camera` of this sensor",
    )


def sensor_mode(
    modes: Sequence[Mapping[str, object]], size_px: tuple[int, int], rate_hz: float, *, finest: bool
) -> dict[str, object] | None:
    """The read-out mode that sees the sensor's whole field, for the key `sensor` of a configuration.

    Left to itself libcamera takes the mode nearest to the size of the picture. On many sensors that is a cropped one:
    at 640x480 an IMX219 would see 15 % of its field, and a face beside its middle would be out of sight.

    Args:
        modes: `sensor_modes` of the camera.
        size_px: (width, height) of the wanted picture.
        rate_hz: pictures per second that must be possible.
        finest: the largest such mode instead of the smallest one that suffices.

    Returns:
        The mode's `output_size` and `bit_depth`; None if the camera names no modes.
    """
    known = [_Mode.of(mode) for mode in modes if "crop_limits" in mode and "size" in mode]
    if not known:
        return None
    widest = max(mode.view for mode in known)
    uncropped = [mode for mode in known if mode.view >= FULL_VIEW * widest]
    fast = [mode for mode in uncropped if mode.rate_hz >= rate_hz] or uncropped
    enough = [mode for mode in fast if mode.width_px >= size_px[0] and mode.height_px >= size_px[1]]
    # Of two modes of one size the one with more bits is better in the dark.
    best = (
        max(fast, key=lambda mode: (mode.area, mode.bits))
        if finest or not enough
        else min(enough, key=lambda mode: (mode.area, -mode.bits))
    )
    return {"output_size": (best.width_px, best.height_px), "bit_depth": best.bits}


@dataclass(frozen=True, slots=True)
class _Mode:
    """One read-out mode of a sensor."""

    width_px: int
    height_px: int
    bits: int
    rate_hz: float
    view: int

    @property
    def area(self) -> int:
        return self.width_px * self.height_px

    @classmethod
    def of(cls, mode: Mapping[str, object]) -> _Mode:
        width_px, height_px = _integers(mode["size"])[:2]
        crop = _integers(mode["crop_limits"])
        rate = mode.get("fps")
        bits = mode.get("bit_depth")
        return cls(
            width_px,
            height_px,
            bits if isinstance(bits, int) else 10,
            float(rate) if isinstance(rate, (int, float)) else 0.0,
            crop[2] * crop[3],
        )


def _integers(value: object) -> tuple[int, ...]:
    return tuple(int(number) for number in value) if isinstance(value, (tuple, list)) else (0, 0, 0, 0)


def controls(
    exposure: Exposure,
    rate_hz: float,
    advertised: Mapping[str, object],
    exposure_mode: Callable[[Literal["Short", "Long"]], object],
) -> dict[str, object]:
    """The controls to start with, of those that the camera has (picamera2 refuses others).

    Args:
        exposure: by day a steady rate and short exposures; at night and under infrared light a rate that may fall, and
            long exposures; under infrared light also no white balance, for there is no colour to balance.
        rate_hz: pictures per second.
        advertised: `camera_controls` of the camera.
        exposure_mode: libcamera's values for short exposures with more gain, and for long ones with less.
    """
    period_us = round(1e6 / rate_hz)
    dark = exposure != "auto"
    wanted: dict[str, object] = {
        "FrameDurationLimits": (period_us, max(period_us, NIGHT_FRAME_US) if dark else period_us),
        "AeEnable": True,
        "AeExposureMode": exposure_mode("Long" if dark else "Short"),
    }
    if exposure == "ir":
        wanted |= {"AwbEnable": False, "ColourGains": FLAT_GAINS}
    return {name: value for name, value in wanted.items() if name in advertised}


def layout(configuration: Mapping[str, object], *, hflip: bool, vflip: bool) -> Layout:
    """Where the luminance lies in the buffers of a configured camera.

    Args:
        configuration: `camera_configuration()`, as libcamera adjusted it.
        hflip: whether left and right were to be exchanged.
        vflip: whether top and bottom were to be exchanged.

    Raises:
        SensorError: WRONG_DEVICE, not retryable: the camera gives no plain luminance.
    """
    stream = configuration["main"]
    if not isinstance(stream, dict) or stream["format"] not in LUMA_FIRST:
        got = stream["format"] if isinstance(stream, dict) else stream
        raise SensorError(
            SensorReason.WRONG_DEVICE,
            f"this camera gives pictures as {got} only: it is probably a USB camera, use the driver v4l2",
            retryable=False,
        )
    width_px, height_px = stream["size"]
    turned = configuration["transform"]
    return Layout(
        width_px,
        height_px,
        stream["stride"],
        hflip != bool(getattr(turned, "hflip", False)),
        vflip != bool(getattr(turned, "vflip", False)),
    )
