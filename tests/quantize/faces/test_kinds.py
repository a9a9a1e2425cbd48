"""Kinds of expression: what the training faces are asked to do."""

from __future__ import annotations

import numpy as np
import pytest

from edge.face.units import LABELS, pspi
from quantize.faces.kinds import SHARES, Kind, Units, draw_kind, draw_units

MANY = range(300)


def drawn(kind: Kind) -> list[Units]:
    return [draw_units(kind, np.random.default_rng([5, k])) for k in MANY]


def table(kind: Kind) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array([[units.get(name, 0.0) for name in LABELS] for units in drawn(kind)], np.float32)


def mean(kind: Kind, name: str) -> float:
    return float(table(kind)[:, LABELS.index(name)].mean())


def test_every_kind_is_drawn_with_a_share_and_the_shares_are_all() -> None:
    assert set(SHARES) == set(Kind)
    assert sum(SHARES.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", list(Kind))
def test_intensities_stay_on_the_scale(kind: Kind) -> None:
    assert all(0 <= value <= 5 for units in drawn(kind) for value in units.values())


def test_neutral_faces_have_no_pspi_to_speak_of() -> None:
    assert pspi(table(Kind.NEUTRAL)).max() < 2.2


def test_sleep_shuts_the_eyes_and_nothing_else_of_pspi() -> None:
    assert pspi(table(Kind.SLEEP)).mean() == pytest.approx(1, abs=0.4)


def test_pain_is_often_strong() -> None:
    assert (pspi(table(Kind.PAIN)) >= 4).mean() > 0.6


def test_smiles_pull_the_corners_without_the_brow() -> None:
    assert (mean(Kind.SMILE, "AU12") > 2, mean(Kind.SMILE, "AU4") < 0.1) == (True, True)


def test_a_squint_against_the_light_does_not_lift_the_lip() -> None:
    assert (mean(Kind.SQUINT, "AU7") > 1.5, mean(Kind.SQUINT, "AU10") < 0.6) == (True, True)


def test_a_yawn_opens_the_mouth_wider_than_breathing_through_it() -> None:
    assert (mean(Kind.YAWN, "AU27") > 2.5, mean(Kind.MOUTH_BREATHING, "AU27") < 0.1) == (True, True)


@pytest.mark.parametrize("kind", list(Kind))
def test_an_open_jaw_parts_the_lips(kind: Kind) -> None:
    jaws = [units for units in drawn(kind) if max(units.get("AU26", 0), units.get("AU27", 0)) > 1]
    assert all(units.get("AU25", 0) > 0 for units in jaws)


def test_the_same_seed_draws_the_same() -> None:
    assert drawn(draw_kind(np.random.default_rng(1))) == drawn(draw_kind(np.random.default_rng(1)))
