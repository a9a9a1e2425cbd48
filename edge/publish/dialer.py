"""Keeps one MQTT connection up: back-off, choice of broker, protocol version, and one log line per outage.

Brokers are tried in order of preference. A round in which none answers is followed by a wait; whenever a connection is
lost the next round begins with the first. While another than the first serves, the better ones are looked for, and
gone back to, every `RETURN_S`.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from edge.clock import Clock
from edge.config import Mqtt
from edge.errors import PublishError, PublishReason
from edge.publish.link import VERSION_NAMES, Handlers, Incoming, Link, Version
from edge.types import NS_PER_S

logger = logging.getLogger(__name__)

RETURN_S = 60.0
"""A preferred broker is looked for this often while another serves, seconds: as often as the longest back-off."""


SUSPECT = 3
"""So many connections in a row that were lost at once are no accident."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting times between attempts: 0.5 s, doubling to 60 s (the cap that ESPHome's reconnect logic uses too).

    Attributes:
        first_s: wait after the first failure, seconds.
        cap_s: longest wait, seconds.
        jitter: share of the wait that is drawn at random, so that the boxes of a ward do not come back in step.
        proven_s: a connection that lasted this long was a good one: waiting begins anew after it.
        return_s: a preferred broker is looked for this often, seconds.
    """

    first_s: float = 0.5
    cap_s: float = 60.0
    jitter: float = 0.5
    proven_s: float = 10.0
    return_s: float = RETURN_S

    def wait_s(self, failures: int, chance: random.Random) -> float:
        """Seconds to wait after the `failures`-th failure in a row (1, 2, …)."""
        full_s = min(self.cap_s, self.first_s * 2.0 ** min(failures - 1, 32))
        return full_s * (1.0 - self.jitter * chance.random())


class _Versions:
    """The protocol version that one broker is spoken to in."""

    def __init__(self) -> None:
        self.now = Version.V5
        self.settled = False

    def other(self, error: PublishError) -> bool:
        """Whether to ask again at once in 3.1.1.

        A broker that refuses MQTT 5 in words is never asked in it again; one that was merely silent (amqtt, but also a
        frozen one) is, at the next connection.
        """
        refused = error.reason is PublishReason.PROTOCOL
        if self.now is Version.V5 and not self.settled and (refused or error.reason is PublishReason.SILENT):
            logger.info("%s: falling back to %s", error, VERSION_NAMES[Version.V311])
            self.now = Version.V311
            self.settled = refused
            return True
        if not self.settled:
            self.now = Version.V5
        return False


class Dialer:
    """Makes link after link.

    Args:
        clock: for the waits.
        make: builds an unopened link to a broker that speaks the given version.
        brokers: at least one, preferred first.
        backoff: waiting times.
        fatal: reasons after which trying again cannot help.
    """

    def __init__(
        self,
        clock: Clock,
        make: Callable[[Version, Mqtt], Link],
        brokers: Sequence[Mqtt],
        backoff: Backoff | None = None,
        fatal: frozenset[PublishReason] = frozenset(),
    ) -> None:
        """Begin with MQTT 5."""
        self._clock = clock
        self._make = make
        self._brokers = [(broker, _Versions()) for broker in brokers]
        self._backoff = backoff or Backoff()
        # Of one boot, so that no two boxes wait alike, and a simulated one always does.
        self._chance = random.Random(clock.instant().boot_id)  # noqa: S311 - jitter needs no cryptographic quality
        self._fatal = fatal
        self._reported: set[str] = set()
        self._short = 0

    async def run(self, session: Callable[[Link], Awaitable[None]]) -> None:
        """Connect, run `session` until it ends or fails with PublishError, and again, until cancelled.

        Raises:
            PublishError: one of the `fatal` ones.
        """
        failures = 0
        while True:
            began_ns = self._clock.now_ns()
            for place in range(len(self._brokers)):
                if await self._serve(place, session):
                    break  # a connection stood and is lost: begin with the preferred one
            lasted_s = (self._clock.now_ns() - began_ns) / NS_PER_S
            self._short = 0 if lasted_s >= self._backoff.proven_s else self._short
            failures = 1 if lasted_s >= self._backoff.proven_s else failures + 1
            await self._clock.sleep(self._backoff.wait_s(failures, self._chance))

    async def _serve(self, place: int, session: Callable[[Link], Awaitable[None]]) -> bool:
        """One broker, in the versions that it may speak; True where a connection stood."""
        broker, versions = self._brokers[place]
        while True:
            link = self._make(versions.now, broker)
            stood = False
            try:
                await self._clock.in_thread(link.open)
                stood = True
                versions.settled = versions.settled or link.version is Version.V5
                logger.info("connected to %s:%d with %s", broker.host, broker.port, VERSION_NAMES[link.version])
                self._reported.clear()
                await self._stay(place, link, session)
            except PublishError as error:
                if error.reason in self._fatal:
                    raise
                self._count_short(link, broker, stood=stood)
                if versions.other(error):
                    continue
                self._report(error)
            finally:
                await self._clock.in_thread(link.close)
            return stood

    def _count_short(self, link: Link, broker: Mqtt, *, stood: bool) -> None:
        """Two clients of one name throw each other out without end; not every broker says why."""
        self._short += stood
        if stood and self._short == SUSPECT:
            logger.error(
                "%s:%d has ended %d connections right after they were made: does another client call itself %s? Are "
                "two boxes configured for the same site and bed?",
                broker.host,
                broker.port,
                SUSPECT,
                link.client_id,
            )

    async def _stay(self, place: int, link: Link, session: Callable[[Link], Awaitable[None]]) -> None:
        """Run the session; with another than the first broker, until a better one is there."""
        if place == 0:
            await session(link)
            return
        staying = asyncio.ensure_future(session(link))
        better = asyncio.create_task(self._wait_for_better(place))
        try:
            await asyncio.wait({staying, better}, return_when=asyncio.FIRST_COMPLETED)
            if staying.done():
                await staying
            else:
                logger.info("a preferred broker is there again: going back to it")
        finally:
            staying.cancel()
            better.cancel()
            await asyncio.gather(staying, better, return_exceptions=True)

    async def _wait_for_better(self, place: int) -> None:
        while True:
            await self._clock.sleep(self._backoff.return_s)
            for broker, versions in self._brokers[:place]:
                # A name of its own: with ours, the broker would take the visit for the true connection.
                name = f"anodyne-probe-{secrets.token_hex(4)}"
                link = Link(broker, name, versions.now, Handlers(_unheard, _unread), lasting=False)
                try:
                    await self._clock.in_thread(link.open)
                except PublishError as error:
                    versions.other(error)
                else:
                    return
                finally:
                    await self._clock.in_thread(link.close)

    def _report(self, error: PublishError) -> None:
        """Log what changed: the same trouble is written once, however long it lasts."""
        if error.message not in self._reported:
            logger.warning("%s; trying again", error)
            self._reported.add(error.message)


def _unheard(_mid: int, _refusal: str | None) -> None:
    """A probe publishes nothing."""


def _unread(_incoming: Incoming) -> None:
    """A probe subscribes to nothing."""
