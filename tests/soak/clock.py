"""The virtual clock of a soak: only what talks to the network is done in threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from edge.simulate.clock import SimulationClock

P = ParamSpec("P")
T = TypeVar("T")


class SoakClock(SimulationClock):
    """A virtual clock; a network's answers need the event loop, and nothing else is worth the price of a thread."""

    async def in_thread(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call it here and now, unless it is of the room that publishes."""
        self.threads = function.__module__.startswith("edge.publish")
        return await super().in_thread(function, *args, **kwargs)
