"""Keeps one MQTT connection up: back-off, protocol version, and one log line per outage."""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from edge.clock import Clock
from edge.errors import PublishError, PublishReason
from edge.publish.link import VERSION_NAMES, Link, Version
from edge.types import NS_PER_S

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting times between attempts: 0.5 s, doubling to 60 s (the cap that ESPHome's reconnect logic uses too).

    Attributes:
        first_s: wait after the first failure, seconds.
        cap_s: longest wait, seconds.
        jitter: share of the wait that is drawn at random, so that the boxes of a ward do not come back in step.
        proven_s: a connection that lasted this long was a good one: waiting begins anew after it.
    """

    first_s: float = 0.5
    cap_s: float = 60.0
    jitter: float = 0.5
    proven_s: float = 10.0

    def wait_s(self, failures: int, chance: random.Random) -> float:
        """Seconds to wait after the `failures`-th failure in a row (1, 2, …)."""
        full_s = min(self.cap_s, self.first_s * 2.0 ** min(failures - 1, 32))
        return full_s * (1.0 - self.jitter * chance.random())


class Dialer:
    """Makes link after link.

    Args:
        clock: for the waits.
        make: builds an unopened link that speaks the given version.
        backoff: waiting times.
    """

    def __init__(self, clock: Clock, make: Callable[[Version], Link], backoff: Backoff | None = None) -> None:
        """Begin with MQTT 5."""
        self._clock = clock
        self._make = make
        self._backoff = backoff or Backoff()
        # Of one boot, so that no two boxes wait alike, and a simulated one always does.
        self._chance = random.Random(clock.instant().boot_id)  # noqa: S311 - jitter needs no cryptographic quality
        self._version = Version.V5
        self._settled = False
        self._reported = ""

    async def run(self, session: Callable[[Link], Awaitable[None]]) -> None:
        """Connect, run `session` until it ends or fails with PublishError, and again, until cancelled."""
        failures = 0
        while True:
            began_ns = self._clock.now_ns()
            try:
                await self._connect_once(session)
            except PublishError as error:
                if self._other_version(error):
                    continue
                self._report(error)
            lasted_s = (self._clock.now_ns() - began_ns) / NS_PER_S
            failures = 1 if lasted_s >= self._backoff.proven_s else failures + 1
            await self._clock.sleep(self._backoff.wait_s(failures, self._chance))

    async def _connect_once(self, session: Callable[[Link], Awaitable[None]]) -> None:
        link = self._make(self._version)
        try:
            await self._clock.in_thread(link.open)
            self._settled = self._settled or link.version is Version.V5
            logger.info("connected to the broker with %s", VERSION_NAMES[link.version])
            self._reported = ""
            await session(link)
        finally:
            await self._clock.in_thread(link.close)

    def _other_version(self, error: PublishError) -> bool:
        """Whether to ask again at once in 3.1.1.

        A broker that refuses MQTT 5 in words is never asked in it again; one that was merely silent (amqtt, but also a
        frozen one) is, at the next connection.
        """
        refused = error.reason is PublishReason.PROTOCOL
        if self._version is Version.V5 and not self._settled and (refused or error.reason is PublishReason.SILENT):
            logger.info("%s: falling back to %s", error, VERSION_NAMES[Version.V311])
            self._version = Version.V311
            self._settled = refused
            return True
        if not self._settled:
            self._version = Version.V5
        return False

    def _report(self, error: PublishError) -> None:
        """Log what changed: the same trouble is written once, however long it lasts."""
        if error.message != self._reported:
            logger.warning("%s; trying again", error)
            self._reported = error.message
