"""Generated signals: what the box's own detectors make of a known truth."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from quantize.biosignal.evaluation.detectors import OWN, SMALLEST_US, WITH_ACC, Tool
from quantize.biosignal.evaluation.figures import Truth
from quantize.biosignal.evaluation.generated import bateman, detected, truths

Signal = NDArray[np.float64]

NOTHING = Tool("finds nothing", lambda _ppg, _rate_hz, _acc_g: np.empty(0), None)


def _gives_up(_ppg: Signal, _rate_hz: float, _acc_g: Signal | None) -> Signal:
    raise ValueError("no peaks")


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], Truth]:
    tools = (NOTHING, Tool("gives up", _gives_up, None))
    return {(one.case, one.tool): one for one in truths(tools, ("clean", "walking"), ("skin at rest",), 3)}


def test_the_box_finds_clean_beats(found: dict[tuple[str, str], Truth]) -> None:
    assert found["clean", OWN.name].f1 >= 0.99
    assert found["clean", OWN.name].rate_mae_bpm <= 2.0


def test_the_accelerometer_helps_a_walking_wrist(found: dict[tuple[str, str], Truth]) -> None:
    assert found["walking", WITH_ACC.name].f1 >= 0.9 > found["walking", OWN.name].f1


def test_the_box_finds_responses(found: dict[tuple[str, str], Truth]) -> None:
    skin = found["skin at rest", OWN.name]
    assert skin.scr_f1 >= 0.9
    assert skin.scr_per_min == pytest.approx(skin.true_scr_per_min, rel=0.2)


def test_a_tool_that_finds_nothing_is_told_so(found: dict[tuple[str, str], Truth]) -> None:
    nothing = found["clean", NOTHING.name]
    assert (nothing.f1, nothing.gave_up) == (0.0, 0)
    assert np.isnan(nothing.rate_mae_bpm)


def test_a_tool_that_gives_up_is_counted_and_has_no_figures(found: dict[tuple[str, str], Truth]) -> None:
    nothing = found["clean", "gives up"]
    assert nothing.gave_up == nothing.recordings == 3
    assert np.isnan(nothing.f1)


def test_a_response_is_one_high_and_over_before_the_next() -> None:
    curve = bateman(np.arange(-5.0, 20.0, 0.01))
    assert curve.max() == pytest.approx(1.0, abs=1e-4)
    assert curve[:500].max() == 0.0
    assert curve[-1] < 0.01


def test_large_responses_are_counted_and_tiny_ones_are_not() -> None:
    large, tiny = detected("large", np.full(40, 0.5), 1), detected("tiny", np.full(40, 0.2 * SMALLEST_US), 1)
    assert (large.found, large.expected, large.events) == (1.0, 1.0, 40)
    assert large.bias_us == pytest.approx(0.0, abs=0.05)
    assert tiny.found < 0.1
    assert tiny.expected == 0.0


def test_nothing_is_found_where_nothing_was_made() -> None:
    found = detected("none", np.zeros(40), 1)
    assert (found.events, found.found) == (0, 0.0)
    assert found.false_per_min < 0.2
