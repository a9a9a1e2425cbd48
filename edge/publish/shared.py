"""A member of a shared subscription: the broker gives each message to one of the group, and this one to us.

A message is acknowledged when it has been dealt with, not when it arrives. Until then the broker keeps it and gives it
again, to us, when we are back: our session outlives the connection by an hour.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from edge.clock import Clock
from edge.config import Mqtt
from edge.errors import PublishError, PublishReason
from edge.publish.dialer import Backoff, Dialer
from edge.publish.link import SHARED, WITHOUT_SHARING, Handlers, Incoming, Link, Version
from edge.types import NS_PER_S

WINDOW = 1000
"""Messages that the broker may have sent before we have acknowledged the first: what one write to the disk may take."""

IDLE_S = 2.0
"""A broker that sends nothing for so long after we have left the group has nothing more for us, seconds."""

SURE = 2
"""A broker that answers in MQTT 3.1.1 and not in MQTT 5 so many times in a row knows no other."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message, and the connection on which it came: it cannot be acknowledged on another one."""

    incoming: Incoming
    link: Link


class SharedReader:
    """One member.

    Args:
        config: the broker.
        client_id: MQTT identity. The broker keeps for this name what it has not given us yet.
        group: those of one group divide the messages.
        filters: topic filters; the broker must take the first.
        clock: time.
        backoff: waits between attempts to connect.

    Attributes:
        ready: set while connected and subscribed.
    """

    def __init__(
        self,
        config: Mqtt,
        client_id: str,
        group: str,
        filters: Sequence[str],
        clock: Clock,
        backoff: Backoff | None = None,
    ) -> None:
        """Nothing is connected before `run`."""
        self._config = config
        self._client_id = client_id
        self._filters = tuple(f"{SHARED}{group}/{one}" for one in filters)
        self._clock = clock
        self._backoff = backoff
        self._link: Link | None = None
        self._leaving = False
        self._arrived: deque[Delivery] = deque()
        self._news = asyncio.Event()
        self._last_ns = 0
        self._owed = 0
        self._old = 0
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Stay connected, until cancelled.

        Raises:
            PublishError: NO_SHARING: this broker cannot serve a group.
        """
        fatal = frozenset({PublishReason.NO_SHARING})
        await Dialer(self._clock, self._make_link, self._config.brokers(), self._backoff, fatal).run(self._session)

    async def gather(self, most: int, within_s: float) -> list[Delivery]:
        """The oldest messages that are not dealt with: waits for one, and then at most so long for more.

        Args:
            most: how many at most.
            within_s: a full hand is not waited for longer than this, seconds.
        """
        while not self._arrived:
            self._news.clear()
            await self._news.wait()
        if len(self._arrived) < most:
            await self._clock.sleep(within_s)
        return [self._arrived.popleft() for _ in range(min(most, len(self._arrived)))]

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """They are dealt with: the broker may forget them. One of a lost connection comes again."""
        self._owed -= len(deliveries)
        for one in deliveries:
            if one.link is self._link:
                one.link.take(one.incoming)

    async def leave(self) -> None:
        """Give up the place in the group, and wait until nothing more comes; the session ends with the connection."""
        await self.ready.wait()
        self._leaving = True
        if self._link is not None:
            self._link.unsubscribe(self._filters)
        self._last_ns = self._clock.now_ns()
        while self._owed or self._clock.now_ns() - self._last_ns < IDLE_S * NS_PER_S:
            await self._clock.sleep(IDLE_S / 10)
        if self._link is not None:
            self._link.end_session()

    def _make_link(self, version: Version, broker: Mqtt) -> Link:
        sharing = version is Version.V5  # of 3.1.1 we only want to know whether it is spoken
        held: list[Link] = []
        link = Link(
            broker,
            self._client_id,
            version,
            Handlers(_unheard, lambda incoming: self._arrive(Delivery(incoming, held[0]))),
            subscriptions=self._filters if sharing and not self._leaving else (),
            lasting=sharing,
            window=WINDOW if sharing else 0,
        )
        held.append(link)
        return link

    async def _session(self, link: Link) -> None:
        if link.version is not Version.V5:
            self._old += 1
            # Once may be a broker that was frozen while it was asked in MQTT 5.
            raise PublishError(
                PublishReason.NO_SHARING if self._old >= SURE else PublishReason.SILENT,
                f"the MQTT broker at {self._config.host}:{self._config.port} speaks MQTT 3.1.1 alone, which knows no "
                f"shared subscriptions: {WITHOUT_SHARING}",
            )
        self._link, self._old = link, 0
        self.ready.set()
        try:
            await asyncio.wait({link.lost})
            raise link.lost.result()
        finally:
            self.ready.clear()
            self._link = None

    def _arrive(self, delivery: Delivery) -> None:
        self._arrived.append(delivery)
        self._owed += 1
        self._last_ns = self._clock.now_ns()
        self._news.set()


def _unheard(_mid: int, _refusal: str | None) -> None:
    """A reader publishes nothing."""
