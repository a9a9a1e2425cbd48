"""Between the box and its own page: two threads that never wait for each other.

The box leaves what is new in a mailbox, where only the newest state and the current alarms are kept, and goes on; the
page's loop fetches it when it can. What the page asks for is handed to the box's loop, and the answer comes back the
same way. So a page that hangs costs the box nothing, and a box that hangs becomes "unknown" on the page.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from edge.clock import Clock
from edge.publish.payload import (
    AlertMessage,
    AvailabilityMessage,
    Head,
    Message,
    NoteMessage,
    ReplyMessage,
    SensorsMessage,
    StateMessage,
)
from edge.publish.subscriber import Received
from edge.publish.topics import AVAILABILITY, EVENT, REPLY, SENSORS, STATE, Address, alarm_leaf
from edge.station.lines import Ears
from edge.types import Condition

EVENTS_KEPT = 200
"""Transitions and replies that wait for a page that is busy; the current alarms are kept whatever happens."""

Order = Callable[[bytes], ReplyMessage | None]
"""Carries a command out on the box's loop and answers it; None for a repeat."""


@dataclass(slots=True)
class _Known:
    """What waits in the mailbox."""

    state: StateMessage | None = None
    sensors: SensorsMessage | None = None
    alarms: dict[Condition, AlertMessage] = field(default_factory=dict[Condition, AlertMessage])
    events: deque[Head] = field(default_factory=lambda: deque[Head](maxlen=EVENTS_KEPT))


class Household:
    """One bed as its own page hears it.

    Args:
        site, bed: which.
        clock: time of the page.
        order: carries commands out.
        note: takes a note for the outbox.
        availability: what the box says of itself to a page that begins.
    """

    def __init__(
        self,
        site: str,
        bed: str,
        clock: Clock,
        order: Order,
        note: Callable[[NoteMessage], None],
        availability: Callable[[], AvailabilityMessage],
    ) -> None:
        """Nobody listens yet."""
        self._site = site
        self._bed = bed
        self._clock = clock
        self._order = order
        self._note = note
        self._availability = availability
        self._lock = threading.Lock()
        self._known = _Known()
        self._standing: dict[Condition, AlertMessage] = {}
        self._sensors: SensorsMessage | None = None
        self._page: tuple[asyncio.AbstractEventLoop, Ears] | None = None
        self._box: asyncio.AbstractEventLoop | None = None
        self._called = False

    def attach(self, box: asyncio.AbstractEventLoop) -> None:
        """Commands are carried out on this loop."""
        self._box = box

    def state(self, message: StateMessage) -> None:
        """The newest assessment; never waits."""
        with self._lock:
            self._known.state = message
        self._call()

    def sensors(self, message: SensorsMessage) -> None:
        """What the sensors do; never waits."""
        with self._lock:
            self._sensors = self._known.sensors = message
        self._call()

    def alert(self, message: AlertMessage) -> None:
        """A transition; never waits."""
        with self._lock:
            self._standing[message.condition] = message
            self._known.alarms[message.condition] = message
            self._known.events.append(message)
        self._call()

    def line(self, ears: Ears) -> BoxLine:
        """The way to the bed, for a desk of the page's thread."""
        return BoxLine(self, ears)

    async def listen(self, ears: Ears) -> None:
        """Hear the box on the loop of the caller, until cancelled; everything that stands first."""
        with self._lock:
            self._known.alarms = dict(self._standing)
            self._known.sensors = self._sensors
            self._page = asyncio.get_running_loop(), ears
            self._called = False
        try:
            ears.connected(True)
            self._hear(ears, AVAILABILITY, self._availability())
            self._fetch()
            await asyncio.Event().wait()
        finally:
            with self._lock:
                self._page = None

    def ask(self, message: Message) -> bool:
        """Hand a command or a note to the box; False while it is not running."""
        if self._box is None or self._box.is_closed():
            return False
        if isinstance(message, NoteMessage):
            self._box.call_soon_threadsafe(self._note, message)
        else:
            self._box.call_soon_threadsafe(self._carry_out, message.encode())
        return True

    def _carry_out(self, payload: bytes) -> None:
        reply = self._order(payload)
        if reply is not None:
            with self._lock:
                self._known.events.append(reply)
            self._call()

    def _call(self) -> None:
        """Have the page fetch, once for all that waits."""
        with self._lock:
            page = None if self._called else self._page
            self._called = self._page is not None
        if page is not None:
            with suppress(RuntimeError):  # its loop has just been closed; the next page begins with what stands
                page[0].call_soon_threadsafe(self._fetch)

    def _fetch(self) -> None:
        """On the page's loop."""
        with self._lock:
            known, self._known, page = self._known, _Known(), self._page
            self._called = False
        if page is None:
            return
        ears = page[1]
        for alarm in known.alarms.values():
            self._hear(ears, alarm_leaf(alarm.condition), alarm)
        for event in known.events:
            self._hear(ears, REPLY if isinstance(event, ReplyMessage) else EVENT, event)
        if known.sensors is not None:
            self._hear(ears, SENSORS, known.sensors)
        if known.state is not None:
            self._hear(ears, STATE, known.state)

    def _hear(self, ears: Ears, leaf: str, message: Head) -> None:
        ears.message(Received(Address(self._site, self._bed, leaf), message, False, self._clock.now_ns()))


class BoxLine:
    """The line of the page's desk: to the one bed, without a broker."""

    def __init__(self, household: Household, ears: Ears) -> None:
        """Nothing is heard before `run`."""
        self._household = household
        self._ears = ears

    async def run(self) -> None:
        """Listen, until cancelled."""
        await self._household.listen(self._ears)

    def send(self, _site: str, _bed: str, command: Message) -> bool:
        """Hand a command to the box."""
        return self._household.ask(command)

    def confirm(self, _received: Received, _by: str) -> None:
        """A page of the box is no station: what waits for one goes on waiting."""

    def leave_note(self, _site: str, _bed: str, note: NoteMessage) -> bool:
        """Hand a note to the box, which sends it on when there is a broker."""
        return self._household.ask(note)
