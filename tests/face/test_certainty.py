"""PSPI with its uncertainty: what is covered is unknown, what is unsure widens the interval."""

from __future__ import annotations

import numpy as np
import pytest

from edge.face.certainty import MIN_KNOWN, REGIONS, knowable, known, level, spread
from edge.face.units import LABELS, pspi, smile_discount
from quantize.faces import collection
from tests.face.numbers import PAIN, Floats, units, visible

ALL = np.ones(len(LABELS), np.float32)
SURE = np.full(len(LABELS), 0.2, np.float32)


def test_the_parts_are_in_the_order_of_the_training_data() -> None:
    assert REGIONS == collection.REGIONS


def test_with_all_in_sight_the_level_is_pspi_less_the_smile() -> None:
    face = units(PAIN | {"AU12": 2.0})
    assert level(face, ALL, 1.0) == pytest.approx(float(pspi(face) - smile_discount(face, 1.0)))


def test_one_eye_is_enough_for_the_eyes() -> None:
    assert known(visible("left_eye"))[LABELS.index("AU43")] == 1.0


@pytest.mark.parametrize(
    ("hidden", "share"),
    [((), 1.0), (("nose", "mouth"), 11 / 16), (("left_eye", "right_eye"), 10 / 16), (("brows",), 11 / 16)],
    ids=["nothing", "mask", "eyes", "brows"],
)
def test_what_can_be_known(hidden: tuple[str, ...], share: float) -> None:
    assert knowable(known(visible(*hidden))) == pytest.approx(share)


def test_a_hand_on_the_eyes_leaves_too_little() -> None:
    assert knowable(known(visible("brows", "left_eye", "right_eye"))) < MIN_KNOWN


def test_a_mask_does_not_make_pain_look_calmer() -> None:
    masked = level(units(PAIN), known(visible("nose", "mouth")), 1.0)
    assert masked >= level(units(PAIN), ALL, 1.0)


def test_what_the_network_guesses_under_a_mask_is_not_used() -> None:
    share = known(visible("nose", "mouth"))
    assert level(units({"AU9": 5.0, "AU10": 5.0}), share, 1.0) == 0.0


def test_the_interval_of_a_masked_face_reaches_up_by_all_that_is_hidden() -> None:
    hidden = spread(units({}), SURE, known(visible("nose", "mouth")), 1.0)
    assert hidden.over - spread(units({}), SURE, ALL, 1.0).over > 4.5


def test_a_smile_under_a_mask_is_left_open_downwards() -> None:
    share = known(visible("nose", "mouth"))
    cheeks, none = units({"AU6": 3.0}), units({})
    assert spread(cheeks, SURE, share, 1.0).under > spread(none, SURE, share, 1.0).under + 2.5


def test_an_unsure_network_gives_a_wider_interval() -> None:
    face = units(PAIN)
    narrow, wide = (spread(face, SURE * factor, ALL, 1.0) for factor in (1, 5))
    assert (wide.under > narrow.under, wide.over > narrow.over) == (True, True)


def drawn(face: Floats, deviation: Floats) -> tuple[float, float, float]:
    """Percentiles by brute force."""
    rng = np.random.default_rng(1)
    faces = np.clip(rng.normal(face, deviation, (200_000, len(LABELS))), 0, 5).astype(np.float32)
    low, middle, high = np.percentile(pspi(faces), [5, 50, 95])
    return float(low), float(middle), float(high)


@pytest.mark.parametrize("deviation", [0.3, 0.8, 1.5])
def test_the_grid_agrees_with_random_draws(deviation: float) -> None:
    face, unsure = units({"AU4": 2.0, "AU6": 1.0, "AU7": 1.5, "AU9": 0.5, "AU43": 2.5}), SURE * 5 * deviation
    low, middle, high = drawn(face, unsure)
    found = spread(face, unsure, ALL, 1.0)
    assert (found.under, found.over) == pytest.approx((middle - low, high - middle), abs=0.25)
