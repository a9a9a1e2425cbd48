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

from edge.face.units import CLOSED_FROM, INTENSITY_MAX, LABELS, pspi_of, smile_discount_of

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
_CLOSED_STEPS = round(1.0 / _STEP)
_LEVELS = np.arange(3 * len(_GRID) - 2 + _CLOSED_STEPS) * _STEP
_ALL = np.ones(len(LABELS), np.float32)
_ALL.flags.writeable = False


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
    seen = [min(max((chance - _UNSEEN) / (_SEEN - _UNSEEN), 0.0), 1.0) for chance in visible.tolist()]
    brows, eyes, nose, mouth = seen[0], max(seen[1], seen[2]), seen[3], seen[4]
    if brows == eyes == nose == mouth == 1.0:
        return _ALL
    return np.array([brows, eyes, nose, mouth], np.float32)[_PART_OF]


def knowable(share: Floats) -> float:
    """Share 0..1 of PSPI that can be known, from `known`."""
    if share is _ALL:
        return 1.0
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
    seen = share.tolist()
    return _prorated(_known_sum(units.tolist(), seen, smile_share), seen)


def _prorated(known_sum: float, seen: list[float]) -> float:
    capacity = _capacity(seen)
    return known_sum * PSPI_MAX / capacity if capacity > 0.0 else 0.0


def _capacity(share: list[float]) -> float:
    return 5 * share[_AU4] + 5 * share[_AU6] + share[_AU43] + 5 * max(share[_AU9], share[_AU10])


def _known_sum(units: list[float], seen: list[float], smile_share: float) -> float:
    masked = [unit * share for unit, share in zip(units, seen, strict=True)]
    masked[_AU43] = 0.0
    closed = seen[_AU43] if units[_AU43] >= CLOSED_FROM else 0.0
    return pspi_of(masked) - smile_discount_of(masked, smile_share) + closed


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
    if share is _ALL:
        return Spread(middle - low, max(0.0, high - middle))
    at, seen = units.tolist(), share.tolist()
    hidden = [1.0 - one for one in seen]
    # With the mouth hidden the cheeks may be those of a smile.
    perhaps_smile = smile_share * hidden[_AU12] * seen[_AU6] * max(at[_AU6], at[_AU7])
    known_sum = _known_sum(at, seen, smile_share)
    prorated = max(0.0, _prorated(known_sum, seen) - known_sum)
    return Spread(middle - low + prorated + perhaps_smile, max(0.0, high - middle + _capacity(hidden) - prorated))


def _quantiles(units: Floats, deviation: Floats, share: Floats) -> tuple[float, float, float]:
    """5th, 50th and 95th percentile of the known part of PSPI."""
    below = _below(units[_TERMS], deviation[_TERMS])
    if share is not _ALL:
        below[share[_TERMS] < 0.5] = _NOTHING  # what is hidden counts as 0
    closed = 1.0 - float(below[5, 0])
    below[1] *= below[2]
    below[2] = below[3] * below[4]
    below[:3, -1] = 1.0
    mass = below[:3].copy()  # of brow, orbit and levator on the grid
    mass[:, 1:] -= below[:3, :-1]
    with_open_eyes = np.convolve(np.convolve(mass[0], mass[1]), mass[2])
    total = np.zeros(len(_LEVELS))
    total[:-_CLOSED_STEPS] = (1.0 - closed) * with_open_eyes
    total[_CLOSED_STEPS:] += closed * with_open_eyes
    low, middle, high = np.interp(_QUANTILES, np.cumsum(total), _LEVELS).tolist()
    return low, middle, high


def _below(means: Floats, deviations: Floats) -> NDArray[np.float64]:
    """(6, n) distribution functions of normal distributions, of each action unit of `_TERMS` at its points."""
    widths = np.minimum(np.maximum(deviations.astype(np.float64), _LEAST_DEVIATION), _MOST_DEVIATION)
    at = (_POINTS - means.astype(np.float64)[:, None]) / widths[:, None]
    return np.asarray(np.interp(at, _Z, _PHI))
