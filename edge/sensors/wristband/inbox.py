"""Values on their way from a band's radio link to the driver, and the end of that link."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine
from typing import TypeVar

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.wristband.profile import Notification

T = TypeVar("T")

log = logging.getLogger(__name__)

LIMIT = 4096
"""Values held for a consumer that is late: four seconds at the highest rate that was measured on a virtual radio
(1,040 per second), minutes at the rate of any band. With the longest value of an attribute, 512 bytes (Bluetooth Core
5.4, Vol 3 Part F 3.2.9), that is 2 MiB."""

ATT_S = 30.0
"""Longest answer time of a GATT server (Bluetooth Core 5.4, Vol 3 Part F 3.3.3)."""


class Inbox:
    """Values from one connection; bounded, the oldest are dropped first and counted.

    Args:
        clock: stamps the arrivals.
        name: the band's name in the configuration.
    """

    def __init__(self, clock: Clock, name: str) -> None:
        """Nothing has arrived and the link is there."""
        self._clock = clock
        self._name = name
        self._waiting: deque[Notification] = deque()
        self._changed = asyncio.Event()
        self._gone = asyncio.Event()
        self._why: SensorError | None = None
        self.dropped = 0

    def put(self, characteristic: BleakGATTCharacteristic, data: bytearray) -> None:
        """Callback of bleak for a notification."""
        self.note(characteristic.uuid, bytes(data))

    def note(self, uuid: str, data: bytes) -> None:
        """Take in a value of a characteristic."""
        if len(self._waiting) >= LIMIT:
            self._waiting.popleft()
            if not self.dropped:
                log.warning("%s: more arrives than can be taken in: the oldest values are dropped", self._name)
            self.dropped += 1
        self._waiting.append(Notification(uuid, data, self._clock.now_ns()))
        self._changed.set()

    def disconnected(self, _client: BleakClient) -> None:
        """Callback of bleak for a lost link."""
        sentence = f"the link to {self._name} was lost: is the band charged and within reach?"
        self.lose(SensorError(SensorReason.DISCONNECTED, sentence))

    def lose(self, why: SensorError) -> None:
        """The link is lost. The first reason counts, but a radio that is off explains a link that is lost."""
        if self._why is None or why.reason is SensorReason.RADIO_OFF:
            self._why = why
        self._gone.set()
        self._changed.set()

    def lost(self) -> SensorError | None:
        """The error for a link that is lost; None while it is not."""
        return self._why

    async def unless_lost(self, request: Coroutine[object, object, T]) -> T:
        """The answer to a GATT request, or the error of a link lost meanwhile.

        bleak 3.1 never completes a request whose link is lost before the answer, and BlueZ answers late or never.

        Raises:
            SensorError: the link was lost.
            TimeoutError: no answer within `ATT_S`.
        """
        asking = asyncio.ensure_future(request)
        losing = asyncio.ensure_future(self._gone.wait())
        try:
            async with asyncio.timeout(ATT_S):
                await asyncio.wait((asking, losing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            losing.cancel()
            asking.cancel()
        if self._why is not None:
            await asyncio.gather(asking, return_exceptions=True)
            raise self._why
        return asking.result()

    async def get(self) -> Notification:
        """The next value; those that came before the link was lost are still handed out.

        Raises:
            SensorError: the link was lost.
        """
        while not self._waiting:
            if self._why is not None:
                raise self._why
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()

    def rest(self) -> list[Notification]:
        """Everything else that waits."""
        values = list(self._waiting)
        self._waiting.clear()
        return values
