"""Sending on D-Bus without dying of a slow receiver."""

from __future__ import annotations

import asyncio
import select
from collections import deque

from dbus_fast import Message
from dbus_fast.aio import MessageBus

RETRY_S = 0.002
"""Pause until a full socket is tried again."""


class Outgoing:
    """Messages in order to a bus whose daemon may be slow.

    dbus-fast 5.2 ends its connection when the socket is full for a moment, as it is on a busy machine after some 270
    small messages; the real BlueZ waits.

    Args:
        bus: the connection.
    """

    def __init__(self, bus: MessageBus) -> None:
        """Nothing waits."""
        self._bus = bus
        self._waiting: deque[Message] = deque()
        self._sending: asyncio.Task[None] | None = None

    def post(self, message: Message) -> None:
        """Send as soon as the socket takes it; whatever comes after the end of the connection is dropped."""
        self._waiting.append(message)
        if self._sending is None or self._sending.done():
            self._send()
            if self._waiting:
                self._sending = asyncio.create_task(self._keep_sending())

    def stop(self) -> None:
        """Drop what waits."""
        self._waiting.clear()
        if self._sending is not None:
            self._sending.cancel()

    def _send(self) -> None:
        while self._waiting and (not self._bus.connected or self._takes_more()):
            message = self._waiting.popleft()
            if self._bus.connected:
                self._bus.send(message)

    async def _keep_sending(self) -> None:
        while self._waiting:
            await asyncio.sleep(RETRY_S)
            self._send()

    def _takes_more(self) -> bool:
        socket = self._bus._fd  # it offers no other way to ask
        return socket is not None and bool(select.select([], [socket], [], 0)[1])
