"""What a station's record can do, whichever database keeps it: SQLite for a ward, PostgreSQL besides for a hospital."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from edge.publish.payload import AlertMessage, NoteMessage
from edge.station.requests import HeardCommand

Value: TypeAlias = str | int | float | bytes | None
"""What a column holds."""

Row: TypeAlias = tuple[Value, ...]
"""What a query gives."""


@dataclass(frozen=True, slots=True)
class Minute:
    """One bed in one minute.

    Attributes:
        place: SITE/BED.
        minute: Unix minutes of the station's clock.
        sight: the worst that was seen in it ("pain", "cannot assess", "calm").
        low, high: lowest and highest score; None where there was none.
        mode: modalities in use at its last state.
        seq: the box's running number of that state.
    """

    place: str
    minute: int
    sight: str
    low: float | None
    high: float | None
    mode: str
    seq: int = 0


class Reading(Protocol):
    """Looking things up; may wait for a database, so call it in a worker thread."""

    def events(self, place: str | None, limit: int) -> list[Row]:
        """Newest alarm transitions.

        Heard (Unix ms), place, condition, presence, priority, validity, reasons (JSON), id.
        """
        ...

    def deeds(self, place: str | None, limit: int) -> list[Row]:
        """Newest commands: heard (Unix ms), place, what, by whom, detail, done (None: not answered), reply."""
        ...

    def notes(self, place: str | None, limit: int) -> list[Row]:
        """Newest notes: written (Unix ms), place, by whom, words."""
        ...

    def trend(self, first_minute: int, place: str | None) -> list[Row]:
        """Minutes from this one on: place, minute, sight, highest score."""
        ...

    def episodes(self, since_ms: int) -> list[Row]:
        """Episodes heard of since: place, number, condition, begun and acknowledged (Unix ms of the box, or None)."""
        ...


class History(Reading, Protocol):
    """Writing things down: never waits, never raises."""

    @property
    def fault(self) -> str:
        """Why nothing is being kept; "" while it is."""
        ...

    @property
    def away(self) -> str:
        """What is kept here only for now, as a sentence for the page; "" where nothing is."""
        ...

    def alarm(self, place: str, alert: AlertMessage, heard_ms: int) -> None:
        """Note a transition, once however often it is heard."""
        ...

    def deed(self, place: str, command: HeardCommand, heard_ms: int) -> None:
        """Note a command, of whichever station."""
        ...

    def answered(self, command_id: str, *, ok: bool, reply: str) -> None:
        """Note the box's answer to a command."""
        ...

    def note(self, place: str, note: NoteMessage) -> None:
        """Keep a note, once."""
        ...

    def minutes(self, minutes: Iterable[Minute]) -> None:
        """Keep minutes of trends, joined to what is kept of the same minutes."""
        ...

    def forget(self, before_ms: int, now_ms: int) -> None:
        """Drop what is older than the station keeps, and sign-ins that are over."""
        ...

    def acknowledged(self, limit: int) -> list[Row]:
        """Newest acknowledgements that were carried out: place, episode, by whom."""
        ...
