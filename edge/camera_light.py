"""A lamp at the bed that shows whether a camera may be looking: by what is open, not by what was asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from edge.clock import Clock
from edge.config import CameraLight as Settings

if TYPE_CHECKING:
    from gpiozero import DigitalOutputDevice

log = logging.getLogger(__name__)

LOOK_S = 0.5
"""How often the lamp is set, seconds: a person who presses sees it follow."""

RETRY_S = 60.0
"""A pin that cannot be taken is tried again after this, seconds."""


class CameraLight:
    """Lit while every camera is off and let go of, or the other way round.

    Args:
        settings: the `[camera_light]` table; it names a pin.
        clock: time.
        off: whether every camera is switched off and no device is held.

    Attributes:
        fault: why the lamp shows nothing; "" while it works.
    """

    def __init__(self, settings: Settings, clock: Clock, off: Callable[[], bool]) -> None:
        """Take no pin yet."""
        self._settings = settings
        self._clock = clock
        self._off = off
        self.fault = ""

    async def run(self) -> None:
        """Until cancelled. A pin that cannot be taken, or fails later, costs the lamp, never the box."""
        while True:
            try:
                from gpiozero import DigitalOutputDevice  # here, because only boxes with a lamp have it
            except ImportError:
                self._fail(f"the camera's lamp on pin {self._settings.pin} needs: pip install 'anodyne[gpio]'")
                return
            try:
                lamp = DigitalOutputDevice(self._settings.pin)
            except Exception as error:  # noqa: BLE001  # lgpio's "GPIO busy" is of no class that gpiozero knows
                self._fail(f"pin {self._settings.pin} of the camera's lamp cannot be taken: {error}")
                await self._clock.sleep(RETRY_S)
                continue
            try:
                while self._set(lamp):
                    await self._clock.sleep(LOOK_S)
            finally:
                with suppress(Exception):  # a pin that has failed may refuse this, too
                    lamp.close()
            await self._clock.sleep(RETRY_S)

    def _set(self, lamp: DigitalOutputDevice) -> bool:
        """Show what is so; False where the pin does not answer."""
        lit = self._off() == (self._settings.lit_while == "off")
        try:
            lamp.value = float(lit)
        except Exception as error:  # noqa: BLE001  # likewise
            self._fail(f"pin {self._settings.pin} of the camera's lamp does not answer: {error}")
            return False
        self.fault = ""
        return True

    def _fail(self, fault: str) -> None:
        """Note why, and log it once."""
        if fault != self.fault:
            log.error("%s", fault)
        self.fault = fault
