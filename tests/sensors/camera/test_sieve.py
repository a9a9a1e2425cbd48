"""Which pictures of a live source are news."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.errors import SensorError, SensorReason
from edge.sensors.camera.sieve import GIVE_UP_S, Held, Sieve
from edge.types import NS_PER_S

START_NS = 100 * NS_PER_S


def picture(number: int) -> NDArray[np.uint8]:
    """A picture like no other."""
    return np.arange(12, dtype=np.uint8).reshape(3, 4) + np.uint8(number)


class Run:
    """A sieve that is fed at a steady rate by a source that stamps with the box's clock."""

    def __init__(self, wanted_hz: float = 10.0, source_hz: float = 30.0) -> None:
        self.sieve = Sieve(wanted_hz)
        self.now_ns = START_NS
        self.step_ns = round(NS_PER_S / source_hz)
        self.sieve.connect(self.now_ns)

    def next(self, pixels: NDArray[np.uint8], age_s: float = 0.0, stamp_ns: int | None = None) -> int | None:
        """The number of the next picture, or None where it is no news."""
        self.now_ns += self.step_ns
        stamp_ns = self.now_ns - round(age_s * NS_PER_S) if stamp_ns is None else stamp_ns
        measured_ns = self.sieve.due_ns(stamp_ns, self.now_ns)
        return None if measured_ns is None else self.sieve.number(pixels, measured_ns, self.now_ns)

    def feed(self, pixels: NDArray[np.uint8], age_s: float, stamp_ns: int | None) -> None:
        """Pictures that are no news, until the sieve gives up."""
        for _ in range(1000):
            assert self.next(pixels, age_s, stamp_ns) is None

    def until_given_up(
        self, pixels: NDArray[np.uint8], age_s: float = 0.0, stamp_ns: int | None = None
    ) -> tuple[SensorError, float]:
        """The error when nothing is news any more, and the seconds that it took."""
        begun_ns = self.now_ns
        with pytest.raises(SensorError) as raised:
            self.feed(pixels, age_s, stamp_ns)
        return raised.value, (self.now_ns - begun_ns) / NS_PER_S


@pytest.mark.parametrize("source_hz", [10.0, 30.0, 100.0, 300.0])
def test_ten_pictures_a_second_are_let_through_whatever_comes(source_hz: float) -> None:
    run = Run(source_hz=source_hz)
    numbers = [run.next(picture(number % 200)) for number in range(round(source_hz * 5))]
    kept = [number for number in numbers if number is not None]
    assert kept == list(range(len(kept)))
    assert len(kept) in (50, 51)


def test_a_repeated_picture_is_held_back_and_given_up() -> None:
    run = Run()
    assert run.next(picture(1)) == 0
    error, waited_s = run.until_given_up(picture(1))
    assert error.reason is SensorReason.NO_DATA
    assert error.message == Held.SAME.value
    assert waited_s == pytest.approx(GIVE_UP_S, abs=0.2)


def test_a_covered_lens_is_not_frozen() -> None:
    run = Run(source_hz=10.0)
    dark = np.zeros((3, 4), np.uint8)
    assert [run.next(dark) for _ in range(100)] == list(range(100))


def test_one_repeat_is_not_yet_a_frozen_camera() -> None:
    run = Run(source_hz=10.0)
    assert [run.next(picture(number // 2)) for number in range(6)] == [0, None, 2, None, 4, None]


def test_a_frozen_camera_is_known_again_after_a_new_connection() -> None:
    """Otherwise its one old picture would pass for news at each attempt."""
    run = Run()
    run.next(picture(1))
    run.sieve.connect(run.now_ns)
    assert run.next(picture(1)) is None


def test_late_pictures_are_held_back_and_given_up() -> None:
    run = Run()
    run.next(picture(0))
    error, waited_s = run.until_given_up(picture(1), age_s=1.5)
    assert error.message == Held.LATE.value
    assert waited_s <= GIVE_UP_S + 0.2


def test_a_stamp_that_stands_still_is_given_up() -> None:
    run = Run()
    run.next(picture(0))
    run.next(picture(1))
    error, _ = run.until_given_up(picture(2), stamp_ns=run.now_ns)
    assert error.message == Held.STANDS.value


def test_pictures_of_changing_size_are_news() -> None:
    run = Run(source_hz=10.0)
    sizes = ((3, 4), (6, 8), (1, 1), (3, 4))
    assert [run.next(np.ones(size, np.uint8) + np.eye(*size, dtype=np.uint8)) for size in sizes] == [0, 1, 2, 3]
