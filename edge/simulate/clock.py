"""The virtual clock of a simulation: work in threads is done at once, or late where the box is throttled."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from edge.clock import VirtualClock

P = ParamSpec("P")
T = TypeVar("T")


class SimulationClock(VirtualClock):
    """A virtual clock whose work in threads takes `late_s` of its time.

    Attributes:
        late_s: 0 on a healthy box; what a hot, throttled processor takes for each piece of work.
        threads: whether threads are used after all: a broker's answers need the event loop meanwhile.
    """

    late_s: float = 0.0
    threads: bool = False

    async def in_thread(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call it here and now (time stands still anyway, and a thread costs more than most of the work)."""
        if self.late_s > 0:
            await self.sleep(self.late_s)
        if self.threads:
            return await super().in_thread(function, *args, **kwargs)
        return function(*args, **kwargs)
