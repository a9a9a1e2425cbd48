"""Messages on their way to the broker: which row of the outbox each is, and how long its acknowledgement is owed.

While there are any the clock is held, so that virtual time does not run past a real broker.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from edge.clock import Clock
from edge.publish.outbox import Row
from edge.types import NS_PER_S


@dataclass(frozen=True, slots=True)
class _Sent:
    """A message on its way: its outbox row, where it has one, and when it was sent."""

    row: Row | None
    sent_ns: int


class InFlight:
    """Those of one connection, by the number that the connection gave them.

    Args:
        clock: time; held.
    """

    def __init__(self, clock: Clock) -> None:
        """Nothing has been sent."""
        self._clock = clock
        self._sent: dict[int, _Sent] = {}
        self._hold = ExitStack()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._sent)

    def __contains__(self, mid: int) -> bool:
        """Whether this one is on its way."""
        return mid in self._sent

    @property
    def rows(self) -> set[int]:
        """Ids of the rows that are on their way."""
        return {sent.row.id for sent in self._sent.values() if sent.row is not None}

    def put(self, mid: int, row: Row | None) -> None:
        """One was sent; `row`: where the outbox has it."""
        if not self._sent:
            self._hold.enter_context(self._clock.hold())
        self._sent[mid] = _Sent(row, self._clock.now_ns())

    def take(self, mid: int) -> Row | None:
        """One was acknowledged; its row. The clock stays held until `rest`."""
        return self._sent.pop(mid).row

    def rest(self) -> None:
        """What follows from an acknowledgement was sent: let the clock go where nothing is on its way."""
        if not self._sent:
            self._hold.close()

    def owed_s(self, now_ns: int) -> float:
        """How long the oldest acknowledgement is owed (dicts keep their order), seconds; 0 where none is."""
        oldest = next(iter(self._sent.values()), None)
        return 0.0 if oldest is None else (now_ns - oldest.sent_ns) / NS_PER_S

    def clear(self) -> None:
        """The connection is lost, and with it all of them."""
        self._sent.clear()
        self._hold.close()
