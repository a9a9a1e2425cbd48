"""Codes in the words of a nurse."""

from __future__ import annotations

import pytest

from edge.station.words import absence_words, explain
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


def test_an_episode_of_the_face_is_one_sentence_beside_the_band() -> None:
    reasons = ("AU4", "AU43", "AU7", "skin", "for_12_s")
    assert explain(reasons) == ["brow lowered, eyes shut tight; 12 s", "skin roused"]


def test_a_missing_reference_is_said_in_words() -> None:
    assert explain(("no_reference_40",)) == ["no reference yet: 40 s of a resting face are needed"]


def test_a_code_without_words_is_shown_as_it_is() -> None:
    assert explain(("not_found",)) == ["not found"]
