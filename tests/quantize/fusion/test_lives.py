"""Lives come from the true daemon, are kept, and never from a held-out seed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from edge.simulate.suite import HELD_OUT_SEEDS
from quantize.fusion.lives import AFTER_S, FIRST_S, Life, digest, live, load

pytestmark = pytest.mark.models


def test_a_life_holds_what_fusion_was_given() -> None:
    life = live("mixed_day", 1, hours=0.06)
    assert life.pain.size == 216
    late = slice(100, 216)
    for key in ("face.change_6s", "ppg.value", "gsr.value", "hr.value", "ppg.heart_rate_bpm"):
        assert np.isfinite(life.of(key)[late]).mean() > 0.8, key
    assert np.isnan(life.of("face.no_such_figure")).all()


def test_a_held_out_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="is held out"):
        live("mixed_day", HELD_OUT_SEEDS.start)


def test_calm_and_pain_leave_what_lies_between() -> None:
    pain = np.zeros(600)
    pain[300:400] = 8.0
    life = Life("made_up-1", pain, {})
    assert not (life.calm & life.hurts).any()
    assert not life.calm[: int(FIRST_S)].any()
    assert not life.calm[300 : 400 + int(AFTER_S)].any()
    assert life.hurts.sum() == 92


def test_lives_are_taken_up_from_the_cache(tmp_path: Path) -> None:
    folder = tmp_path / f"lives-{digest()}"
    folder.mkdir()
    for name in ("", "_beta_blocker", "_opioid", "_poor_perfusion", "_blunted"):
        rows = {"pain": np.ones(9), "face.value": np.arange(9.0)}
        np.savez(folder / f"mixed_day{name}-7.npz", allow_pickle=False, **rows)

    def bar(items: Iterable[Life], total: int) -> Iterable[Life]:
        assert total == 5
        return items

    kept = load(tmp_path, [7], bar, processes=1)
    assert kept[0].name == "mixed_day-7"
    assert kept[0].of("face.value").tolist() == list(range(9))
