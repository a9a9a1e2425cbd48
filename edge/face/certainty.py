"""PSPI with its uncertainty: what the network is unsure of, and what cannot be seen at all.

**What cannot be seen is unknown.** Every action unit belongs to a part of the face. Where that part is covered, the
network's figure for it is a guess and is left out. The value is then prorated, as clinical scales do with items that
could not be rated (known sum x 16 / known most): leaving the unknown at 0 would pretend calm. The interval's upper end
takes the most that the unknown could be.

**What the network is unsure of** is carried through maximum and sum on a grid: each intensity is a normal distribution
cut to 0..5, the distribution function of a maximum is the product of the two, that of a sum their convolution, AU43 is
closed with the probability of lying above `CLOSED_FROM`. No random numbers; errors of different action units count as
independent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.face.units import CLOSED_FROM, INTENSITY_MAX, LABELS, eyes_closed, pspi, smile_discount

Floats = NDArray[np.float32]

REGIONS = ("brows", "left_eye", "right_eye", "nose", "mouth")
"""Parts of the face whose visibility the network tells, in the order of its output (the person's own left, right)."""

PSPI_MAX = 16.0
"""Three terms of 0..5 and the closed eyes."""

MIN_KNOWN = 0.5
"""With less than this share of PSPI knowable the face counts as covered. Chosen: below it more pain could hide than
show. Brows and eyes over an oxygen mask are 0.69 of PSPI, nose and mouth under a hand on the eyes 0.31."""

_UNSEEN, _SEEN = 0.3, 0.7
"""Probabilities that at least half of a part is uncovered, at which it counts as hidden and as seen; between them in
proportion, so that nothing jumps at 0.5. Chosen."""

_PART = {
    "brows": ("AU1", "AU2", "AU4"),
    "eyes": ("AU5", "AU6", "AU7", "AU43"),
    "nose": ("AU9",),
}
"""Where an action unit shows; what is not named shows at the mouth."""

_STEP = 0.25
_GRID = np.arange(0.0, INTENSITY_MAX + _STEP / 2, _STEP)
_LEAST_DEVIATION, _MOST_DEVIATION = 0.05, INTENSITY_MAX
_QUANTILES = (0.05, 0.5, 0.95)
_Z = np.arange(-6.0, 6.0 + 1 / 128, 1 / 64)
_PHI = np.array([0.5 * (1.0 + math.erf(z / math.sqrt(2.0))) for z in _Z])
"""Distribution function of the standard normal distribution; between its points it is off by less than 1e-5."""

_AU4, _AU6, _AU7, _AU9, _AU10, _AU12, _AU43 = (
    LABELS.index(name) for name in ("AU4", "AU6", "AU7", "AU9", "AU10", "AU12", "AU43")
)

_TERMS = np.array([_AU4, _AU6, _AU7, _AU9, _AU10, _AU43])
"""The action units of PSPI: brow, the two of the orbit, the two of the levator, closed eyes."""

_POINTS = np.stack([*[_GRID + _STEP / 2] * 5, np.full(len(_GRID), CLOSED_FROM)])
_NOTHING = np.ones(len(_GRID))


def _parts() -> NDArray[np.int64]:
    """(17,) for each action unit: 0 brows, 1 eyes, 2 nose, 3 mouth."""
    names = list(_PART)
    return np.array([next((k for k, part in enumerate(names) if unit in _PART[part]), 3) for unit in LABELS])


_PART_OF = _parts()


def known(visible: Floats) -> Floats:
    """How far each action unit can be known.

    Args:
        visible: (5,) probabilities that at least half of each of `REGIONS` is uncovered.

    Returns:
        (17,) 0..1 in the order of `LABELS`. One eye is enough for the eyes: the network states the stronger side, and
        pain shows on both.
    """
    seen = np.minimum(np.maximum((visible - _UNSEEN) / (_SEEN - _UNSEEN), 0.0), 1.0)
    parts = np.array([seen[0], max(seen[1], seen[2]), seen[3], seen[4]])
    return np.asarray(parts[_PART_OF], dtype=np.float32)


def knowable(share: Floats) -> float:
    """Share 0..1 of PSPI that can be known, from `known`."""
    levator = (share[_AU9] + share[_AU10]) / 2
    return float(5 * share[_AU4] + 5 * share[_AU6] + 5 * levator + share[_AU43]) / PSPI_MAX


def level(units: Floats, share: Floats, smile_share: float) -> float:
    """PSPI with a smile's share out, prorated over what is known; with all known: `pspi` - `smile_discount`.

    A smile under a mask cannot be seen and is not taken out.

    Args:
        units: (17,) intensities.
        share: (17,) from `known`.
        smile_share: how much of a smile to take out, 0..1.
    """
    return _prorated(_known_sum(units, share, smile_share), share)


def _prorated(known_sum: float, share: Floats) -> float:
    capacity = _capacity(share)
    return known_sum * PSPI_MAX / capacity if capacity > 0.0 else 0.0


def _capacity(share: Floats) -> float:
    levator = max(float(share[_AU9]), float(share[_AU10]))
    return float(5 * share[_AU4] + 5 * share[_AU6] + share[_AU43]) + 5 * levator


def _known_sum(units: Floats, share: Floats, smile_share: float) -> float:
    masked = units * share
    masked[_AU43] = 0.0
    closed = float(eyes_closed(units) * share[_AU43])
    return float(pspi(masked) - smile_discount(masked, smile_share)) + closed


@dataclass(frozen=True, slots=True)
class Spread:
    """The 90 % interval of a level, as distances from the value.

    Attributes:
        under: how far the lower end lies below, >= 0, PSPI units.
        over: how far the upper end lies above, >= 0.
    """

    under: float
    over: float


def spread(units: Floats, deviation: Floats, share: Floats, smile_share: float) -> Spread:
    """What the network's own uncertainty and the unknown leave open.

    Args:
        units: (17,) intensities.
        deviation: (17,) standard deviation of each intensity's error.
        share: (17,) from `known`.
        smile_share: how much of a smile is taken out, 0..1.
    """
    low, middle, high = _quantiles(units, deviation, share)
    hidden = 1.0 - share
    levator = max(float(hidden[_AU9]), float(hidden[_AU10]))
    unknown = float(5 * hidden[_AU4] + 5 * hidden[_AU6] + hidden[_AU43]) + 5 * levator
    # With the mouth hidden the cheeks may be those of a smile.
    perhaps_smile = smile_share * float(hidden[_AU12] * share[_AU6] * max(units[_AU6], units[_AU7]))
    known_sum = _known_sum(units, share, smile_share)
    prorated = max(0.0, _prorated(known_sum, share) - known_sum)
    return Spread(middle - low + prorated + perhaps_smile, max(0.0, high - middle + unknown - prorated))


def _quantiles(units: Floats, deviation: Floats, share: Floats) -> tuple[float, float, float]:
    """5th, 50th and 95th percentile of the known part of PSPI."""
    below = _below(units[_TERMS], deviation[_TERMS])
    below[share[_TERMS] < 0.5] = _NOTHING  # what is hidden counts as 0
    shut = np.zeros(round(1.0 / _STEP) + 1)
    closed = 1.0 - float(below[5, 0])
    shut[0], shut[-1] = 1.0 - closed, closed
    brow, orbit, levator = _mass(below[0]), _mass(below[1] * below[2]), _mass(below[3] * below[4])
    total = np.cumsum(np.convolve(np.convolve(np.convolve(brow, orbit), levator), shut))
    low, middle, high = np.interp(_QUANTILES, total, np.arange(len(total)) * _STEP).tolist()
    return low, middle, high


def _mass(below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities on the grid from (n,) the distribution function at the upper ends of its steps."""
    below[-1] = 1.0
    mass = below.copy()
    mass[1:] -= below[:-1]
    return mass


def _below(means: Floats, deviations: Floats) -> NDArray[np.float64]:
    """(6, n) distribution functions of normal distributions, of each action unit of `_TERMS` at its points."""
    widths = np.minimum(np.maximum(deviations.astype(np.float64), _LEAST_DEVIATION), _MOST_DEVIATION)
    at = (_POINTS - means.astype(np.float64)[:, None]) / widths[:, None]
    return np.asarray(np.interp(at, _Z, _PHI))
