"""A microcontroller on USB as the kernel can play it: `dummy_hcd` is the cable, `g_serial` the device at its other end.

The port appears as a real one does: through cdc-acm, as /dev/ttyACM*, with udev's links that hold the serial number.
"""

from __future__ import annotations

import os
import time
import tty
from pathlib import Path

from tests.vm.vivid import run

SERIAL = "A1B2C3"
_OTHER_END = Path("/dev/ttyGS0")


class Gadget:
    """The device, plugged in or not."""

    def __init__(self) -> None:
        self._end = -1

    def plug_in(self) -> Path:
        """Plug it in; the value is its port."""
        run("modprobe", "dummy_hcd")
        run("modprobe", "g_serial", "use_acm=1", f"iSerialNumber={SERIAL}")
        deadline_s = time.monotonic() + 15.0
        while not (links := list(Path("/dev/serial/by-id").glob(f"*{SERIAL}*"))):
            assert time.monotonic() < deadline_s, run("dmesg")[-2000:]
            time.sleep(0.1)
        run("udevadm", "settle")
        end = os.open(_OTHER_END, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(end)
        self._end = end
        return links[0].resolve()

    def pull_out(self) -> None:
        """Pull it out."""
        end, self._end = self._end, -1  # `say` is called from another thread
        if end >= 0:
            os.close(end)
            run("modprobe", "--remove", "g_serial")

    def say(self, data: bytes) -> None:
        """Print; what nobody reads is lost."""
        if self._end >= 0:
            try:
                os.write(self._end, data)
            except BlockingIOError:
                return
