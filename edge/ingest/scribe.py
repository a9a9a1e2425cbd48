"""From messages to entries of the record; which worker hears what, in which order and how often, makes no difference.

A transition has its id, a command and its answer meet under theirs, a minute of a trend is joined from its parts, and
which mode it ends with is told by the box's running number.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from edge.publish.link import Incoming
from edge.publish.payload import AlertMessage, NoteMessage, ReplyMessage, StateMessage, decode
from edge.publish.subscriber import is_probe, read
from edge.publish.topics import COMMAND, EVENT, HOME_COMMAND, NOTE, REPLY, STATE, Topics, parse
from edge.station import entries
from edge.station.clocks import APART_MS
from edge.station.entries import Entry
from edge.station.history import Minute
from edge.station.requests import HeardCommand

logger = logging.getLogger(__name__)

LEAVES = (STATE, EVENT, "alarm/+", COMMAND, HOME_COMMAND, REPLY, NOTE)
"""What the record is made of; the rest of a bed's topics is not asked for."""

MAX_BEDS = 20_000
"""Beds beyond this are not recorded: a hostile publisher could invent them without end. Four times what one broker
should carry (docs/hospital.md)."""

MALFORMED = "malformed"
"""How a message is counted that is none."""


def filters(topics: Topics) -> list[str]:
    """Topic filters of what the record is made of."""
    return [topics.of(leaf) for leaf in LEAVES]


class Scribe:
    """Reads messages.

    Attributes:
        counted: messages read, by leaf ("alarm" for all conditions), and those that could not be.
    """

    def __init__(self) -> None:
        """Nothing is read yet."""
        self.counted: Counter[str] = Counter()
        self._beds: set[str] = set()
        self._apart: dict[str, bool] = {}
        self._warned = False
        self._full = False

    @property
    def clock_in_doubt(self) -> bool:
        """Whether most boxes with a synchronised clock, and at least two, disagree with this machine's."""
        against = sum(self._apart.values())
        return against >= 2 and 2 * against > len(self._apart)

    def entries(self, messages: Iterable[Incoming], heard_ms: int) -> list[Entry]:
        """What these messages say to the record.

        Args:
            messages: as they came.
            heard_ms: Unix milliseconds of this machine's clock.
        """
        found: list[Entry] = []
        minutes: dict[tuple[str, int], Minute] = {}
        for one in messages:
            self._read(one, heard_ms, found, minutes)
        return found + [entries.minute(one) for one in minutes.values()]

    def _read(
        self, incoming: Incoming, heard_ms: int, found: list[Entry], minutes: dict[tuple[str, int], Minute]
    ) -> None:
        address = parse(incoming.topic)
        if address is None or not incoming.payload:  # an empty one takes a retained message away
            return
        place, leaf = f"{address.site}/{address.bed}", address.leaf
        if not self._room_for(place):
            return
        if leaf in (COMMAND, HOME_COMMAND):
            self._command(place, incoming, heard_ms, found)
            return
        message = decode(NoteMessage, incoming.payload) if leaf == NOTE else read(leaf, incoming.payload)
        match message:
            case AlertMessage() as alert:
                found.append(entries.event(place, alert, heard_ms))
            case StateMessage() as state:
                if state.synced and not incoming.again:
                    self._apart[place] = abs(state.wall_ms - heard_ms) >= APART_MS
                part = entries.minute_of(place, _minute(state, incoming, heard_ms), state)
                key = part.place, part.minute
                minutes[key] = entries.join(minutes[key], part) if key in minutes else part
            case ReplyMessage() as reply if reply.to and not is_probe(reply):
                text = reply.detail or reply.reason or ""
                found.append(entries.reply(place, reply.to, heard_ms, ok=reply.ok, text=text))
            case NoteMessage() as note:
                found.append(entries.note(place, note))
            case None:
                self._unreadable(incoming)
                return
            case _:
                pass  # a box asks whether a station listens: not for us to answer
        self.counted[leaf.partition("/")[0]] += 1

    def _command(self, place: str, incoming: Incoming, heard_ms: int, found: list[Entry]) -> None:
        try:
            given = HeardCommand.model_validate_json(incoming.payload)
        except ValueError:
            self.counted[MALFORMED] += 1  # the box answers it as malformed
            return
        found.append(entries.deed(place, given, heard_ms))
        self.counted[COMMAND] += 1

    def _room_for(self, place: str) -> bool:
        if place in self._beds:
            return True
        if len(self._beds) < MAX_BEDS:
            self._beds.add(place)
            return True
        if not self._full:
            logger.error("more than %d beds: further ones are not recorded; is somebody inventing them?", MAX_BEDS)
        self._full = True
        return False

    def _unreadable(self, incoming: Incoming) -> None:
        self.counted[MALFORMED] += 1
        if not self._warned:
            size = len(incoming.payload)
            logger.warning("unreadable message on %s, %d bytes (said once, counted always)", incoming.topic, size)
        self._warned = True


def _minute(state: StateMessage, incoming: Incoming, heard_ms: int) -> int:
    """The Unix minute of a state: by the box's clock where that can be believed, else when it was heard.

    A state that the broker gives again may be heard long after it was measured.
    """
    believed = state.synced and (incoming.again or abs(state.wall_ms - heard_ms) < APART_MS)
    return (state.wall_ms if believed else heard_ms) // 60_000
