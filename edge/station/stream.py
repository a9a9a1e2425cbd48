"""Server-sent events: everything once, then what changed, and a sign of life when nothing did.

A screen that hears nothing for `SILENCE_S` must call every bed unknown; so the sign of life is part of the contract.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable

from edge.station.desk import Desk, Snapshot

LIFE_S = 2.0
"""Longest time between two messages, seconds."""

SILENCE_S = 7.0
"""A screen that heard nothing for this long is disconnected, seconds: three signs of life and a slow network."""

GATHER_S = 0.05
"""Changes within this time go out together, seconds."""

MAX_SCREENS = 200
"""Screens served at once."""


class Stream:
    """The streams of all screens.

    Args:
        desk: what is shown.
        version: of the program; a screen that sees another one after a restart asks to be loaded anew.
    """

    def __init__(self, desk: Desk, version: str) -> None:
        """Nobody listens yet."""
        self._desk = desk
        self._version = version
        self._open = 0
        self._closing = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether no further screen is served."""
        return self._open >= MAX_SCREENS

    def close(self) -> None:
        """End all streams; the screens come back when there is a server again."""
        self._closing.set()

    async def lines(self, signed_in: Callable[[], bool]) -> AsyncIterator[str]:
        """Events for one screen, until it leaves, the server ends, or its sign-in does.

        Args:
            signed_in: asked before each event.
        """
        self._open += 1
        try:
            yield f"retry: 1000\n{_event('hello', {'version': self._version, 'silence_s': SILENCE_S})}"
            sent: dict[str, str] = {}
            while not self._closing.is_set():
                if not signed_in():
                    yield _event("signed_out", {})
                    return
                snapshot = self._desk.snapshot()
                beds = {place: _compact(bed) for place, bed in snapshot.beds.items()}
                yield _message(snapshot, {place: text for place, text in beds.items() if sent.get(place) != text})
                sent = beds
                await self._next(snapshot.number)
        finally:
            self._open -= 1

    async def _next(self, number: int) -> None:
        """Wait for a change since a snapshot, the next sign of life, or the end."""
        closing = asyncio.create_task(self._closing.wait())
        changed = asyncio.create_task(self._desk.changed(number, LIFE_S / 2))
        try:
            await asyncio.wait({closing, changed}, return_when=asyncio.FIRST_COMPLETED)
            if not self._closing.is_set():
                await asyncio.sleep(GATHER_S)
        finally:
            closing.cancel()
            changed.cancel()


def _message(snapshot: Snapshot, changed: dict[str, str]) -> str:
    """`order` is the order of all beds, most urgent first; a bed that is not in it is gone."""
    beds = ",".join(f"{_compact(place)}:{text}" for place, text in changed.items())
    head = f'"now_ms":{snapshot.now_ms},"status":{_compact(snapshot.status)},"order":{_compact(list(snapshot.beds))}'
    return f'event: beds\ndata: {{{head},"beds":{{{beds}}}}}\n\n'


def _event(name: str, data: dict[str, object]) -> str:
    return f"event: {name}\ndata: {_compact(data)}\n\n"


def _compact(value: object) -> str:
    """JSON on one line; line ends within texts are escaped, so that an event cannot be forged by a text."""
    return json.dumps(value, separators=(",", ":"))
