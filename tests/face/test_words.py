"""Action units in the words of a nurse."""

from __future__ import annotations

import re

import pytest

from edge.face.units import LABELS
from edge.face.words import UNIT_WORDS, age_code, code_words, needed_code, sentence


def test_every_action_unit_has_words() -> None:
    assert set(UNIT_WORDS) == set(LABELS)


def test_an_episode_in_one_line() -> None:
    codes = ("AU4", "AU43", "AU7", "AU10", age_code(12.8))
    assert sentence(codes) == "brow lowered, eyes shut tight, upper lip raised; 12 s"


def test_eyes_shut_alone_are_not_tight() -> None:
    assert sentence(("AU43", "AU4")) == "eyes shut, brow lowered"


def test_a_missing_reference_says_what_is_needed() -> None:
    assert code_words(needed_code(40)) == "no reference yet: 40 s of a resting face are needed"


@pytest.mark.parametrize("code", [age_code(1e9), needed_code(1e9)])
def test_no_code_is_longer_than_the_wire_takes(code: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_]{1,16}", code)


def test_other_codes_are_somebody_elses() -> None:
    assert code_words("skin") is None
