"""Waiting times between connection attempts."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting times between attempts.

    The figures are those of Bluetooth practice: a first try at once-ish, doubling, never longer than half a minute,
    so that a band that comes back to the bed is found soon. Jitter keeps many boxes from trying in step.

    Attributes:
        first_s: wait after the first failure, seconds.
        factor: growth per failure.
        cap_s: longest wait, seconds.
        jitter: share of the wait that is drawn at random, 0..1.
        proven_s: a connection that streamed this long was a good one: the next failure begins at `first_s` again.
    """

    first_s: float = 0.5
    factor: float = 2.0
    cap_s: float = 30.0
    jitter: float = 0.5
    proven_s: float = 10.0

    def wait_s(self, failures: int, rng: random.Random) -> float:
        """Seconds to wait after the `failures`-th failure in a row (1, 2, …)."""
        # The exponent is bounded: 2**64 is far beyond any cap, and larger powers overflow a float.
        full_s = min(self.cap_s, self.first_s * self.factor ** min(failures - 1, 64))
        return full_s * (1.0 - self.jitter * rng.random())
