"""Signs by which a stretch of skin conductance is trusted or not, absolute: nothing is compared with its own average.

The trust is a product of reasons to doubt, so one serious reason is enough.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.grid import Grid
from edge.biosignal.median import mean, median
from edge.biosignal.stream.signs import spread, stuck_share

Signal = NDArray[np.float64]

LOWEST_US, HIGHEST_US = 0.05, 60.0
"""Skin conductance outside is not skin (Kleckner et al. 2018, IEEE Trans Biomed Eng 65:1460)."""

_STEP_SHARE = 0.1
"""Relative change per second above which conductance is an electrode artefact: dry wrist electrodes need a bound that
follows the level (the same source's is 10 µS per second, five times what many wrists have at all)."""

_NOISE_SHARE = 0.02
"""White noise as a share of the level at which half the trust is gone: an SCR of a few per cent drowns in it."""

_NOISE_US = 0.02
"""...but never less than this, the size of the smallest SCR that is counted."""

_STILL_G, _MOVING_G = 0.03, 0.25
"""Standard deviation of acceleration below which a wrist is at rest, and from which movement takes all it can."""

_STUCK_FULL, _STUCK_NONE = 0.3, 0.7
"""Share of stuck samples: conductance is coarse in steps of a nanosiemens, and 0.17 is the 99th percentile on
Stress-Predict."""

_JUMPS_FULL, _JUMPS_NONE = 0.05, 0.4
"""Share of steps that are too steep: 0.14 and 0.43 are the 95th and 99th percentiles on Stress-Predict."""

_INSIDE_FULL, _INSIDE_NONE = 0.98, 0.7
"""Share of samples that skin can have: a signal that leaves that range for a third of the time is not one."""

_COVERED_FULL, _COVERED_NONE = 0.95, 0.5
"""Share of samples that arrived: a lost notification or two do no harm."""


def ramp(value: float, zero_at: float, one_at: float) -> float:
    """Straight line from 0 at `zero_at` to 1 at `one_at`, flat outside; works in both directions."""
    return min(1.0, max(0.0, (value - zero_at) / (one_at - zero_at)))


def motion_trust(acc_g: Grid | None) -> float:
    """1 for a resting wrist, 0 for a moving one, 1 where the band has no accelerometer."""
    if acc_g is None or acc_g.coverage < 0.5:
        return 1.0
    return ramp(spread(acc_g.values), _MOVING_G, _STILL_G)


def noise_us(gsr_us: Signal) -> float:
    """Standard deviation of white noise in a smooth signal, from second differences (robust), microsiemens."""
    bends = np.abs(np.diff(gsr_us, 2))
    return float(median(bends) / 0.6745 / np.sqrt(6.0)) if bends.size else 0.0


def conductance_trust(gsr: Grid) -> float:
    """Trust in fifteen seconds of skin conductance, before movement, temperature and contact are looked at.

    Args:
        gsr: the newest fifteen seconds, microsiemens.

    Returns:
        0 when off the skin, flat, saturated or absent; low when noisy or jumping; 1 for a clean signal.
    """
    values = gsr.values[gsr.present]
    if gsr.coverage < 0.5 or values.size < 8 or np.ptp(values) == 0.0:
        return 0.0
    inside = mean((values >= LOWEST_US) & (values <= HIGHEST_US))
    level = max(median(values), LOWEST_US)
    step = np.abs(np.diff(gsr.values)) * gsr.rate_hz / level
    jumps = mean(step > 2.0 * _STEP_SHARE)  # an SCR's own upstroke may pass 10 % per second
    noise = noise_us(values) / max(_NOISE_SHARE * level, _NOISE_US)
    trust = ramp(inside, _INSIDE_NONE, _INSIDE_FULL) * ramp(jumps, _JUMPS_NONE, _JUMPS_FULL)
    trust *= ramp(stuck_share(values), _STUCK_NONE, _STUCK_FULL) / (1.0 + noise**2)
    return trust * ramp(gsr.coverage, _COVERED_NONE, _COVERED_FULL)
