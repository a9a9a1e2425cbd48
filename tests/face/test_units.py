"""PSPI as Prkachin & Solomon (2008) define it, and what is taken out for a smile."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.face.units import LABELS, pspi, pspi_of, smile_discount, smile_discount_of


def units(**named: float) -> NDArray[np.float32]:
    return np.array([named.get(name, 0.0) for name in LABELS], np.float32)


def test_pspi_adds_brow_orbit_levator_and_closed_eyes() -> None:
    assert pspi(units(AU4=3, AU6=2, AU7=4, AU9=1, AU10=5, AU43=5)) == 3 + 4 + 5 + 1


def test_sleep_alone_scores_one() -> None:
    assert pspi(units(AU43=5)) == 1


def test_heavy_lids_are_not_closed_eyes() -> None:
    assert pspi(units(AU43=2)) == 0


def test_mouth_units_do_not_count() -> None:
    assert pspi(units(AU12=5, AU25=5, AU26=5)) == 0


def test_a_felt_smile_is_discounted_in_full() -> None:
    smile = units(AU6=4, AU12=5)
    assert pspi(smile) - smile_discount(smile, 1.0) == 0


def test_a_toothy_smile_that_lifts_the_lip_is_discounted_too() -> None:
    smile = units(AU6=3, AU10=2, AU12=4, AU25=4)
    assert pspi(smile) - smile_discount(smile, 1.0) == 0


def test_pain_with_open_mouth_is_not_discounted() -> None:
    assert smile_discount(units(AU4=5, AU6=4, AU9=3, AU25=3), 1.0) == 0


def test_a_lowered_brow_speaks_against_a_smile() -> None:
    assert smile_discount(units(AU4=5, AU6=4, AU12=4), 1.0) == 0


@given(st.lists(st.floats(0, 5, width=32), min_size=len(LABELS), max_size=len(LABELS)), st.floats(0, 1))
def test_the_discount_never_exceeds_what_the_smile_can_explain(values: list[float], share: float) -> None:
    intensities = np.array(values, np.float32)
    discount = float(smile_discount(intensities, share))
    assert 0 <= discount <= float(pspi(intensities)) + 1e-5


@pytest.mark.parametrize("count", [1, 7])
def test_pspi_takes_many_faces_at_once(count: int) -> None:
    assert pspi(np.ones((count, len(LABELS)), np.float32)).shape == (count,)


@given(st.lists(st.floats(0, 5, width=32), min_size=len(LABELS), max_size=len(LABELS)), st.floats(0, 1, width=32))
def test_one_face_in_plain_numbers_is_scored_like_an_array(face: list[float], share: float) -> None:
    as_array = np.array(face, np.float32)
    assert pspi_of(face) == pytest.approx(float(pspi(as_array)), abs=1e-5)
    assert smile_discount_of(face, share) == pytest.approx(float(smile_discount(as_array, share)), abs=1e-5)
