"""The figures of the model card, on numbers small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edge.face.units import LABELS
from quantize.faces.collection import Faces, split
from quantize.faces.evaluate import auc, choose_smile_share, effective_rank, logistic, readings


def faces(units: list[dict[str, float]], kinds: list[str], identity: list[int] | None = None) -> Faces:
    table = np.array([[one.get(name, 0.0) for name in LABELS] for one in units], np.float32)
    people = np.array(identity if identity is not None else [0] * len(units), np.int64)
    return Faces(np.zeros((len(units), 80, 80), np.uint8), table, people, np.array(kinds))


def test_auc_counts_pairs_in_order() -> None:
    assert auc(np.array([3, 1], np.float32), np.array([2, 0], np.float32)) == 0.75


def test_auc_counts_ties_half() -> None:
    assert auc(np.array([1, 1], np.float32), np.array([1, 1], np.float32)) == 0.5


def test_independent_outputs_have_full_effective_rank() -> None:
    assert effective_rank(np.random.default_rng(1).normal(size=(20_000, 9)).astype(np.float32)) > 8.9


def test_outputs_that_all_say_the_same_have_rank_one() -> None:
    one = np.random.default_rng(1).normal(size=(500, 1)).astype(np.float32)
    assert effective_rank(one * np.ones((1, 9), np.float32)) == pytest.approx(1, abs=0.01)


def test_a_dead_output_lowers_the_rank() -> None:
    values = np.random.default_rng(1).normal(size=(20_000, 9)).astype(np.float32)
    values[:, 3:] = 0
    assert effective_rank(values) == pytest.approx(3, abs=0.05)


def test_change_is_against_the_same_persons_other_neutral_faces() -> None:
    people = faces([{}, {}, {"AU4": 4}], ["neutral", "neutral", "pain"])
    raw = people.units.copy()
    raw[:, LABELS.index("AU4")] = [1.0, 2.0, 5.0]
    assert readings(raw, people, 0.0).change.tolist() == [-1.0, 1.0, 3.5]


def test_the_smile_share_is_chosen_where_smiles_and_pain_part() -> None:
    shown: list[dict[str, float]] = [{}, {}, {"AU6": 5, "AU12": 5}, {"AU4": 2, "AU7": 3}]
    people = faces(shown, ["neutral", "neutral", "smile", "pain"])
    assert choose_smile_share(people.units, people)[0] > 0


def test_even_odds_lie_between_calm_and_pain() -> None:
    rng = np.random.default_rng(1)
    change = np.concatenate([rng.normal(0, 1, 900), rng.normal(6, 1, 100)]).astype(np.float32)
    slope, intercept = logistic(change, np.arange(1000) >= 900)
    assert -intercept / slope == pytest.approx(3, abs=0.4)


def test_nobody_is_in_two_parts() -> None:
    people = faces([{}] * 200, ["neutral"] * 200, list(range(100)) * 2)
    parts = split(people)
    sets = [set(part.identity.tolist()) for part in (parts.train, parts.tune, parts.test)]
    assert (len(set.union(*sets)), sum(map(len, sets))) == (100, 100)
