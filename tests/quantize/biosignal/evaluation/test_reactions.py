"""Statistics of responses, level by level."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from quantize.biosignal.evaluation.data import shocks
from quantize.biosignal.evaluation.data.recordings import Reaction
from quantize.biosignal.evaluation.reactions import measure
from quantize.evaluation.data import DataError

CALM = [Reaction(name, "calm", amplitude) for name in ("Ann", "Ben", "Eve") for amplitude in (0.0, 0.04)]
HURT = [Reaction(name, "hurt", amplitude) for name in ("Ann", "Ben", "Eve") for amplitude in (0.06, 0.2)]


def test_shares_means_and_areas_of_each_level() -> None:
    found, amplitudes = measure("made up", CALM + HURT, ("calm", "warm", "hurt"), (), seed=1, rounds=20)
    calm, hurt = found.levels
    assert (calm.name, calm.events, calm.people) == ("calm", 6, 3)
    assert calm.mean_us.value == pytest.approx(0.02)
    assert (calm.above["0.03"].value, calm.above["0.05"].value, hurt.above["0.05"].value) == (0.5, 0.0, 1.0)
    assert hurt.against_calm.value == 1.0
    assert sorted(amplitudes["hurt"].tolist()) == [0.06, 0.06, 0.06, 0.2, 0.2, 0.2]


def test_intervals_are_over_people() -> None:
    strong = [*CALM, *HURT, *(Reaction("Max", "hurt", 2.0) for _ in range(2)), Reaction("Max", "calm", 0.0)]
    hurt = measure("made up", strong, ("calm", "hurt"), (), seed=1, rounds=200)[0].levels[1]
    assert hurt.mean_us.low == pytest.approx(0.13, abs=0.01)
    assert hurt.mean_us.high > 0.9


def test_no_responses_at_all_is_an_error() -> None:
    with pytest.raises(DataError, match="no response"):
        measure("made up", [], ("calm",), (), seed=1)


@pytest.mark.skipif(
    not (Path(os.environ.get("ANODYNE_SHARED", "../shared")) / "data/nilsonne-shock-scr").is_dir(),
    reason="no shared data folder",
)
def test_the_published_shocks_have_their_published_statistics() -> None:
    folder = Path(os.environ.get("ANODYNE_SHARED", "../shared")) / "data/nilsonne-shock-scr"
    found, _ = measure(shocks.NAME, shocks.read(folder), shocks.LEVELS, (), seed=1, rounds=20)
    low, high = (next(one for one in found.levels if one.name == name) for name in ("self, low", "self, high"))
    assert (high.mean_us.value, low.mean_us.value) == pytest.approx((0.109, 0.039), abs=5e-4)
    assert (high.above["0.05"].value, low.above["0.05"].value) == pytest.approx((0.77, 0.28), abs=5e-3)
