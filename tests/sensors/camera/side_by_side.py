"""Tests that mostly wait (for a camera to be missed, found again, given up) run side by side, a module's at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future

Scenario = Callable[[], Coroutine[None, None, None]]

LONGEST_S = 60.0
"""A scenario that takes longer has hung."""


class SideBySide:
    """Makes tests of scenarios. The first test that runs starts all of its module's; each waits for its own.

    A scenario takes no fixtures: it makes what it needs, and ends it.
    """

    def __init__(self) -> None:
        self._scenarios: list[Scenario] = []
        self._results: list[Future[None]] | None = None

    def __call__(self, scenario: Scenario) -> Callable[[], None]:
        """The scenario as a test."""
        number = len(self._scenarios)
        self._scenarios.append(scenario)

        def test() -> None:
            if self._results is None:
                self._results = self._start()
            self._results[number].result(LONGEST_S)

        test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
        return test

    def _start(self) -> list[Future[None]]:
        results: list[Future[None]] = [Future() for _ in self._scenarios]

        async def one(scenario: Scenario, result: Future[None]) -> None:
            try:
                await scenario()
            except BaseException as error:  # noqa: BLE001  # a skip as well; the test raises it
                result.set_exception(error)
            else:
                result.set_result(None)

        async def everything() -> None:
            await asyncio.gather(*map(one, self._scenarios, results))

        threading.Thread(target=lambda: asyncio.run(everything()), name="side by side", daemon=True).start()
        return results
