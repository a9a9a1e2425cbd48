"""This machine's runtime computes what was measured when the shipped models were exported."""

from __future__ import annotations

import numpy as np
import pytest

from edge.bundle import Bundle
from edge.golden import TOLERANCE_STEPS, deviation, probes
from edge.inference import Interpreter, runtime

pytestmark = pytest.mark.models


def test_every_shipped_model_gives_its_golden_answers() -> None:
    found = {name: deviation(Interpreter(model)) for name, model in Bundle.load().models.items()}
    allowed = TOLERANCE_STEPS[runtime().name]
    assert {name: steps for name, steps in found.items() if steps is None or steps > allowed} == {}


def test_every_shipped_model_is_taken_whole_by_xnnpack_where_litert_runs() -> None:
    if runtime().name != "ai-edge-litert":
        pytest.skip("tflite-runtime's XNNPACK takes no int8 graphs")
    models = Bundle.load().models
    assert {name for name, model in models.items() if Interpreter(model).delegated} == set(models)


def test_golden_answers_are_not_saturated() -> None:
    """An output pinned to the end of its range would hide any difference."""
    pinned = {
        name
        for name, model in Bundle.load().models.items()
        if np.mean([step in (-128, 127) for probe in model.golden for output in probe for step in output]) > 0.75
    }
    assert pinned == set()


def test_probes_are_the_same_everywhere() -> None:
    """The first bytes, as computed when the probes were laid down."""
    model = Bundle.load().model("face_au")
    noise, wave = list(probes(model))
    assert [int(step) for step in noise[0].ravel()[:4]] == [0, -69, 119, 51]
    assert (int(wave[0].min()), int(wave[0].max())) == (-128, 127)
