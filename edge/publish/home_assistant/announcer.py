"""Announces the bed to Home Assistant over a connection of its own: nothing here can hold up an alert.

The announcement is retained, sent anew at each connection and whenever Home Assistant says that it has started, and
taken back (an empty retained message) by the first start with the switch off.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from contextlib import suppress

from edge.clock import Clock
from edge.config import Box, Mqtt
from edge.publish.dialer import Dialer
from edge.publish.home_assistant import memory
from edge.publish.home_assistant.discovery import STATUS_TOPIC, announcement
from edge.publish.home_assistant.memory import Announced
from edge.publish.link import Handlers, Incoming, Link, Version
from edge.publish.topics import SENSORS, Topics
from edge.store import Store

logger = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often it is looked whether Home Assistant has asked, seconds."""

SPREAD_S = 3.0
"""After Home Assistant's start the boxes of a house announce themselves within this time, not all at once, seconds."""

GOODBYE_S = 5.0
"""Longest wait for the broker to take back an announcement, seconds."""


class HomeAssistant:
    """Announces one bed, or takes an earlier announcement back.

    Args:
        config: the broker.
        box: site, bed and validity.
        bands: names of the sensors whose charge is told.
        store: where it is kept what was announced.
        clock: time.
    """

    def __init__(self, config: Mqtt, box: Box, bands: Sequence[str], store: Store, clock: Clock) -> None:
        """Nothing is connected before `run`."""
        self._config = config
        self._box = box
        self._bands = tuple(bands)
        self._store = store
        self._clock = clock
        self._topics = Topics(box.site, box.bed)
        self._earlier = memory.load(store)
        self._chance = random.Random(clock.instant().boot_id)  # noqa: S311 - spreading needs no cryptographic quality
        self._again = asyncio.Event()
        self._refused: set[str] = set()

    @property
    def needed(self) -> bool:
        """Whether there is anything to do: announce, or take back."""
        return self._config.home_assistant or self._earlier is not None

    async def run(self) -> None:
        """Stay connected and announce, until cancelled; where it is switched off, end once all is taken back."""
        if not self.needed:
            return
        taken_back = asyncio.Event()

        async def session(link: Link) -> None:
            if self._config.home_assistant:
                await self._announce(link)
            else:
                await self._take_back(link)
                taken_back.set()
                await asyncio.wait({link.lost})

        dialing = asyncio.create_task(Dialer(self._clock, self._make_link, self._config.brokers()).run(session))
        ended = asyncio.create_task(taken_back.wait())
        try:
            await asyncio.wait({dialing, ended}, return_when=asyncio.FIRST_COMPLETED)
            if dialing.done():
                dialing.result()
        finally:
            for task in (dialing, ended):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await dialing

    def _make_link(self, version: Version, broker: Mqtt) -> Link:
        identity = self._config.client_id or f"anodyne-{self._box.site}-{self._box.bed}"
        return Link(
            broker,
            f"{identity}-home",
            version,
            Handlers(self._acknowledged, self._arrived),
            subscriptions=(STATUS_TOPIC,),
            lasting=False,
        )

    async def _announce(self, link: Link) -> None:
        """Announce at once and whenever asked, until the connection is lost."""
        self._send_announcement(link)
        while not link.lost.done():
            if self._again.is_set():
                self._again.clear()
                await self._clock.sleep(SPREAD_S * self._chance.random())
                self._send_announcement(link)
            await self._clock.sleep(LOOK_S)
        raise link.lost.result()

    def _send_announcement(self, link: Link) -> None:
        earlier = self._earlier
        said = announcement(self._topics, self._bands, earlier.platforms if earlier else None)
        if earlier is not None and earlier.topic != said.topic:  # the bed has another name now
            link.publish(earlier.topic, b"", retain=True)
            link.publish(earlier.sensors_topic, b"", retain=True)
            said = announcement(self._topics, self._bands)
        self._earlier = Announced(
            topic=said.topic, sensors_topic=self._topics.of(SENSORS), platforms=dict(said.platforms)
        )
        memory.save(self._store, self._earlier)
        link.publish(said.topic, said.payload, retain=True)

    async def _take_back(self, link: Link) -> None:
        if self._earlier is None:
            return
        link.publish(self._earlier.topic, b"", retain=True)
        await self._clock.in_thread(link.flush, GOODBYE_S)
        if not link.lost.done():
            memory.save(self._store, None)
            self._earlier = None
            logger.info("the bed is no longer announced to Home Assistant")

    def _acknowledged(self, _mid: int, refusal: str | None) -> None:
        if refusal is not None and refusal not in self._refused:
            self._refused.add(refusal)
            logger.error(
                "the broker does not take the announcement for Home Assistant: %s; let this user write homeassistant/#",
                refusal,
            )

    def _arrived(self, incoming: Incoming) -> None:
        if incoming.topic == STATUS_TOPIC and incoming.payload == b"online":
            self._again.set()
