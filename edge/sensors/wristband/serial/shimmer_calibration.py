"""From a Shimmer3's converter counts to microsiemens, millivolts, standard gravities and percent.

Sources: Shimmer's user manuals (GSR+ expansion board: the amplifier; Shimmer3: converter, battery divider,
accelerometer) and the vendor's published driver for the constants of its battery curve.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import DecodeError, DecodeReason

FULL_SCALE = 4095
"""Largest count of the 12-bit converter."""

REFERENCE_V = 3.0
"""The converter's reference."""

FEEDBACK_KOHM = np.array([40.2, 287.0, 1000.0, 3300.0])
"""Feedback resistors of the four ranges of the skin conductance amplifier."""

EXCITATION_V = 0.5
"""Voltage that the GSR+ board holds over the skin."""

RANGE_3_FLOOR = 683
"""Counts of the excitation voltage, about. In the widest range lower counts are noise of open electrodes and would give
a negative resistance."""

STANDARD_GRAVITY = 9.80665
"""m/s² in a standard gravity."""

CALIBRATION_SIZE = 21
"""Bytes of an inertial sensor's calibration."""

_CALIBRATION = struct.Struct(">3h3h9b")

BATTERY_DIVIDER = 1.988
"""The battery's voltage over that at the converter."""

BATTERY_CURVE = (1109.739792, -17167.12674, 99232.71686, -253825.397, 242266.0527)
"""The vendor's polynomial from volts to percent, highest power first; good from 3.2 to 4.167 V."""

BATTERY_RANGE_V = (3.2, 4.167)


@dataclass(frozen=True, slots=True, eq=False)
class AccelCalibration:
    """An accelerometer's calibration: a = alignment⁻¹ · (counts - offset) / sensitivity, in m/s².

    Attributes:
        offset: (3,) counts at rest.
        sensitivity: (3,) counts per m/s².
        alignment: (3, 3) from the box's axes to the chip's.
    """

    offset: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    alignment: NDArray[np.float64]


USUAL_CALIBRATION = AccelCalibration(
    np.full(3, 2047.0), np.full(3, 83.0), np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
)
"""What the vendor assumes for the low-noise accelerometer (KXRB5-2042) of a unit that holds no calibration."""


def encode_calibration(calibration: AccelCalibration) -> bytes:
    """The bytes of a calibration; the alignment is rounded to hundredths."""
    alignment = np.rint(calibration.alignment.ravel() * 100.0).astype(int)
    numbers = (*calibration.offset.astype(int), *calibration.sensitivity.astype(int), *alignment)
    return _CALIBRATION.pack(*numbers)


def decode_calibration(payload: bytes) -> AccelCalibration:
    """The calibration that a unit holds; the usual one where it holds none (all bytes 0xFF).

    Raises:
        DecodeError: SHORT, LONG, or VALUE for one that cannot be inverted.
    """
    if len(payload) != CALIBRATION_SIZE:
        reason = DecodeReason.SHORT if len(payload) < CALIBRATION_SIZE else DecodeReason.LONG
        raise DecodeError(reason, f"{len(payload)} bytes instead of {CALIBRATION_SIZE} of a calibration")
    if payload == b"\xff" * CALIBRATION_SIZE:
        return USUAL_CALIBRATION
    numbers = np.array(_CALIBRATION.unpack(payload), np.float64)
    offset, sensitivity, alignment = numbers[:3], numbers[3:6], numbers[6:].reshape(3, 3) / 100.0
    # A rotation has a determinant of 1; the half leaves room for rounding to hundredths, not for a lost axis.
    if (sensitivity <= 0.0).any() or not 0.5 <= abs(np.linalg.det(alignment)) <= 2.0:
        raise DecodeError(DecodeReason.VALUE, "a calibration without a sensitivity, or with axes that coincide")
    return AccelCalibration(offset, sensitivity, alignment)


def millivolts(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Voltage at the converter of (n,) counts, mV."""
    return counts * (1000.0 * REFERENCE_V / FULL_SCALE)


def conductance_us(words: NDArray[np.uint16]) -> NDArray[np.float64]:
    """Skin conductance of the GSR channel's words.

    The two highest bits are the range, the lower twelve the counts. The amplifier is a non-inverting one:
    V = 0.5 V · (1 + Rf / R), hence the skin's resistance R = Rf / (V / 0.5 V - 1). Unlike some of the vendor's software
    this does not force the result into the range's nominal span: open electrodes read 0.0002 µS here and not the 0.2 µS
    of its 4.7 MΩ limit, which skin can have.

    Args:
        words: (n,) as in the packets.

    Returns:
        (n,) microsiemens, at least 0.
    """
    ranges = words >> 14
    counts = (words & 0x0FFF).astype(np.float64)
    counts = np.where(ranges == 3, np.maximum(counts, RANGE_3_FLOOR), counts)
    volts = millivolts(counts) / 1000.0
    siemens = (volts / EXCITATION_V - 1.0) / FEEDBACK_KOHM[ranges] * 1000.0
    return np.asarray(np.maximum(0.0, siemens), np.float64)


def gsr_word(gsr_us: float, gsr_range: int) -> int:
    """The word that gives this conductance in this range (the inverse of `conductance_us`), for simulators."""
    volts = EXCITATION_V * (1.0 + gsr_us * float(FEEDBACK_KOHM[gsr_range]) / 1000.0)
    return gsr_range << 14 | min(FULL_SCALE, round(volts / REFERENCE_V * FULL_SCALE))


def acceleration_g(counts: NDArray[np.float64], calibration: AccelCalibration) -> NDArray[np.float64]:
    """Acceleration of (n, 3) counts, standard gravities."""
    per_axis = (counts - calibration.offset) / calibration.sensitivity
    return np.asarray(per_axis @ np.linalg.inv(calibration.alignment).T / STANDARD_GRAVITY, np.float64)


def battery_percent(adc: int) -> float:
    """Charge of the 12-bit reading of the battery, percent.

    Raises:
        DecodeError: VALUE for a reading that no lithium cell gives.
    """
    volts = float(millivolts(np.array([adc], np.float64))[0]) * BATTERY_DIVIDER / 1000.0
    low, high = BATTERY_RANGE_V
    # The vendor allows 0.2 V beyond the curve's ends before it distrusts a reading.
    if not low - 0.2 <= volts <= high + 0.2:
        raise DecodeError(DecodeReason.VALUE, f"a battery of {volts:.2f} V")
    return float(np.clip(np.polyval(BATTERY_CURVE, np.clip(volts, low, high)), 0.0, 100.0))
