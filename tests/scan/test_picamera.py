"""CSI cameras, from what picamera2 lists."""

from __future__ import annotations

import pytest

from edge.config import loads
from edge.scan.found import stanza
from edge.scan.picamera import Info, look

IMX708 = {"Model": "imx708", "Location": 2, "Rotation": 180, "Id": "/base/axi/pcie@120000/rp1/i2c@88000/imx708@1a"}
NOIR = {"Model": "imx219_noir", "Rotation": 0, "Id": "/base/soc/i2c0mux/i2c@1/imx219@10"}
WEBCAM = {"Model": "HD Webcam", "Id": "/base/axi/pcie@120000/rp1/usb@300000-1:1.0-046d:0825"}


def test_csi_cameras_are_found_by_their_number_and_usb_ones_left_to_v4l2() -> None:
    found = look(lambda: [WEBCAM, IMX708]).found
    assert [(one.driver, one.keys) for one in found] == [("picamera2", {"camera": 1})]


def test_a_camera_without_an_infrared_filter_says_how_to_use_it_at_night() -> None:
    written = stanza(look(lambda: [NOIR]).found[0], set())
    assert written is not None
    assert '# exposure = "ir"' in written[1]
    assert loads(written[1], "pasted").sensor[0].driver == "picamera2"


def test_a_camera_stack_that_fails_is_a_note() -> None:
    def fail() -> Info:
        raise RuntimeError("cannot open the media device")

    assert look(fail).notes == ("picamera2 cannot list its cameras: cannot open the media device",)


def test_a_machine_without_picamera2_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert look().found == ()
