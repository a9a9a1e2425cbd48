"""The station itself: hears the beds, remembers, writes down, sends commands and waits for the boxes' answers."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypedDict

from edge.clock import Clock
from edge.config import Station
from edge.config.station import listed
from edge.publish.payload import AlertMessage, NoteMessage, ReplyMessage, StateMessage, decode
from edge.publish.subscriber import Overheard, Received, is_probe
from edge.publish.topics import NOTE
from edge.station.clocks import station_words
from edge.station.days import BoxDay, day_of
from edge.station.entries import join, minute_of
from edge.station.history import History, Minute
from edge.station.lines import Ears, MakeLine
from edge.station.picture import Aside, BedPicture, picture
from edge.station.requests import HeardCommand, Wish, command, new_id
from edge.station.ward import Place, Sight, Ward

logger = logging.getLogger(__name__)

ANSWER_S = 10.0
"""Longest wait for a box's reply, seconds."""

TICK_S = 1.0
"""Time between two looks at the beds, seconds: that a bed has fallen silent is no message."""

MAX_BEDS = 5000
"""Beds beyond this are not taken in: a hostile publisher could invent them without end."""

_FLUSH_S = 5.0
"""Minutes of the trend go to disk this often, seconds; a crash loses no more."""

_FORGET_S = 3600.0
"""Old records are dropped this often, seconds."""

_KEPT_NS = 500_000_000
"""A snapshot serves all screens this long, unless something was heard since."""

_REMEMBERED = 4096
"""Commands whose person is remembered until the alarm shows that it was carried out."""


class Answer(TypedDict):
    """What came of a command. `reason` is a code ("no_broker", "no_answer", or the box's), `detail` a sentence."""

    ok: bool
    reason: str
    detail: str


class Status(TypedDict):
    """The station's own health, for the page's banner."""

    connected: bool
    fault: str
    name: str
    outside: str
    clock: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All beds at one moment, most urgent first; `number` rises with what was heard."""

    number: int
    now_ms: int
    status: Status
    beds: dict[str, BedPicture]


class Desk:
    """One station.

    Args:
        section: `[station]` of the configuration.
        name: of what it hears the beds from, for the banner.
        make_line: makes the way to the beds.
        book: where it writes.
        clock: time.
        outside: what the page says of the way out of a home.
    """

    def __init__(
        self,
        section: Station,
        name: str,
        make_line: MakeLine,
        book: History,
        clock: Clock,
        outside: Callable[[], str] = str,
    ) -> None:
        """Take up what the book remembers; `run` connects."""
        self.book = book
        self.clock = clock
        self._second = section.second
        self._keep_ms = round(section.keep_days * 86_400_000)
        self._name = name
        self._outside = outside
        self._station = socket.gethostname()[:64] or "station"
        self._ward = Ward()
        self._asides: dict[Place, Aside] = defaultdict(Aside)
        self._who: dict[Place, OrderedDict[int, str]] = defaultdict(OrderedDict)
        self._given: OrderedDict[str, tuple[Place, HeardCommand]] = OrderedDict()
        self._waiting: dict[str, asyncio.Future[ReplyMessage]] = {}
        self._minutes: dict[str, Minute] = {}
        self._dirty: set[str] = set()
        self._full: list[Minute] = []
        self._changed = asyncio.Event()
        self._snapshot: Snapshot | None = None
        self._heard = 0
        self._flushed_ns = self._forgot_ns = clock.now_ns()
        self._warned = False
        for name in listed(section.beds):
            site, _, bed = name.partition("/")
            self._ward.expect(Place(site, bed))
        self._line = make_line(Ears(self._hear, self._connect, self._overhear))
        self._recall()

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._ward.connected

    def knows(self, place: Place) -> bool:
        """Whether there is such a bed."""
        return place in self._ward.beds

    async def run(self) -> None:
        """Listen, until cancelled; then bring the trends to disk."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._line.run())
                group.create_task(self._keep_looking())
        finally:
            self.flush()

    def days(self) -> list[BoxDay]:
        """The alarm burden that the boxes themselves have counted, the newest day first."""
        found = [day_of(place, one) for place, bed in self._ward.beds.items() for one in bed.burden.values()]
        return sorted(sorted(found, key=lambda one: one["place"]), key=lambda one: one["day"], reverse=True)

    async def changed(self, since: int, timeout_s: float) -> None:
        """Wait until something was heard since the snapshot of this number, at most so long."""
        waiter = self._changed
        if self._heard != since:
            return
        try:
            async with asyncio.timeout(timeout_s):
                await waiter.wait()
        except TimeoutError:
            return

    def snapshot(self) -> Snapshot:
        """All beds as they are now."""
        now_ns = self.clock.now_ns()
        if self._snapshot is not None and now_ns - self._snapshot.now_ms * 1_000_000 < _KEPT_NS:
            return self._snapshot
        shown = [self._show(place, now_ns) for place in self._ward.beds]
        shown.sort(key=lambda one: (one["rank"], one["alarms"][0]["since_ms"] if one["alarms"] else 0, one["place"]))
        status = Status(
            connected=self._ward.connected,
            fault=self.book.fault,
            name=self._name,
            outside=self._outside() or self.book.away,
            clock=station_words(self._ward.beds.values()),
        )
        self._snapshot = Snapshot(self._heard, now_ns // 1_000_000, status, {one["place"]: one for one in shown})
        return self._snapshot

    async def ask(self, place: Place, wish: Wish, by: str) -> Answer:
        """Send a command to a box and wait for its answer."""
        asked = command(wish, by[:64])
        waiting: asyncio.Future[ReplyMessage] = asyncio.get_running_loop().create_future()
        self._waiting[asked.id] = waiting
        try:
            if not self._line.send(place.site, place.bed, asked):
                return Answer(
                    ok=False, reason="no_broker", detail="Not sent: the station has no connection to the broker."
                )
            # What comes back from the broker is the same; a broker that keeps commands from stations loses no name.
            self._note_deed(place, HeardCommand.model_validate(asked.model_dump()))
            async with asyncio.timeout(ANSWER_S):
                reply = await waiting
        except TimeoutError:
            detail = f"The box at {place} has not answered within {ANSWER_S:.0f} s. It may still act: watch the bed."
            return Answer(ok=False, reason="no_answer", detail=detail)
        finally:
            self._waiting.pop(asked.id, None)
        return Answer(ok=reply.ok, reason=reply.reason or "", detail=reply.detail or "")

    def leave_note(self, place: Place, text: str, by: str) -> Answer:
        """Publish a note for all stations."""
        note = NoteMessage(id=new_id(), wall_ms=max(0, self._now_ms()), text=text, by=by[:64])
        if not self._line.leave_note(place.site, place.bed, note):
            return Answer(ok=False, reason="no_broker", detail="Not kept: the station has no connection to the broker.")
        self._take_note(place, note)
        return Answer(ok=True, reason="", detail="")

    def see_unknown(self, place: Place, by: str) -> Answer:
        """Somebody has seen that a bed is unknown: it stays so on screen, and is silent until it is heard again."""
        if self._ward.beds[place].sight(self.clock.now_ns()) not in (Sight.OFFLINE, Sight.STALE):
            return Answer(ok=False, reason="not_applicable", detail="This bed is heard of again.")
        self._asides[place] = replace(self._asides[place], seen_by=by)
        seen = HeardCommand(id=new_id(), do="seen_unknown", by=by[:64])
        self.book.deed(str(place), seen, self._now_ms())
        self.book.answered(seen.id, ok=True, reply="on this station")
        self._wake()
        return Answer(ok=True, reason="", detail="")

    def _show(self, place: Place, now_ns: int) -> BedPicture:
        aside = replace(self._look(place, now_ns), acknowledged_by=self._who.get(place))
        return picture(self._ward.beds[place], aside, now_ns, second=self._second)

    def _look(self, place: Place, now_ns: int) -> Aside:
        """Note since when a bed is unknown; what was seen of that ends when it is heard again."""
        aside = self._asides[place]
        known = self._ward.beds[place].sight(now_ns) not in (Sight.OFFLINE, Sight.STALE)
        if known and (aside.unknown_ns is not None or aside.seen_by):
            aside = replace(aside, unknown_ns=None, seen_by="")
        elif not known and aside.unknown_ns is None:
            aside = replace(aside, unknown_ns=now_ns)
        self._asides[place] = aside
        return aside

    def _now_ms(self) -> int:
        return self.clock.instant().wall_ms

    def _wake(self) -> None:
        self._heard += 1
        self._snapshot = None
        self._changed.set()
        self._changed = asyncio.Event()

    def _connect(self, connected: bool) -> None:
        if connected:
            self._ward.connected = True
        else:
            self._ward.lose()
        self._wake()

    def _hear(self, received: Received) -> None:
        if is_probe(received.message):
            self._line.confirm(received, self._station)
            return
        place = Place(received.address.site, received.address.bed)
        if not self._room_for(place):
            return
        self._ward.hear(received, self._now_ms())
        match received.message:
            case AlertMessage() as alert:
                self.book.alarm(str(place), alert, self._now_ms())
                self._line.confirm(received, self._station)
            case StateMessage() as state if not received.retained:
                self._trend(str(place), state)
            case ReplyMessage() as reply:
                self._answered(reply)
            case _:
                pass  # availability: the ward has it
        self._wake()

    def _room_for(self, place: Place) -> bool:
        if place in self._ward.beds or len(self._ward.beds) < MAX_BEDS:
            return True
        if not self._warned:
            logger.error("more than %d beds: further ones are not shown; is somebody inventing them?", MAX_BEDS)
        self._warned = True
        return False

    def _overhear(self, heard: Overheard) -> None:
        place = Place(heard.address.site, heard.address.bed)
        if heard.address.leaf == NOTE:
            note = decode(NoteMessage, heard.payload)
            if note is not None and self._room_for(place):
                self._take_note(place, note)
            return
        if heard.retained or place not in self._ward.beds:
            return
        try:
            given = HeardCommand.model_validate_json(heard.payload)
        except ValueError:
            return  # the box answers it as malformed
        self._note_deed(place, given)

    def _take_note(self, place: Place, note: NoteMessage) -> None:
        self._ward.expect(place)
        self._asides[place] = replace(self._asides[place], note=note)
        self.book.note(str(place), note)
        self._wake()

    def _note_deed(self, place: Place, given: HeardCommand) -> None:
        if given.id in self._given:
            return
        self._given[given.id] = (place, given)
        while len(self._given) > _REMEMBERED:
            self._given.popitem(last=False)
        self.book.deed(str(place), given, self._now_ms())

    def _answered(self, reply: ReplyMessage) -> None:
        waiting = self._waiting.get(reply.to)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)
        found = self._given.get(reply.to)
        if found is None:
            return
        place, given = found
        self.book.answered(given.id, ok=reply.ok, reply=reply.detail or reply.reason or "")
        if reply.ok and given.do == "acknowledge":
            self._credit(place, given)

    def _credit(self, place: Place, given: HeardCommand) -> None:
        """Remember who acknowledged which episode."""
        bed = self._ward.beds.get(place)
        named = None if bed is None or given.condition is None else bed.alarms.get(given.condition)
        episode = given.episode if given.episode is not None else None if named is None else named.episode
        if episode is not None:
            who = self._who[place]
            who[episode] = given.by
            while len(who) > 32:  # as many episodes as one bed has conditions open at once, with room to spare
                who.popitem(last=False)

    def _recall(self) -> None:
        """Who acknowledged what, from before a restart."""
        for name, episode, by in reversed(self.book.acknowledged(_REMEMBERED)):
            site, _, bed = str(name).partition("/")
            if isinstance(episode, int):
                self._who[Place(site, bed)][episode] = str(by)

    def _trend(self, place: str, state: StateMessage) -> None:
        minute = self._now_ms() // 60_000
        before = self._minutes.get(place)
        now = minute_of(place, minute, state)
        if before is not None and before.minute != minute:
            self._full.append(before)
        self._minutes[place] = join(before, now) if before is not None and before.minute == minute else now
        self._dirty.add(place)

    async def _keep_looking(self) -> None:
        while True:
            await self.clock.sleep(TICK_S)
            now_ns = self.clock.now_ns()
            for place in self._ward.beds:
                self._look(place, now_ns)
            if now_ns - self._flushed_ns >= _FLUSH_S * 1e9:
                self._flushed_ns = now_ns
                self.flush()
            if now_ns - self._forgot_ns >= _FORGET_S * 1e9:
                self._forgot_ns = now_ns
                now_ms = self._now_ms()
                if not station_words(self._ward.beds.values()):  # a clock that may be wrong makes nothing old
                    self.book.forget(now_ms - self._keep_ms, now_ms)

    def flush(self) -> None:
        """Bring the trends to disk."""
        self.book.minutes([*self._full, *(self._minutes[place] for place in self._dirty)])
        self._full.clear()
        self._dirty.clear()
