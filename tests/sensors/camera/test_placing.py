"""When a picture was exposed, from the stamps of sources that count in their own way."""

from __future__ import annotations

import pytest

from edge.sensors.camera.placing import SETTLE_S, Placing
from edge.types import NS_PER_S

MS = 1_000_000
BOOT_NS = 5000 * NS_PER_S
PERIOD_NS = NS_PER_S // 30


def test_without_a_stamp_the_arrival_counts() -> None:
    assert Placing().place(None, BOOT_NS) == BOOT_NS


def test_a_monotonic_stamp_is_believed() -> None:
    placing = Placing()
    assert placing.place(BOOT_NS - 40 * MS, BOOT_NS) == BOOT_NS - 40 * MS
    assert not placing.settling


def test_an_old_picture_of_a_monotonic_source_stays_old() -> None:
    """The first stamp has told its origin; a later one that is too old to be believed is late, not of another kind."""
    placing = Placing()
    placing.place(BOOT_NS, BOOT_NS)
    assert placing.place(BOOT_NS + PERIOD_NS, BOOT_NS + 4 * NS_PER_S) == BOOT_NS + PERIOD_NS


def test_a_stamp_in_the_future_counts_as_now() -> None:
    placing = Placing()
    placing.place(BOOT_NS, BOOT_NS)
    assert placing.place(BOOT_NS + 9 * MS, BOOT_NS + 5 * MS) == BOOT_NS + 5 * MS


def test_a_stream_is_placed_by_its_quickest_picture() -> None:
    """Stamps from zero on, and delays of 50 to 250 ms: beyond the least one, the delay is seen."""
    placing = Placing()
    for number in range(60):
        placing.place(number * PERIOD_NS, BOOT_NS + number * PERIOD_NS + 50 * MS + (number % 5) * 50 * MS)
    exposed_ns = BOOT_NS + 60 * PERIOD_NS
    placed = placing.place(60 * PERIOD_NS, exposed_ns + 250 * MS)
    assert placed == exposed_ns + 50 * MS


def test_what_was_buffered_before_the_start_is_left_out() -> None:
    """A second of pictures comes at once, as FFmpeg hands it out."""
    placing = Placing()
    settling = []
    for number in range(60):
        exposed_ns = BOOT_NS + number * PERIOD_NS
        now_ns = max(exposed_ns, BOOT_NS + NS_PER_S + number * MS)
        placing.place(number * PERIOD_NS, now_ns)
        settling.append((placing.settling, now_ns - exposed_ns))
    kept = [age_ns for left_out, age_ns in settling[1:] if not left_out]
    assert len(kept) > 5
    assert max(kept) < 2 * MS


def test_settling_ends() -> None:
    placing = Placing()
    for number in range(round(SETTLE_S * 30) + 2):
        placing.place(number * PERIOD_NS, BOOT_NS + number * PERIOD_NS)
    assert not placing.settling


def test_stamps_that_never_move_are_none() -> None:
    placing = Placing()
    assert [placing.place(0, BOOT_NS + number) for number in range(3)] == [BOOT_NS, BOOT_NS + 1, BOOT_NS + 2]


@pytest.mark.parametrize("origin_ns", [0, BOOT_NS], ids=["own", "monotonic"])
def test_a_stamp_that_stands_still_is_no_picture(origin_ns: int) -> None:
    placing = Placing()
    for number in range(3):
        assert placing.place(origin_ns + number * PERIOD_NS, BOOT_NS + number * PERIOD_NS) is not None
    assert placing.place(origin_ns + 2 * PERIOD_NS, BOOT_NS + 3 * PERIOD_NS) is None


def test_a_drifting_source_is_followed() -> None:
    """A camera whose clock runs 100 ppm slow seems to come later and later; the memory of the least delay ends."""
    placing = Placing()
    age_ns = 0
    for second in range(600):
        now_ns = BOOT_NS + second * NS_PER_S
        placed = placing.place(round(second * NS_PER_S * (1 - 100e-6)), now_ns)
        assert placed is not None
        age_ns = now_ns - placed
    assert age_ns <= 6 * MS + 1


def test_a_source_that_counts_anew_is_placed_anew() -> None:
    placing = Placing()
    for number in range(60):
        placing.place(100 * NS_PER_S + number * PERIOD_NS, BOOT_NS + number * PERIOD_NS)
    assert placing.place(0, BOOT_NS + 3 * NS_PER_S) == BOOT_NS + 3 * NS_PER_S
