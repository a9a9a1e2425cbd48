"""Middles and means of short stretches, several times faster than NumPy's and equal to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def median(values: NDArray[np.float64]) -> float:
    """Median of (n,) finite values, at least one; the mean of the middle two where n is even."""
    middle = values.size // 2
    if values.size % 2:
        return float(np.partition(values, middle)[middle])
    parted = np.partition(values, (middle - 1, middle))
    return 0.5 * float(parted[middle - 1] + parted[middle])


def mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    """Mean of (n,) values, or the share that is true; at least one."""
    return float(np.add.reduce(values, dtype=np.float64)) / values.size


def quantiles(values: NDArray[np.float64], shares: tuple[float, ...]) -> list[float]:
    """Quantiles of (n,) finite values, at least one, on straight lines between neighbours."""
    places = [share * (values.size - 1) for share in shares]
    wanted = sorted({at for place in places for at in (int(place), min(int(place) + 1, values.size - 1))})
    parted = np.partition(values, wanted)
    return [_between(parted, place) for place in places]


def _between(parted: NDArray[np.float64], place: float) -> float:
    low = float(parted[int(place)])
    return low + (place % 1.0) * (float(parted[min(int(place) + 1, parted.size - 1)]) - low)
