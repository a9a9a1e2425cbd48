"""Every live camera is called stalled within three seconds, whatever its rate."""

from __future__ import annotations

from typing import get_args

import pytest

from edge.clock import VirtualClock
from edge.config import loads
from edge.sensors.stanza import CameraSection
from edge.sensors.table import Camera

LIVE_S = 3.0
"""Older pictures are no evidence of the present: the camera is stalled by then."""

KEYS = {"rtsp": 'url = "rtsp://127.0.0.1/x"', "mjpeg": 'url = "http://127.0.0.1/x"', "gstreamer": 'pipeline = "x"'}
"""What a stanza needs besides driver and name."""

LIVE = [kind for kind in get_args(Camera) if kind.live]


def opened_stall_s(kind: type[CameraSection], rate_hz: float) -> float:
    """The silence after which this camera's driver counts as stalled, seconds."""
    driver = get_args(kind.model_fields["driver"].annotation)[0]
    text = f'[[sensor]]\ndriver = "{driver}"\nname = "bedside"\nrate_hz = {rate_hz}\n{KEYS.get(driver, "")}\n'
    stanza = loads(text, "box.toml").sensor[0]
    assert isinstance(stanza, CameraSection)
    return stanza.open(VirtualClock()).stall_after_s


@pytest.mark.parametrize("rate_hz", [1.0, 2.0, 10.0, 30.0])
@pytest.mark.parametrize("kind", LIVE)
def test_a_frozen_camera_is_stalled_within_three_seconds(kind: type[CameraSection], rate_hz: float) -> None:
    assert opened_stall_s(kind, rate_hz) <= LIVE_S
