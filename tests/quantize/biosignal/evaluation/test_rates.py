"""Heart rate against a reference, by quality."""

from __future__ import annotations

import numpy as np
import pytest

from quantize.biosignal.evaluation.rates import rate_bands
from quantize.evaluation.bootstrap import draws

NAN = float("nan")


def test_errors_fall_into_the_band_of_their_quality() -> None:
    rate, reference = np.array([70.0, 80.0, NAN, 60.0]), np.array([70.0, 70.0, 70.0, 64.0])
    quality = np.array([0.9, 0.1, 0.4, 0.95])
    poor, _, fair, good = rate_bands([(rate, reference, quality)] * 2, draws(2, rounds=10, seed=1))
    assert (poor.mae_bpm.value, poor.within_5_bpm.value, poor.seconds) == (10.0, 0.0, 0.25)
    assert (good.mae_bpm.value, good.within_5_bpm.value, good.seconds) == (2.0, 1.0, 0.5)
    assert np.isnan(fair.mae_bpm.value)


def test_a_second_without_a_rate_counts_as_second_and_not_as_error() -> None:
    bands = rate_bands([(np.array([NAN]), np.array([70.0]), np.array([0.4]))], np.ones((1, 1)))
    assert bands[1].seconds == 1.0
    assert np.isnan(bands[1].within_5_bpm.value)
    assert sum(band.seconds for band in bands) == pytest.approx(1.0)
