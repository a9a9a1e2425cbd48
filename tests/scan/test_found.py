"""The stanza of a find: whatever a device calls itself, what is printed can be pasted."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from edge.config import loads
from edge.scan.found import Found, Kind, Value, stanza

TEXT = st.text(max_size=60)


def test_a_stanza_names_driver_name_and_keys() -> None:
    found = Found(Kind.CAMERA, "Webcam", driver="v4l2", keys={"device": "/dev/v4l/by-id/usb-X-video-index0"})
    assert stanza(found, set()) == (
        "bedside",
        '[[sensor]]\ndriver = "v4l2"\nname = "bedside"\ndevice = "/dev/v4l/by-id/usb-X-video-index0"\n',
    )


def test_a_second_camera_gets_a_name_of_its_own() -> None:
    written = stanza(Found(Kind.CAMERA, "Webcam", driver="v4l2"), {"bedside", "bedside2"})
    assert written is not None
    assert written[0] == "bedside3"


def test_without_a_driver_there_is_no_stanza() -> None:
    assert stanza(Found(Kind.BAND, "a lamp"), set()) is None


def test_a_stanza_that_the_configuration_would_refuse_is_not_shown() -> None:
    assert stanza(Found(Kind.BAND, "x", driver="ble_heart_rate", keys={"address": "not an address"}), set()) is None


@given(
    driver=st.sampled_from(["v4l2", "ble_heart_rate", "serial_lines", "no such driver"]),
    keys=st.dictionaries(
        st.sampled_from(["device", "address", "device_name", "usb_serial"]), TEXT | st.integers() | st.floats()
    ),
    title=TEXT,
)
def test_whatever_a_device_calls_itself_the_stanza_loads(driver: str, keys: dict[str, Value], title: str) -> None:
    written = stanza(Found(Kind.BAND, title, driver=driver, keys=keys), set())
    if written is not None:
        sensor = loads(written[1], "pasted").sensor[0]
        assert sensor.name == written[0]


@given(remark=st.text(st.characters(codec="utf-8"), max_size=40))
def test_a_remark_is_one_comment(remark: str) -> None:
    written = stanza(Found(Kind.CAMERA, "x", driver="v4l2", remark=remark), set())
    assert written is None or len(re.findall("^driver", written[1], re.MULTILINE)) == 1
