"""The fast median is the median."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.biosignal.median import median


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_it_equals_numpys(values: list[float]) -> None:
    assert median(np.array(values)) == float(np.median(np.array(values)))
