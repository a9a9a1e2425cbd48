"""What counts as raised, false and owed; on made-up lives, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edge import config
from edge.errors import ConfigError
from edge.simulate.library import find, lasting, names
from edge.simulate.suite import HELD_OUT_SEEDS, LIVES, LOSSES, SUBSETS, TARGETS, TUNING_SEEDS
from edge.simulate.truth import Truth, runs
from edge.types import Condition

NOTHING = np.zeros(600, bool)


def truth(pain: dict[tuple[int, int], float] | None = None, face: tuple[int, int] = (0, 0)) -> Truth:
    levels = np.zeros(600, np.float32)
    for (start, end), level in (pain or {}).items():
        levels[start:end] = level
    lost = NOTHING.copy()
    lost[face[0] : face[1]] = True
    return Truth(levels, lost, NOTHING, ("face", "ppg", "gsr"))


def test_only_moderate_pain_that_lasts_must_be_raised() -> None:
    found = truth({(100, 119): 9.0, (200, 260): 4.9, (300, 320): 5.0, (400, 500): 8.0}).episodes()
    assert found == [(300.0, 320.0), (400.0, 500.0)]


@pytest.mark.parametrize(("at_s", "false"), [(90.0, True), (120.0, False), (180.0, False), (210.0, True)])
def test_an_alarm_is_false_without_pain_lately(at_s: float, false: bool) -> None:
    assert truth({(100, 150): 4.0}).painless(at_s) is false


def test_a_loss_owes_its_alarm_after_the_declared_delay() -> None:
    (due,) = truth(face=(100, 200)).dues(config.Alarm(), 10.0)
    assert due.accepted == {Condition.FACE_LOST, Condition.CANNOT_ASSESS}
    assert (due.start_s, due.by_s) == (100.0, 130.0)


def test_a_loss_shorter_than_its_delay_owes_nothing() -> None:
    assert truth(face=(100, 125)).dues(config.Alarm(), 10.0) == []


def test_runs_at_both_ends() -> None:
    assert runs(np.array([True, False, True, True])) == [(0.0, 1.0), (2.0, 4.0)]


def test_tuning_and_held_out_seeds_are_apart() -> None:
    assert not set(TUNING_SEEDS) & set(HELD_OUT_SEEDS)


def test_every_shipped_scenario_loads_and_the_library_is_large() -> None:
    assert len(names()) >= 25
    for name in names():
        assert find(name).patient is not None
    assert set(LIVES) | set(LOSSES) <= set(names())
    assert {len(one) for one in SUBSETS} == set(TARGETS)


def test_a_life_is_cut_to_hours() -> None:
    scene = lasting(find("everything_gone"), 0.2)
    assert scene.duration_s == 720.0
    assert max(span.end_s for span in scene.fault) == 720.0


def test_more_than_a_day_is_refused() -> None:
    with pytest.raises(ConfigError, match="at most 24 hours"):
        lasting(find("calm"), 25.0)
