"""When the sensors of a bed are worth a message: at each change, and now and then, so that an old one can be told."""

from __future__ import annotations

from collections.abc import Mapping

from edge.clock import Clock, Instant
from edge.publish.payload import SensorCondition, SensorsMessage, head
from edge.types import NS_PER_S, Validity

SENSORS_EVERY_S = 300.0
"""The sensors are told at least this often, seconds: a charge changes over hours, and 100,000 beds that say so every
five minutes add a thirtieth to their states."""

SENSORS_LEAST_S = 5.0
"""Least time between two messages, seconds: a sensor that flaps does not fill the line."""

SENSORS_STALE_PERIODS = 3
"""What was told this many periods ago is no longer shown."""


class SensorNews:
    """Decides for one listener.

    Args:
        clock: time.
    """

    def __init__(self, clock: Clock) -> None:
        """Nothing has been told yet."""
        self._clock = clock
        self._told: dict[str, SensorCondition] | None = None
        self._told_ns = 0

    def due(self, sensors: Mapping[str, SensorCondition]) -> bool:
        """Whether to tell of this now; it then counts as told."""
        now_ns = self._clock.now_ns()
        waited_s = (now_ns - self._told_ns) / NS_PER_S
        changed = self._told != sensors
        if self._told is not None and waited_s < (SENSORS_LEAST_S if changed else SENSORS_EVERY_S):
            return False
        self._told, self._told_ns = dict(sensors), now_ns
        return True

    def forget(self) -> None:
        """Tell everything anew: who listens may have forgotten it."""
        self._told = None


def sensors_message(
    sensors: Mapping[str, SensorCondition], instant: Instant, number: int, validity: Validity, mode: str
) -> SensorsMessage:
    """The message of topic `sensors`."""
    return SensorsMessage(**head(instant, number, validity, mode), sensors=dict(sensors))
