"""SFLOAT: its special values, every one of its 65,536 patterns, and the way there and back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.wristband import sfloat
from edge.sensors.wristband.sfloat import Special


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (0x0000, 0.0),
        (0x0061, 97.0),
        (0xF3CA, 97.0),
        (0xF2D5, 72.5),
        (0x0FFF, -1.0),
        (0x7001, 1e7),
        (0x8001, 1e-8),
        (0x07FD, 2045.0),
        (0x0803, -2045.0),
    ],
)
def test_numbers(raw: int, value: float) -> None:
    assert sfloat.decode(raw) == value
    assert sfloat.special(raw) is None


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (0x07FF, Special.NAN),
        (0x0800, Special.NOT_AT_THIS_RESOLUTION),
        (0x0801, Special.RESERVED),
    ],
)
def test_what_is_no_number(raw: int, kind: Special) -> None:
    assert sfloat.special(raw) is kind
    assert math.isnan(sfloat.decode(raw))


def test_infinities() -> None:
    assert sfloat.decode(0x07FE) == math.inf
    assert sfloat.decode(0x0802) == -math.inf


def test_every_pattern_has_a_meaning() -> None:
    numbers = [value for raw in range(0x10000) if math.isfinite(value := sfloat.decode(raw))]
    assert len(numbers) == 0x10000 - len(Special)
    assert max(numbers) == 2047e7
    assert min(numbers) == -2048e7


@given(st.integers(0, 0xFFFF))
def test_encoding_what_was_decoded_gives_the_value_again(raw: int) -> None:
    value = sfloat.decode(raw)
    if math.isfinite(value) and abs(value) > 2045e7:
        with pytest.raises(ValueError, match="too large"):
            sfloat.encode(value)
        return
    again = sfloat.decode(sfloat.encode(value))
    assert again == pytest.approx(value, rel=1 / 400, nan_ok=True)  # 2046 and 2047 times a power of ten lose a digit


@given(st.floats(-2045e7, 2045e7))
def test_encoding_keeps_three_digits(value: float) -> None:
    assert sfloat.decode(sfloat.encode(value)) == pytest.approx(value, rel=1 / 400, abs=0.51e-8)


@pytest.mark.parametrize(
    ("value", "raw"), [(math.nan, 0x07FF), (math.inf, 0x07FE), (-math.inf, 0x0802), (97.0, 0x0061)]
)
def test_what_oximeters_write(value: float, raw: int) -> None:
    assert sfloat.encode(value) == raw


def test_a_value_beyond_the_largest_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        sfloat.encode(1e11)
