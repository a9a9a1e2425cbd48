"""The button at the bed: a press is a report of pain, as `anodyne report` sends one; it raises nothing by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from edge.clock import Clock
from edge.config import Button as Settings
from edge.errors import CommandError
from edge.publish.payload import ReportCommand
from edge.types import NS_PER_S

log = logging.getLogger(__name__)

BOUNCE_S = 0.05
"""Contacts of cheap buttons bounce for up to 20 ms; a press by hand lasts longer than this."""


class ReportButton:
    """Takes the pin of a button and reports what its presses say.

    Args:
        settings: pin and meaning.
        clock: tells presses of one report from those of the next.
        report: carries the report out; it may raise CommandError, which is logged.

    Attributes:
        fault: why presses cannot be heard; empty while they can.
    """

    def __init__(self, settings: Settings, clock: Clock, report: Callable[[ReportCommand], object]) -> None:
        """Take no pin yet."""
        self.fault = ""
        self._settings = settings
        self._clock = clock
        self._report = report
        self._reported_ns: int | None = None
        self._count = 0

    @property
    def present(self) -> bool:
        """Whether there should be a button."""
        return self._settings.pin is not None

    async def run(self) -> None:
        """Report presses until cancelled; a pin that cannot be taken is logged and stays a fault."""
        loop = asyncio.get_running_loop()
        let_go = self._take(lambda: loop.call_soon_threadsafe(self.press))
        if let_go is None:
            log.error("%s", self.fault)
            return
        try:
            await asyncio.Event().wait()
        finally:
            let_go()

    def press(self) -> None:
        """The button was pressed: report it, unless it was a moment ago."""
        now_ns = self._clock.now_ns()
        again_ns = round(self._settings.again_after_s * NS_PER_S)
        if self._reported_ns is not None and now_ns - self._reported_ns < again_ns:
            return
        self._reported_ns = now_ns
        self._count += 1
        settings = self._settings
        command = ReportCommand(
            id=f"button-{self._clock.boot_id}-{self._count}",
            do="report",
            scale="nrs",
            value=settings.nrs,
            by=settings.by,
        )
        refused = ""
        try:
            self._report(command)
        except CommandError as error:
            refused = error.message
        if refused:
            self._reported_ns = None  # the next press tries again
            log.error("a press of the button is lost: %s", refused)
        else:
            log.info("the button was pressed: NRS %d", settings.nrs)

    def _take(self, pressed: Callable[[], object]) -> Callable[[], None] | None:
        """Take the pin, and hear its presses from gpiozero's thread.

        Returns:
            What lets go of it; None where gpiozero or the pin is not there, and then `fault` says why.
        """
        try:
            import gpiozero  # here, because only boxes with a button have it
            from gpiozero.exc import GPIOZeroError
        except ImportError:
            self.fault = "the button needs: pip install 'anodyne[gpio]'"
            return None
        try:
            button = gpiozero.Button(self._settings.pin, pull_up=self._settings.pull_up, bounce_time=BOUNCE_S)
        except (GPIOZeroError, OSError, ValueError) as error:
            self.fault = f"the button's pin {self._settings.pin} cannot be taken: {error}"
            return None
        button.when_pressed = pressed
        close: Callable[[], None] = button.close
        return close
