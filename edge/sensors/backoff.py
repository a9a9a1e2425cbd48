"""Waiting times between connection attempts."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from edge.clock import Clock
from edge.sensors.driver import Heralded


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


async def rest(driver: object, clock: Clock, seconds: float) -> None:
    """Sit out a wait, unless the driver can tell that its device is back before that is over."""
    if not isinstance(driver, Heralded):
        await clock.sleep(seconds)
        return
    waiting = asyncio.ensure_future(clock.sleep(seconds))
    herald = asyncio.ensure_future(driver.until_back())
    try:
        await asyncio.wait((waiting, herald), return_when=asyncio.FIRST_COMPLETED)
        if herald.done() and herald.exception() is not None:
            await waiting  # a herald that fails must not turn the back-off into a storm
    finally:
        waiting.cancel()
        herald.cancel()
        await asyncio.gather(waiting, herald, return_exceptions=True)
