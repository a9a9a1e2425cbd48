"""The Grove GSR sensor: from a converter's reading to microsiemens.

The sensor compares the voltage over the skin with half its supply in a bridge; a potentiometer sets what it reads
while nothing is touched. Its maker gives, for a ten-bit converter (Seeed Studio wiki, "Grove - GSR Sensor"):

    resistance in ohms = (1024 + 2 * reading) * 10000 / (open_reading - reading)

Conductance is the inverse: it falls to 0 as the reading rises to `open_reading`. The resistors of the board and the
potentiometer make it good for about a tenth of the value; responses are relative, so that this does no harm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FORMULA_BITS = 10
"""Converter of the maker's formula."""


def conductance_us(readings: NDArray[np.float64], open_reading: float, adc_bits: int) -> NDArray[np.float64]:
    """Skin conductance of raw readings.

    Args:
        readings: (n,) converter counts, 0 .. 2**adc_bits - 1.
        open_reading: counts while the electrodes touch nothing.
        adc_bits: bits of the converter.

    Returns:
        (n,) microsiemens; 0 from `open_reading` on.
    """
    scale = 2.0 ** (FORMULA_BITS - adc_bits)
    ohms_share = (1024.0 + 2.0 * readings * scale) * 10_000.0
    return np.maximum(0.0, (open_reading - readings) * scale) / ohms_share * 1e6


def reading_of(gsr_us: float, open_reading: float, adc_bits: int) -> float:
    """The reading that gives this conductance (the inverse of `conductance_us`), for simulators."""
    scale = 2.0 ** (FORMULA_BITS - adc_bits)
    siemens = gsr_us * 1e-6
    return (open_reading * scale - 1.024e7 * siemens) / (1.0 + 2e4 * siemens) / scale
