"""Carries the level of load from the governor to the cameras, and says it, over restarts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from edge.clock import Clock
from edge.health.pace import Governor, Load
from edge.inputs import CameraInput
from edge.publish.payload import HeadValues, LoadMessage
from edge.types import NS_PER_S, BoxFacts

log = logging.getLogger(__name__)

FILE = "load.json"
"""The level in force, in the run folder: in memory where systemd gives one, and of one boot."""

LOOK_S = 1.0
"""How often the level is looked at, seconds: a tenth of the shortest time after which it changes."""


class _Kept(BaseModel):
    model_config = ConfigDict(extra="ignore")

    boot_id: str
    load: Load


class Slowing:
    """The governor of one box and what it governs.

    Args:
        cameras: whose pictures are slowed.
        clock: time.
        facts: of the box as it is now.
        folder: where the level is kept for the next process; None: nowhere.
    """

    def __init__(
        self, cameras: Sequence[CameraInput], clock: Clock, facts: BoxFacts | None = None, folder: Path | None = None
    ) -> None:
        """Begin where the box is: as hot as it is now, or as slow as the process before was."""
        self._folder = folder
        self._cameras = cameras
        self._clock = clock
        self._looked_ns = clock.now_ns()
        self._late_s = 0.0
        self.governor = Governor(self._looked_ns, facts, self._last())
        if self.governor.level.load is not Load.FULL:
            log.warning("load %s from the start: the box is hot or busy, or was so just now", self.governor.level.load)
            self._ease()

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
        self._ease()
        self._keep()
        return True

    def _ease(self) -> None:
        for camera in self._cameras:
            camera.ease(self.governor.level)

    def _last(self) -> Load:
        """The level of the process before, in this boot."""
        if self._folder is None:
            return Load.FULL
        try:
            kept = _Kept.model_validate_json((self._folder / FILE).read_bytes())
        except (OSError, ValidationError) as error:
            log.debug("no earlier level of load: %s", error)
            return Load.FULL
        return kept.load if kept.boot_id == self._clock.boot_id else Load.FULL

    def _keep(self) -> None:
        if self._folder is None:
            return
        kept = _Kept(boot_id=self._clock.boot_id, load=self.governor.level.load)
        beside = self._folder / f".{FILE}.new"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            beside.write_text(kept.model_dump_json())
            beside.replace(self._folder / FILE)
        except OSError as error:
            log.warning("the level of load cannot be kept for the next start: %s", error)

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
