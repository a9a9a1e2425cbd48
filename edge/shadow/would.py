"""What would be raised: the alarm table run on assessments that nobody hears of.

Both bundles are counted by it, with the same rules from the same moment. Nothing latches and nothing is acknowledged:
an episode lasts as long as its condition does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edge.alarm import signs, table
from edge.alarm.table import State
from edge.config import Alarm
from edge.types import Assessment, Condition, Hold, Presence, Priority, SensorStatus

CONDITIONS = tuple(condition for condition in Condition if condition not in signs.BOX_CONDITIONS)
"""Conditions that a bundle has a part in: those of the box itself would be the same with any."""


class Would:
    """The conditions of one bundle.

    Args:
        alarm: delays and thresholds of the box.
    """

    def __init__(self, alarm: Alarm) -> None:
        """Nothing is on."""
        self._alarm = alarm
        rules = signs.rules(alarm)
        self._rules = {condition: replace(rules[condition], latches=False) for condition in CONDITIONS}
        self._states = {condition: State.off(rule) for condition, rule in self._rules.items()}
        self._last_ns: int | None = None

    def step(
        self, assessment: Assessment, sensors: Mapping[str, SensorStatus], holds: tuple[Hold, ...], offset: float
    ) -> dict[Condition, Priority]:
        """Take in one assessment.

        Args:
            assessment: of this tick.
            sensors: their connections.
            holds: what people asked of the alarms.
            offset: of the pain threshold, score units.

        Returns:
            Every condition that would be on now, with its priority.
        """
        now_ns = assessment.assessed_ns
        elapsed_ns = 0 if self._last_ns is None else max(0, now_ns - self._last_ns)
        self._last_ns = now_ns
        view = signs.View(assessment, sensors, holds=holds, offset=offset)
        for condition, rule in self._rules.items():
            sign = signs.SOURCES[condition][0](view, self._alarm)
            self._states[condition] = table.advance(self._states[condition], sign, elapsed_ns, now_ns, rule)
        return {one: state.priority for one, state in self._states.items() if state.presence is Presence.ON}
