"""Waiting times between attempts, for every setting."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.backoff import Backoff

BACKOFFS = st.builds(
    Backoff,
    first_s=st.floats(0.01, 10.0),
    factor=st.floats(1.0, 10.0),
    cap_s=st.floats(0.01, 600.0),
    jitter=st.floats(0.0, 1.0),
)


@given(waits=BACKOFFS, failures=st.integers(1, 10_000), seed=st.integers())
def test_a_wait_is_never_longer_than_the_cap_and_never_shorter_than_the_jitter_allows(
    waits: Backoff, failures: int, seed: int
) -> None:
    full_s = min(waits.cap_s, waits.first_s * waits.factor ** min(failures - 1, 64))
    wait_s = waits.wait_s(failures, random.Random(seed))  # noqa: S311  # jitter only
    assert full_s * (1.0 - waits.jitter) <= wait_s <= full_s <= waits.cap_s


@given(waits=BACKOFFS, failures=st.integers(1, 200))
def test_without_jitter_waits_never_shrink(waits: Backoff, failures: int) -> None:
    steady = Backoff(waits.first_s, waits.factor, waits.cap_s, jitter=0.0)
    rng = random.Random(0)  # noqa: S311  # jitter only
    assert steady.wait_s(failures, rng) <= steady.wait_s(failures + 1, rng)


def test_the_usual_waits_double_from_half_a_second_to_half_a_minute() -> None:
    steady = Backoff(jitter=0.0)
    rng = random.Random(0)  # noqa: S311  # jitter only
    assert [steady.wait_s(n, rng) for n in range(1, 9)] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_the_waits_of_two_boxes_differ() -> None:
    rngs = [random.Random(seed) for seed in (1, 2)]  # noqa: S311  # jitter only
    assert Backoff().wait_s(8, rngs[0]) != Backoff().wait_s(8, rngs[1])
