"""What hangs on the bed beside the sensors: the annunciator, the camera's lamp, the button for reports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

from edge.button import ReportButton
from edge.camera_light import CameraLight
from edge.clock import Clock
from edge.config import Config
from edge.publish.annunciator.bedside import Alarms, Way, bedside
from edge.publish.commands import Outcome
from edge.publish.payload import ReportCommand


class Fittings:
    """All of them, as far as they are configured.

    Args:
        config: of the box.
        clock: time.
        alarms, way: what the annunciator asks.
        cameras_off: whether every camera is switched off and let go of.
        report: takes what the button says.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        alarms: Alarms,
        way: Way,
        cameras_off: Callable[[], bool],
        report: Callable[[ReportCommand], Outcome],
    ) -> None:
        """Take no pin yet."""
        self.annunciator = bedside(config.annunciator, clock, alarms, way)
        lamp, button = config.camera_light, config.button
        self._lamp = None if lamp.pin is None else CameraLight(lamp, clock, cameras_off)
        self._button = None if button.pin is None else ReportButton(button, clock, report)

    def fault(self) -> str:
        """Why light, sound, lamp or button fail; "" while they work or there are none."""
        parts = (self.annunciator, self._lamp, self._button)
        return next((part.fault for part in parts if part is not None and part.fault), "")

    def start(self, group: asyncio.TaskGroup, apart: Callable[[Awaitable[None]], Coroutine[None, None, None]]) -> None:
        """Run each until the group is cancelled.

        Args:
            group: of the box's tasks.
            apart: decides whether the failure of one is the box's.
        """
        if self.annunciator.present:
            group.create_task(apart(self.annunciator.run()), name="annunciator")
        if self._lamp is not None:
            group.create_task(apart(self._lamp.run()), name="camera light")
        if self._button is not None:
            group.create_task(apart(self._button.run()), name="button")
