"""The shipped arousal networks compute what they computed when they were exported."""

from __future__ import annotations

import pytest

from edge.bundle import Bundle
from edge.golden import TOLERANCE_STEPS, deviation
from edge.inference import Interpreter, runtime

pytestmark = pytest.mark.models


@pytest.mark.parametrize("name", ["arousal_ppg", "arousal_gsr"])
def test_the_golden_answers_come_out(bundle: Bundle, name: str) -> None:
    found = deviation(Interpreter(bundle.model(name)))
    assert found is not None
    assert found <= TOLERANCE_STEPS[runtime().name]
