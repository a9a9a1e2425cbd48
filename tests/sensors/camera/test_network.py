"""The stanzas of cameras in the network."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from edge.sensors.camera.login import Login, with_login
from edge.sensors.camera.network import MjpegCamera, RtspCamera


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("rtsp://nurse:secret@camera/stream", "move them to `username` and `password_file`"),
        ("rtsp://nurse@camera/stream", "move them to `username` and `password_file`"),
        ("rtsp:///stream", "with host and path"),
        ("rtsp://camera:port/stream", "with host and path"),
        ("rtsp://camera/a stream", "with host and path"),
        ("rtsp://[camera/stream", "with host and path"),
        ("http://camera/stream", "pattern"),
        ("/dev/video0", "pattern"),
    ],
)
def test_a_wrong_address_is_refused(url: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        RtspCamera(driver="rtsp", name="cam", url=url)


@pytest.mark.parametrize("url", ["http://10.0.0.7:8080/?action=stream", "https://[fe80::1]/video.mjpg"])
def test_a_right_address_is_taken_as_it_is(url: str) -> None:
    assert MjpegCamera(driver="mjpeg", name="cam", url=url).url == url


def test_a_password_needs_a_user() -> None:
    with pytest.raises(ValidationError, match="add username"):
        RtspCamera(driver="rtsp", name="cam", url="rtsp://camera/x", password_file=Path("secret"))


def test_characters_that_mean_something_in_addresses_are_escaped() -> None:
    assert (
        with_login("rtsp://camera:8554/x?y=1", Login("a:b", "p@/ ?")) == "rtsp://a%3Ab:p%40%2F%20%3F@camera:8554/x?y=1"
    )


def test_a_login_does_not_show_its_password() -> None:
    assert "secret" not in repr(Login("nurse", "secret"))
