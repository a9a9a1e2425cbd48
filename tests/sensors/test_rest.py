"""The wait between two attempts ends early where the driver can tell that its device is back."""

from __future__ import annotations

import asyncio

from edge.clock import VirtualClock, run
from edge.sensors.backoff import rest
from edge.types import NS_PER_S


class Back:
    """A device that is back after `seconds`; `fault` is raised then instead."""

    def __init__(self, seconds: float, fault: Exception | None = None) -> None:
        self._seconds = seconds
        self._fault = fault

    async def until_back(self) -> None:
        """As drivers that hear their device do."""
        await asyncio.sleep(self._seconds)
        if self._fault is not None:
            raise self._fault


def rested_s(driver: object) -> float:
    """How long a wait of 30 s takes."""
    clock = VirtualClock()
    run(clock, rest(driver, clock, 30.0))
    return clock.now_ns() / NS_PER_S


def test_a_device_that_is_back_ends_the_wait() -> None:
    assert rested_s(Back(2.0)) == 2.0


def test_a_device_that_stays_away_is_tried_again_all_the_same() -> None:
    assert rested_s(Back(1000.0)) == 30.0


def test_a_driver_that_cannot_tell_sits_the_wait_out() -> None:
    assert rested_s(object()) == 30.0


def test_a_driver_that_fails_to_tell_sits_the_wait_out() -> None:
    assert rested_s(Back(2.0, RuntimeError("a bug"))) == 30.0
