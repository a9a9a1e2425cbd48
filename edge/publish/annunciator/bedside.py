"""The annunciator of one bed, from its configuration."""

from __future__ import annotations

from datetime import time
from typing import Protocol

from edge.clock import Clock
from edge.config import Annunciator as Settings
from edge.publish.annunciator.annunciator import Annunciator, Situation
from edge.publish.annunciator.sinks import sinks
from edge.types import Hold, Priority


class _Standing(Protocol):
    def holds(self) -> tuple[Hold, ...]: ...


class Alarms(Protocol):
    """What is asked of the alarm manager."""

    @property
    def standing(self) -> _Standing:
        """What people have asked for."""
        ...

    def sounding(self) -> tuple[tuple[Priority, int], ...]:
        """Priority and step of escalation of every alarm that sounds."""
        ...


class Way(Protocol):
    """What is asked of the publisher."""

    def silent(self, now_ns: int) -> bool:
        """Whether the way to the station is broken."""
        ...


def bedside(settings: Settings, clock: Clock, alarms: Alarms, way: Way) -> Annunciator:
    """Build it; a sink that cannot be had is a fault that it tells."""
    made, faults = sinks(settings)

    def situation() -> Situation:
        sounding = [(priority, step > 0) for priority, step in alarms.sounding()]
        return Situation(sounding, way.silent(clock.now_ns()), alarms.standing.holds())

    return Annunciator(
        made,
        clock,
        situation,
        home=settings.home,
        quiet_from=_time(settings.quiet_from),
        quiet_to=_time(settings.quiet_to),
        faults=faults,
    )


def _time(text: str | None) -> time | None:
    return None if text is None else time.fromisoformat(text)
