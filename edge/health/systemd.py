"""Tell systemd how the daemon is doing: sd_notify(3) over a datagram socket, without a library.

The watchdog is fed by *progress*: the daemon calls `Notifier.alive` only when an assessment has really been completed.
A loop that turns without assessing anything is restarted like one that hangs.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

_LOG = logging.getLogger(__name__)

_MICROSECONDS_PER_S = 1_000_000


@dataclass(frozen=True, slots=True)
class Notifier:
    """The line to the service manager; every call does nothing where there is none.

    Attributes:
        address: socket of the manager; a leading "@" stands for the abstract namespace. None: not under systemd.
        watchdog_interval_s: longest silence of `alive` before systemd kills the daemon; None: no watchdog.
    """

    address: str | None = None
    watchdog_interval_s: float | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Notifier:
        """Read NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID as sd_notify(3) and sd_watchdog_enabled(3) define them.

        A watchdog that is meant for another process, or an interval that is no positive number, counts as none.
        """
        address = environment.get("NOTIFY_SOCKET", "")
        interval = environment.get("WATCHDOG_USEC", "")
        meant_for = environment.get("WATCHDOG_PID", str(os.getpid()))
        watched = interval.isdecimal() and int(interval) > 0 and meant_for == str(os.getpid())
        return cls(
            address if address.startswith(("/", "@")) else None,
            int(interval) / _MICROSECONDS_PER_S if watched else None,
        )

    def ready(self) -> None:
        """Starting is done: the first assessment stands."""
        self._send("READY=1")

    def alive(self) -> None:
        """Progress has been made; feeds the watchdog."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send("STATUS=" + " ".join(text.split()))

    def stopping(self) -> None:
        """The daemon is on its way out on purpose."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if self.address is None:
            return
        target = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as line:
            try:
                line.sendto(message.encode(), target)
            except OSError as error:  # the alarm must go on without its service manager
                _LOG.warning("systemd cannot be told %s: %s", message.split("=", 1)[0], error)
