"""The demonstration's configuration: two sensors that play the scene, shorter delays, everything marked `demo`."""

from __future__ import annotations

from pathlib import Path

from edge import config
from edge.sensors.camera.stanzas import VideoFileCamera
from edge.sensors.simulated.band import SimulatedBand
from edge.types import Validity

FACE_CLIP = Path(__file__).parent.parent / "sensors" / "simulated" / "demo_face.webm"
"""The rendered face that follows the scene (`python -m quantize demo-clip`)."""

DELAYS = config.Alarm(
    pain_delay_s=5.0,
    pain_clear_s=8.0,
    blind_delay_s=5.0,
    sensor_delay_s=5.0,
    clear_s=3.0,
    acknowledge_timeout_s=60.0,
)
"""A three-minute scene has no time for the delays of a ward: each is shortened so that every transition is seen."""


def demo_config(state_dir: Path, port: int) -> config.Config:
    """The box of the demonstration.

    Args:
        state_dir: an empty folder for its alarm state and outbox.
        port: loopback port of the embedded broker.
    """
    return config.Config(
        box=config.Box(site="demo", bed="bed1", state_dir=state_dir, validity=Validity.DEMO),
        sensor=(
            VideoFileCamera(driver="video_file", name="camera", path=FACE_CLIP, width_px=320, height_px=240),
            SimulatedBand(driver="simulated_band", name="band"),
        ),
        alarm=DELAYS,
        mqtt=config.Mqtt(host="127.0.0.1", port=port),
    )
