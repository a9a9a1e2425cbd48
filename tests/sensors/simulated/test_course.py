"""The latent course and what is drawn from a seed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from edge.errors import ConfigError
from edge.sensors.simulated.course import GRID_HZ, course_of, lagged
from edge.sensors.simulated.life import BETWEEN_S, draw_person, drawn
from edge.sensors.simulated.scene import Life, PainSpan, Patient, Scene
from edge.simulate.library import find

DAY = Scene(
    title="a life", duration_s=7200.0, patient=Patient(), life=Life(episodes_per_hour=6, activities={"talk": 5})
)


def test_a_seed_draws_the_same_life_and_another_one_another() -> None:
    assert drawn(DAY, 3) == drawn(DAY, 3)
    assert drawn(DAY, 3) != drawn(DAY, 4)


def test_episodes_keep_their_distance_and_their_bounds() -> None:
    spans = drawn(DAY, 5).pain
    assert len(spans) > 3
    for before, after in pairwise(spans):
        assert after.start_s - before.end_s >= BETWEEN_S
    assert all(3.0 <= span.level <= 9.0 and 20.0 <= span.end_s - span.start_s <= 240.0 for span in spans)


def test_some_episodes_leave_the_skin_untouched() -> None:
    spans = tuple(PainSpan(start_s=100.0 * k + 10, end_s=100.0 * k + 60, level=8.0) for k in range(60))
    course = course_of(Scene(title="many", duration_s=6100.0, patient=Patient(), pain=spans), 1)
    middles = [round((span.start_s + 30) * GRID_HZ) for span in spans]
    silent = float(np.mean(course.skin_drive[middles] == 0.0))
    assert 0.1 < silent < 0.32
    assert (course.heart_drive[middles] > 0).all()


def test_a_slow_drift_rises_slowly() -> None:
    course = course_of(find("slow_drift"), 1)
    at = [float(course.pain[round(t * GRID_HZ)]) for t in (300, 900, 1500, 2000)]
    assert at == pytest.approx([0.0, 4.0, 8.0, 8.0], abs=0.1)


def test_a_lag_reaches_two_thirds_after_its_time_constant_and_delay() -> None:
    step = np.concatenate([np.zeros(50), np.ones(500)]).astype(np.float32)
    response = lagged(step, rise_s=8.0, fall_s=20.0, delay_s=2.0)
    assert response[50 + round(10 * GRID_HZ)] == pytest.approx(0.632, abs=0.02)


@pytest.mark.parametrize(
    ("variant", "figure"),
    [
        ("beta_blocker", "heart_rate_rise_bpm"),
        ("opioid", "scr_us"),
        ("poor_perfusion", "pulse"),
        ("stoic", "expressive"),
    ],
)
def test_a_variant_weakens_what_it_is_named_for(variant: str, figure: str) -> None:
    patient = Patient.model_validate({"variants": [variant]})
    for seed in range(20):
        assert getattr(draw_person(patient.variants, seed), figure) < 0.6 * getattr(draw_person((), seed), figure)


def test_activities_without_a_patient_are_refused() -> None:
    with pytest.raises(ValueError, match=r"need a \[patient\] table"):
        Scene.model_validate({"title": "x", "duration_s": 10.0, "life": {}})


def test_an_unknown_scenario_is_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match="simulate --list"):
        find("no_such_life")
