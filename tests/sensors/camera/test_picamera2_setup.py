"""How a Raspberry Pi's camera is set up: which camera, which read-out mode, which controls, where luminance lies."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from edge.errors import SensorError, SensorReason
from edge.sensors.camera import picamera2_setup as setup
from edge.sensors.camera.stanzas import Picamera2Camera

CAMERAS = [
    {"Model": "imx708_wide_noir", "Id": "/base/axi/pcie@120000/rp1/i2c@88000/imx708@1a"},
    {"Model": "imx219", "Id": "/base/axi/pcie@120000/rp1/i2c@80000/imx219@10"},
]


@pytest.mark.parametrize(("wanted", "number"), [(0, 0), (1, 1), ("imx708", 0), ("imx219", 1), ("i2c@80000", 1)])
def test_a_camera_is_found_by_number_model_or_identity(wanted: int | str, number: int) -> None:
    assert setup.find_camera(CAMERAS, wanted) == number


@pytest.mark.parametrize("wanted", [2, "ov5647"])
def test_a_camera_that_is_not_there_is_told_beside_those_that_are(wanted: int | str) -> None:
    with pytest.raises(SensorError, match=r"it sees: 0 = imx708_wide_noir, 1 = imx219") as raised:
        setup.find_camera(CAMERAS, wanted)
    assert raised.value.reason is SensorReason.NOT_FOUND


def mode(size: tuple[int, int], fps: float, crop: tuple[int, int, int, int], bits: int = 10) -> dict[str, object]:
    """A read-out mode as picamera2 lists it."""
    return {"size": size, "fps": fps, "crop_limits": crop, "bit_depth": bits, "format": f"SRGGB{bits}_CSI2P"}


IMX219 = [
    mode((640, 480), 103.33, (1000, 752, 1280, 960)),
    mode((1640, 1232), 41.85, (0, 0, 3280, 2464)),
    mode((1920, 1080), 47.57, (680, 692, 1920, 1080)),
    mode((3280, 2464), 21.19, (0, 0, 3280, 2464)),
    mode((1640, 1232), 83.7, (0, 0, 3280, 2464), bits=8),
]
IMX477 = [
    mode((1332, 990), 120.05, (696, 528, 2664, 1980)),
    mode((2028, 1080), 50.03, (0, 440, 4056, 2160), bits=12),
    mode((2028, 1520), 40.01, (0, 0, 4056, 3040), bits=12),
    mode((4056, 3040), 10.0, (0, 0, 4056, 3040), bits=12),
]
OV5647 = [
    mode((640, 480), 58.92, (16, 0, 2560, 1920)),
    mode((1296, 972), 43.25, (0, 0, 2592, 1944)),
    mode((1920, 1080), 30.62, (348, 434, 1928, 1080)),
    mode((2592, 1944), 15.63, (0, 0, 2592, 1944)),
]
"""As users of these sensors have posted them."""


@pytest.mark.parametrize(
    ("modes", "size_px", "rate_hz", "finest", "chosen"),
    [
        (IMX219, (640, 480), 10.0, False, (1640, 1232)),
        (IMX477, (640, 480), 10.0, False, (2028, 1520)),
        (OV5647, (640, 480), 10.0, False, (640, 480)),
        (OV5647, (800, 600), 10.0, False, (1296, 972)),
        (IMX219, (1920, 1080), 10.0, False, (3280, 2464)),
        (IMX219, (1920, 1080), 30.0, False, (1640, 1232)),
        (IMX219, (640, 480), 10.0, True, (3280, 2464)),
        (IMX477, (640, 480), 15.0, True, (2028, 1520)),
    ],
)
def test_the_whole_field_of_view_is_read(
    modes: list[dict[str, object]], size_px: tuple[int, int], rate_hz: float, finest: bool, chosen: tuple[int, int]
) -> None:
    """Never a cropped mode; the smallest that suffices, or for stills the largest that is fast enough."""
    sensor = setup.sensor_mode(modes, size_px, rate_hz, finest=finest)
    assert sensor is not None
    assert sensor["output_size"] == chosen


def test_of_two_modes_of_one_size_the_deeper_is_taken() -> None:
    assert setup.sensor_mode(IMX219, (640, 480), 10.0, finest=False) == {"output_size": (1640, 1232), "bit_depth": 10}


def test_a_camera_without_modes_is_left_to_itself() -> None:
    assert setup.sensor_mode([{"format": "MJPEG"}], (640, 480), 10.0, finest=False) is None


EVERYTHING = dict.fromkeys(("FrameDurationLimits", "AeEnable", "AeExposureMode", "AwbEnable", "ColourGains"))


def test_by_day_the_rate_is_steady_and_exposures_are_short() -> None:
    assert setup.controls("auto", 10.0, EVERYTHING, str.lower) == {
        "FrameDurationLimits": (100_000, 100_000),
        "AeEnable": True,
        "AeExposureMode": "short",
    }


def test_at_night_the_rate_may_fall_for_long_exposures() -> None:
    assert setup.controls("night", 10.0, EVERYTHING, str.lower) == {
        "FrameDurationLimits": (100_000, 200_000),
        "AeEnable": True,
        "AeExposureMode": "long",
    }


def test_a_rate_that_is_slow_anyway_stays_at_night() -> None:
    assert setup.controls("night", 2.0, EVERYTHING, str.lower)["FrameDurationLimits"] == (500_000, 500_000)


def test_under_infrared_light_no_white_is_balanced() -> None:
    controls = setup.controls("ir", 10.0, EVERYTHING, str.lower)
    assert (controls["AwbEnable"], controls["ColourGains"]) == (False, (1.0, 1.0))


def test_a_monochrome_sensor_is_not_told_of_white() -> None:
    advertised = dict.fromkeys(("FrameDurationLimits", "AeEnable", "AeExposureMode"))
    assert setup.controls("ir", 10.0, advertised, str.lower).keys() == advertised.keys()


def test_a_buffer_that_is_too_short_is_unreadable() -> None:
    layout = setup.Layout(640, 480, 640)
    with pytest.raises(SensorError) as raised:
        layout.luma(np.zeros(640 * 479, np.uint8))
    assert raised.value.reason is SensorReason.UNREADABLE


def test_the_luminance_is_a_copy() -> None:
    """The camera writes the next picture into the same memory."""
    buffer = np.zeros(8 * 4 * 3 // 2, np.uint8)
    luma = setup.Layout(6, 4, 8).luma(buffer)
    buffer[:] = 255
    assert luma.shape == (4, 6)
    assert luma.max() == 0
    assert luma.flags.c_contiguous


@pytest.mark.parametrize(
    "keys",
    [{"camera": -1}, {"camera": ""}, {"camera": True}, {"rotation": 90}, {"exposure": "dusk"}, {"tuning": "../x.json"}],
    ids=str,
)
def test_a_stanza_that_means_nothing_is_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Picamera2Camera.model_validate({"driver": "picamera2", "name": "bedside", **keys})
