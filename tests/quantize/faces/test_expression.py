"""Expressions: what the training faces are asked to do."""

from __future__ import annotations

import numpy as np
import pytest

from edge.face.units import LABELS, pspi
from quantize.faces.expression import Kind, draw_expression, label

MANY = range(300)


def drawn(kind: Kind | None) -> list[dict[str, float]]:
    return [draw_expression(np.random.default_rng([5, k]), kind)[1] for k in MANY]


@pytest.mark.parametrize("kind", list(Kind))
def test_intensities_stay_on_the_scale(kind: Kind) -> None:
    assert all(0 <= value <= 5 for units in drawn(kind) for value in units.values())


def test_neutral_faces_have_no_pspi_to_speak_of() -> None:
    assert max(float(pspi(label(units))) for units in drawn(Kind.NEUTRAL)) < 2.2


def test_sleep_shuts_the_eyes_and_nothing_else_of_pspi() -> None:
    assert np.mean([float(pspi(label(units))) for units in drawn(Kind.SLEEP)]) == pytest.approx(1, abs=0.4)


def test_pain_is_often_strong() -> None:
    assert np.mean([float(pspi(label(units))) >= 4 for units in drawn(Kind.PAIN)]) > 0.6


def test_smiles_pull_the_corners_without_the_brow() -> None:
    table = np.array([label(units) for units in drawn(Kind.SMILE)])
    assert (table[:, LABELS.index("AU12")].mean() > 2, table[:, LABELS.index("AU4")].mean() < 0.1) == (True, True)


def test_an_open_jaw_parts_the_lips() -> None:
    assert all(units.get("AU25", 0) > 0 for units in drawn(None) if units.get("AU26", 0) > 1)


def test_the_same_seed_draws_the_same() -> None:
    assert drawn(None) == drawn(None)
