"""How far a second of skin conductance is to be trusted, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.grid import Grid
from edge.biosignal.median import median
from edge.biosignal.stream.skin_signs import HIGHEST_US, LOWEST_US, conductance_trust, motion_trust, ramp

Signal = NDArray[np.float64]

LOOK_BACK_S = 15.0
"""Quality rests on this long."""

JUMP_US_PER_S = 10.0
"""Conductance that changes faster is an artefact (Kleckner et al. 2018, IEEE Trans Biomed Eng 65:1460)."""

JUMP_SHARE_PER_S = 2.0
"""...as is one that triples or vanishes within a second: a lifted electrode. An SCR of dry wrist electrodes rises by
a fifth of the level per second."""

SETTLING_S = 5.0
"""An artefact reaches this far (same source: 5 s on either side)."""

_COLD_C, _COLDEST_C, _HOT_C, _HOTTEST_C = 27.0, 24.0, 40.0, 42.0
"""Skin temperature outside 30-40 °C says that the band is hardly worn (same source). Cold hands are common, so trust
fades, and later: seven of the 35 wrists of Stress-Predict, all worn, have a median of 27.5 to 28.5 °C."""

_WARMING_C_PER_S, _WARMED_C_PER_S = 0.02, 0.1
"""Temperature that changes faster than a degree in fifty seconds is a band just put on; in ten, one just taken off."""

_FLICKER = 0.05
"""White noise as a share of the level at which half the trust is gone: the contact of a dry electrode."""

_NOISY_US = 0.02
"""White noise as large as the smallest response."""


class SkinFault(StrEnum):
    """What is wrong with conductance."""

    MISSING = "missing"
    """Samples did not arrive."""
    OPEN_CIRCUIT = "open_circuit"
    """Below what skin can have: no contact."""
    ABOVE_RANGE = "above_range"
    """Above what skin can have: a short circuit, or numbers that are no microsiemens (kilo-ohms, nanosiemens)."""
    FLAT = "flat"
    """Not a single change."""
    JUMP = "jump"
    """A change faster than skin's, within the last seconds."""
    NOISE = "noise"
    """Noise of hum or electronics as large as responses."""
    DRY_ELECTRODE = "dry_electrode"
    """Flickering contact."""
    TEMPERATURE = "temperature"
    """Skin temperature of a band that is not, or not yet, worn."""
    MOTION = "motion"
    """The wrist moves."""


@dataclass(frozen=True, slots=True)
class SkinTrust:
    """Quality 0..1 and the reasons for doubt."""

    quality: float
    faults: frozenset[SkinFault]


def skin_trust(gsr: Grid, acc_g: Grid | None, temperature_c: Signal, since_jump_s: float, noise_us: float) -> SkinTrust:
    """Judge fifteen seconds.

    Args:
        gsr: the newest fifteen seconds, microsiemens.
        acc_g: the same seconds of acceleration, where the band has it.
        temperature_c: (n,) the same seconds of skin temperature, one per second, NaN or empty where unknown.
        since_jump_s: seconds since conductance last jumped.
        noise_us: standard deviation of white noise in the conductance.
    """
    moved = motion_trust(acc_g)
    trust = conductance_trust(gsr) * (0.5 + 0.5 * moved)  # a slow signal is less hurt by movement than a pulse wave
    measured = gsr.values[gsr.present]
    faults = _level_faults(gsr, measured)
    if measured.size >= 8:
        flicker = noise_us / max(median(np.abs(measured)), 1e-9)
        trust /= 1.0 + (flicker / _FLICKER) ** 2
        if flicker > _FLICKER:
            faults.add(SkinFault.DRY_ELECTRODE)
        if noise_us > _NOISY_US:
            faults.add(SkinFault.NOISE)
    if since_jump_s < SETTLING_S:
        if not faults & {SkinFault.OPEN_CIRCUIT, SkinFault.ABOVE_RANGE}:
            faults.add(SkinFault.JUMP)
        trust *= 0.3
    warmth = _warmth_trust(temperature_c)
    if warmth < 0.5:
        faults.add(SkinFault.TEMPERATURE)
    if moved < 0.5:
        faults.add(SkinFault.MOTION)
    return SkinTrust(trust * warmth, frozenset(faults))


def _level_faults(gsr: Grid, measured: Signal) -> set[SkinFault]:
    faults: set[SkinFault] = set()
    if gsr.coverage < 0.9:
        faults.add(SkinFault.MISSING)
    if not measured.size:
        return faults
    level = median(measured)
    if level < LOWEST_US:
        faults.add(SkinFault.OPEN_CIRCUIT)
    if level > HIGHEST_US:
        faults.add(SkinFault.ABOVE_RANGE)
    if measured.size > 1 and np.ptp(measured) == 0.0:
        faults.add(SkinFault.FLAT)
    return faults


def _warmth_trust(temperature_c: Signal) -> float:
    """1 at the temperature of covered skin that stays, 0 at a table's; 1 where it is unknown."""
    known = temperature_c[np.isfinite(temperature_c)]
    if known.size == 0:
        return 1.0
    trust = ramp(float(known[-1]), _COLDEST_C, _COLD_C) * ramp(float(known[-1]), _HOTTEST_C, _HOT_C)
    if known.size < 5:
        return trust
    change = abs(float(known[-1] - known[0])) / (known.size - 1)
    return trust * ramp(change, _WARMED_C_PER_S, _WARMING_C_PER_S)
