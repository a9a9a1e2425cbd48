"""What is read of the simulated face, against what it does and against the network's card."""

from __future__ import annotations

import numpy as np
import pytest

from edge.clock import VirtualClock, run
from edge.face.units import LABELS, REGIONS, pspi
from edge.sensors.simulated.course import GRID_HZ, Course, course_of
from edge.sensors.simulated.expressions import UNITS
from edge.sensors.simulated.face import SimulatedFace
from edge.sensors.simulated.readings import readings
from edge.sensors.simulated.scene import ActivitySpan, FaultSpan, Life, PainSpan, Patient, Scene
from edge.types import NS_PER_S, Absence, FaceReading


def course(seed: int = 1, *variants: str, **spans: tuple[object, ...]) -> Course:
    patient = Patient.model_validate({"variants": variants})
    return course_of(Scene.model_validate({"title": "x", "duration_s": 600.0, "patient": patient, **spans}), seed)


def at(t_s: float) -> int:
    return round(t_s * GRID_HZ)


def test_the_units_are_those_of_the_network_in_its_order() -> None:
    assert UNITS == LABELS
    assert readings(course()).visible.shape[1] == len(REGIONS)


def test_readings_agree_with_the_truth_as_well_as_the_card_says_and_no_better() -> None:
    true, read = [], []
    for seed in range(24):
        life = Life(episodes_per_hour=20, level=(1.0, 10.0))
        lived = course_of(Scene(title="x", duration_s=900.0, patient=Patient(), life=life), seed)
        found = readings(lived)
        rest = np.median(pspi(found.units)[lived.pain == 0])
        true.append(pspi(found.truth)[lived.pain > 0.5])
        read.append(pspi(found.units)[lived.pain > 0.5] - rest)
    every_true, every_read = np.concatenate(true), np.concatenate(read)
    assert 0.72 < np.corrcoef(every_true, every_read)[0, 1] < 0.88
    assert 1.2 < np.abs(every_true - every_read).mean() < 2.2


def test_the_face_shows_pain_within_two_seconds_and_a_stoic_one_shows_less() -> None:
    spans = (PainSpan(start_s=200.0, end_s=260.0, level=9.0, rise_s=0.5),)
    plain = np.mean([pspi(readings(course(seed, pain=spans)).truth) for seed in range(12)], axis=0)
    stoic = np.mean([pspi(readings(course(seed, "stoic", pain=spans)).truth) for seed in range(12)], axis=0)
    held = plain[at(210) : at(255)].mean()
    assert plain[at(202.5) : at(203.5)].mean() > 0.5 * held > 1.0
    assert stoic[at(210) : at(255)].mean() < 0.6 * held


def test_a_smile_pulls_lip_corners_and_no_brow() -> None:
    found = readings(course(3, activity=(ActivitySpan(kind="smile", start_s=100.0, end_s=108.0),)))
    smile = found.truth[at(102) : at(106)].mean(axis=0)
    assert smile[UNITS.index("AU12")] > 1.0
    assert smile[UNITS.index("AU4")] < 0.2


def test_a_mask_hides_nose_and_mouth_only() -> None:
    visible = readings(course(1, fault=(FaultSpan(kind="mask", start_s=100.0, end_s=200.0),))).visible
    assert visible[at(150)][3:].max() < 0.3
    assert visible[at(150)][:3].min() > 0.7


FAULTS = """
title = "what a camera may not see"
duration_s = 40.0
[patient]
[[fault]]
kind = "lights_off"
start_s = 5.0
end_s = 10.0
[[fault]]
kind = "face_turned"
start_s = 15.0
end_s = 20.0
[[face_away]]
start_s = 25.0
end_s = 30.0
"""


@pytest.mark.parametrize(
    ("t_s", "absence"),
    [(2.0, None), (7.0, Absence.TOO_DARK), (17.0, Absence.FACE_TURNED), (27.0, Absence.NO_FACE), (35.0, None)],
)
def test_the_driver_says_why_there_is_no_face(
    tmp_path_factory: pytest.TempPathFactory, t_s: float, absence: str
) -> None:
    path = tmp_path_factory.mktemp("scene") / "scene.toml"
    path.write_text(FAULTS)
    clock = VirtualClock()
    driver = SimulatedFace(driver="simulated_face", name="face", scene=path).open(clock)

    async def play() -> list[FaceReading]:
        return [reading async for reading in driver.stream()]

    found = {round(one.measured_ns / NS_PER_S, 1): one.absence for one in run(clock, play())}
    assert found[t_s] == absence
    assert len(found) == 40 * GRID_HZ
