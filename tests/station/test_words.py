"""Codes in the words of a nurse."""

from __future__ import annotations

import pytest

from edge.station.words import absence_words
from edge.types import Absence


@pytest.mark.parametrize(
    ("absence", "expected"),
    [
        (Absence.NO_FACE, "no face"),
        (Absence.FACE_TURNED, "face turned away"),
        (Absence.FACE_COVERED, "face covered"),
        (Absence.TWO_FACES, "two faces"),
        (Absence.OTHER_FACE, "face of somebody else"),
    ],
)
def test_every_outcome_of_the_face_has_words_of_its_own(absence: Absence, expected: str) -> None:
    assert absence_words(absence) == expected
