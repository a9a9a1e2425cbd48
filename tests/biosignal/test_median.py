"""The fast middles and means are NumPy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.biosignal.median import mean, median, quantiles


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_it_equals_numpys(values: list[float]) -> None:
    assert median(np.array(values)) == float(np.median(np.array(values)))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0, 1))
def test_quantiles_equal_numpys(values: list[float], share: float) -> None:
    expected = np.quantile(np.array(values), (share, 0.5))
    assert quantiles(np.array(values), (share, 0.5)) == pytest.approx(expected.tolist(), rel=1e-9, abs=1e-6)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_the_mean_equals_numpys_and_is_the_share_that_is_true(values: list[float]) -> None:
    given_values = np.array(values)
    assert mean(given_values) == pytest.approx(float(given_values.mean()), rel=1e-9, abs=1e-9)
    assert mean(given_values > 0.0) == float((given_values > 0.0).mean())
