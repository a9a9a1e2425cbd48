"""The demonstration as a user starts it, on the virtual clock, with either broker."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from edge.publish.embedded import find_mosquitto


def demo(*options: str) -> dict[str, object]:
    """The figures of `anodyne demo --fast --json`."""
    command = [sys.executable, "-m", "edge.cli", "demo", "--fast", "--json", *options]
    finished = subprocess.run(command, capture_output=True, text=True, check=True, timeout=110)
    figures: dict[str, object] = json.loads(finished.stdout)
    return figures


@pytest.mark.parametrize("broker", ["mosquitto", "amqtt"])
def test_the_scene_is_told_as_it_happens(broker: str) -> None:
    if broker == "mosquitto" and find_mosquitto() is None:
        pytest.skip("mosquitto is not installed")
    told = demo("--broker", broker)
    # Pain, face lost, wristband lost, cannot assess: once each; the nurse acknowledges the first and the last.
    assert (told["raised"], told["delivered"], told["lost"], told["acknowledged"]) == (4, 4, 0, 2)
    assert told["blind_reported_calm_s"] == 0
    # Both are gone from 2:00 to 2:25.
    assert told["blind_s"] == pytest.approx(25.0, abs=3.0)
    assert told["first_assessment_s"] == pytest.approx(0.5, abs=0.5)
    modes = told["modes"]
    assert isinstance(modes, list)
    assert {"face+ppg+gsr", "ppg+gsr", "face", "blind"} <= set(modes)
