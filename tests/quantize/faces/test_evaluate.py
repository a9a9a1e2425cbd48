"""What tuning chooses, on numbers small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edge.face.units import LABELS
from quantize.faces.collection import ROW, Faces, split
from quantize.faces.evaluate import RESIDUAL_AT, choose, choose_smile_share, logistic, readings, within


def faces(units: list[dict[str, float]], kinds: list[str], identity: list[int] | None = None) -> Faces:
    rows = np.zeros(len(units), ROW)
    for row, one in zip(rows, units, strict=True):
        row["left"] = [one.get(name, 0.0) for name in LABELS]
    rows["identity"] = identity if identity is not None else 0
    rows["kind"] = kinds
    return Faces(np.zeros((len(units), 80, 80), np.uint8), rows)


def test_change_is_against_the_same_persons_other_neutral_faces() -> None:
    people = faces([{}, {}, {"AU4": 4}], ["neutral", "neutral", "pain"])
    raw = people.units.copy()
    raw[:, LABELS.index("AU4")] = [1.0, 2.0, 5.0]
    assert readings(raw, people, 0.0).change.tolist() == [-1.0, 1.0, 3.5]


def test_a_person_without_a_neutral_face_is_compared_with_everybodys_rest() -> None:
    people = faces([{}, {}, {"AU4": 4}], ["neutral", "neutral", "pain"], [0, 0, 1])
    raw = people.units.copy()
    raw[:, LABELS.index("AU4")] = [1.0, 2.0, 5.0]
    seen = readings(raw, people, 0.0)
    assert (seen.change.tolist()[2], seen.own.tolist()) == (3.5, [True, True, False])


def test_the_smile_share_is_chosen_where_smiles_and_pain_part() -> None:
    shown: list[dict[str, float]] = [{}, {}, {"AU6": 5, "AU12": 5}, {"AU4": 2, "AU7": 3}]
    people = faces(shown, ["neutral", "neutral", "smile", "pain"])
    assert choose_smile_share(people.units, people)[0] > 0


def test_even_odds_lie_between_calm_and_pain() -> None:
    rng = np.random.default_rng(1)
    change = np.concatenate([rng.normal(0, 1, 900), rng.normal(6, 1, 100)]).astype(np.float32)
    slope, intercept = logistic(change, np.arange(1000) >= 900)
    assert -intercept / slope == pytest.approx(3, abs=0.4)


def test_the_chosen_interval_holds_nine_of_ten_tuning_faces() -> None:
    rng = np.random.default_rng(1)
    people = faces([{"AU4": float(x)} for x in rng.uniform(0, 5, 600)], ["neutral"] * 300 + ["pain"] * 300)
    raw = people.units + rng.normal(0, 0.7, people.units.shape).astype(np.float32)
    chosen = choose(raw, people)
    seen = readings(raw, people, chosen.smile_share)
    held = within(seen.change, np.asarray(people.units[:, LABELS.index("AU4")]), chosen).mean()
    assert (len(chosen.residual_low), held) == (len(RESIDUAL_AT), pytest.approx(0.9, abs=0.07))


def test_nobody_is_in_two_parts() -> None:
    people = faces([{}] * 200, ["neutral"] * 200, list(range(100)) * 2)
    parts = split(people)
    sets = [set(part.identity.tolist()) for part in (parts.train, parts.tune, parts.test)]
    assert (len(set.union(*sets)), sum(map(len, sets))) == (100, 100)
