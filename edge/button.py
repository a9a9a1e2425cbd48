"""A button at the bed: whoever presses it says that it hurts, as `anodyne report` does.

A press is a report of the numeric rating scale with the configured value. It is kept beside the assessment and moves
the pain threshold within its bounds (`edge.alarm.reports`); it raises no alarm and calls nobody. The nurse call stays
what it is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from edge.clock import Clock
from edge.config import Button as Settings
from edge.errors import CommandError
from edge.publish.commands import Outcome
from edge.publish.payload import ReportCommand
from edge.types import NS_PER_S

log = logging.getLogger(__name__)

BOUNCE_S = 0.05
"""A contact that closes again within this is the same press, seconds."""

REST_S = 60.0
"""Presses within this are one report, seconds: who hurts presses more than once, and each moves the threshold."""

RETRY_S = 60.0
"""A pin that cannot be taken is tried again after this, seconds."""


class ReportButton:
    """Waits for presses and reports them.

    Args:
        settings: the `[button]` table; it names a pin.
        clock: time.
        carry_out: takes the report, as it takes a station's.

    Attributes:
        fault: why presses are not heard; "" while they are.
    """

    def __init__(self, settings: Settings, clock: Clock, carry_out: Callable[[ReportCommand], Outcome]) -> None:
        """Take no pin yet."""
        self._settings = settings
        self._clock = clock
        self._carry_out = carry_out
        self._pressed = asyncio.Event()
        self._reported_ns: int | None = None
        self.fault = ""

    async def run(self) -> None:
        """Until cancelled. A pin that cannot be taken costs the button, never the box."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                from gpiozero import Button  # here, because only boxes with a button have it
            except ImportError:
                self._fail(f"the button on pin {self._settings.pin} needs: pip install 'anodyne[gpio]'")
                return
            try:
                pin = Button(self._settings.pin, bounce_time=BOUNCE_S)
            except Exception as error:  # noqa: BLE001  # lgpio's "GPIO busy" is of no class that gpiozero knows
                self._fail(f"pin {self._settings.pin} of the button cannot be taken: {error}")
                await self._clock.sleep(RETRY_S)
                continue
            self.fault = ""
            pin.when_pressed = lambda: loop.call_soon_threadsafe(self._pressed.set)
            try:
                while True:
                    await self._pressed.wait()
                    self._pressed.clear()
                    self.press()
            finally:
                pin.close()

    def _fail(self, fault: str) -> None:
        """Note why, and log it once."""
        if fault != self.fault:
            log.error("%s", fault)
        self.fault = fault

    def press(self) -> None:
        """Report, unless the last report is of just now."""
        now_ns = self._clock.now_ns()
        if self._reported_ns is not None and now_ns - self._reported_ns < REST_S * NS_PER_S:
            return
        self._reported_ns = now_ns
        settings = self._settings
        command = ReportCommand(id=f"button-{now_ns}", do="report", scale="nrs", value=settings.value, by=settings.by)
        try:
            self._carry_out(command)
        except CommandError as error:
            self._reported_ns = None
            log.error("the button's report is lost: %s", error.message)  # noqa: TRY400 - the sentence says it all
