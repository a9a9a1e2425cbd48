"""How much of the processor a shadow may take."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from edge.clock import Clock
from edge.shadow.tally import Cost
from edge.types import NS_PER_S

P = ParamSpec("P")
T = TypeVar("T")

HEAD_START_S = 0.5
"""Processor time that a shadow has in hand at its start, seconds: the first inferences are slow ones."""


class Purse:
    """Measures what is spent, and says when the share is used up.

    Args:
        share: of one core, 0..1.
        clock: by whose time the share is earned.
        cost: where it is noted.
    """

    def __init__(self, share: float, clock: Clock, cost: Cost) -> None:
        """Nothing is spent."""
        self._share = share
        self._clock = clock
        self._cost = cost
        self._begun_ns = clock.now_ns()
        self._spent_s = 0.0

    @property
    def empty(self) -> bool:
        """Whether the share is used up for now."""
        earned_s = HEAD_START_S + self._share * (self._clock.now_ns() - self._begun_ns) / NS_PER_S
        return self._spent_s > earned_s

    async def spend(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function in a worker thread, and note the processor time of that thread."""

        def timed() -> tuple[T, float]:
            begun_s = time.thread_time()
            return function(*args, **kwargs), time.thread_time() - begun_s

        result, spent_s = await self._clock.in_thread(timed)
        self._spent_s += spent_s
        self._cost.cpu_s += spent_s
        return result
