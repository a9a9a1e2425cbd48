"""Carries the level of load from the governor to the cameras, and says it."""

from __future__ import annotations

from collections.abc import Sequence

from edge.clock import Clock
from edge.health.pace import Governor
from edge.inputs import CameraInput
from edge.publish.payload import HeadValues, LoadMessage
from edge.types import NS_PER_S, BoxFacts

LOOK_S = 1.0
"""How often the level is looked at, seconds: a tenth of the shortest time after which it changes."""


class Slowing:
    """The governor of one box and what it governs.

    Args:
        cameras: whose pictures are slowed.
        clock: time.
    """

    def __init__(self, cameras: Sequence[CameraInput], clock: Clock) -> None:
        """Full speed."""
        self._cameras = cameras
        self._clock = clock
        self._looked_ns = clock.now_ns()
        self._late_s = 0.0
        self.governor = Governor(self._looked_ns)

    def late(self, seconds: float) -> None:
        """An assessment begins so much after its time."""
        self._late_s = max(self._late_s, seconds)

    def step(self, facts: BoxFacts) -> bool:
        """Look once a second; whether the level has changed."""
        now_ns = self._clock.now_ns()
        if now_ns - self._looked_ns < LOOK_S * NS_PER_S:
            return False
        self._looked_ns = now_ns
        age_s = max([self._late_s, *(camera.age_s(now_ns) for camera in self._cameras)])
        self._late_s = 0.0
        if not self.governor.step(now_ns, facts, age_s):
            return False
        for camera in self._cameras:
            camera.ease(self.governor.level)
        return True

    def message(self, facts: BoxFacts, head: HeadValues) -> LoadMessage:
        """The level in force, for the topic `load`."""
        level = self.governor.level
        celsius = None if facts.temperature_c is None else round(facts.temperature_c, 1)
        said = {
            "level": str(level.load),
            "rate_hz": level.rate_hz,
            "why": list(self.governor.why),
            "temperature_c": celsius,
        }
        return LoadMessage.model_validate({**head, **said})
