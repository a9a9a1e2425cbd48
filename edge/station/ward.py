"""What a station knows of its beds. Pure: messages and times in, a picture out.

Blind is not calm here either: a bed is calm only while a fresh, live message of a connected box says so. What was
retained at the broker may be hours old and counts as stale until the box itself speaks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from edge.publish.payload import (
    AlertMessage,
    AuditMessage,
    AvailabilityMessage,
    BurdenMessage,
    Head,
    HealthMessage,
    LoadMessage,
    ReplyMessage,
    SensorsMessage,
    StateMessage,
)
from edge.publish.sensors import SENSORS_EVERY_S, SENSORS_STALE_PERIODS
from edge.publish.subscriber import Received
from edge.publish.topics import EVENT
from edge.types import NS_PER_S, Condition, Presence, Priority, Validity, Verdict

STALE_PERIODS = 3
"""A state is stale after this many of its own periods (`every_s`), as docs/mqtt.md promises."""

EVENTS_KEPT = 100
"""Newest transitions kept for the list of events: about a night of a busy bed."""

DAYS_KEPT = 14
"""Days of alarm burden kept of each bed: two weeks, of which a person in charge may ask."""

_RANK = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2}
_ORDER = {Presence.ON: 0, Presence.LATCHED: 1, Presence.ACKNOWLEDGED: 2, Presence.OFF: 3}


class Sight(StrEnum):
    """How a bed stands, worst first."""

    OFFLINE = "offline"
    STALE = "stale"
    BLIND = "cannot assess"
    PAIN = "pain"
    CALM = "calm"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One bed."""

    site: str
    bed: str

    def __str__(self) -> str:
        """As in the topics: site, slash, bed."""
        return f"{self.site}/{self.bed}"


@dataclass(slots=True)
class Bed:
    """What is known of one bed.

    Attributes:
        place: which bed.
        state: newest assessment.
        state_ns: when it arrived, on the station's monotonic clock.
        state_wall_ms: the same on the station's wall clock, Unix milliseconds; None where nobody asked it.
        live: whether it arrived live, not from what the broker retained.
        availability: newest word on the box's connection.
        alarms: current state of each condition.
        sensors: newest word on its sensors.
        burden: alarm burden as the box itself counts it, by its local date; the newest `DAYS_KEPT`.
    """

    place: Place
    state: StateMessage | None = None
    state_ns: int = 0
    state_wall_ms: int | None = None
    live: bool = False
    availability: AvailabilityMessage | None = None
    alarms: dict[Condition, AlertMessage] = field(default_factory=dict[Condition, AlertMessage])
    sensors: SensorsMessage | None = None
    burden: dict[str, BurdenMessage] = field(default_factory=dict[str, BurdenMessage])

    @property
    def validity(self) -> Validity | None:
        """Real, test or demo, as its newest message says."""
        heads: list[Head] = [one for one in (self.state, self.availability) if one is not None]
        heads += self.alarms.values()
        return heads[0].validity if heads else None

    def age_s(self, now_ns: int) -> float | None:
        """Seconds since the last live assessment; None where there was none."""
        return (now_ns - self.state_ns) / NS_PER_S if self.live else None

    def charges(self) -> SensorsMessage | None:
        """The word on its sensors, where it belongs to the newest state: of the same start of the box, and not old."""
        if self.sensors is None or self.state is None or self.sensors.boot_id != self.state.boot_id:
            return None
        age_ms = self.state.since_boot_ms - self.sensors.since_boot_ms
        return self.sensors if age_ms <= SENSORS_STALE_PERIODS * SENSORS_EVERY_S * 1000 else None

    def sight(self, now_ns: int) -> Sight:
        """How the bed stands now."""
        if self.availability is not None and not self.availability.online:
            return Sight.OFFLINE
        age_s = self.age_s(now_ns)
        if self.state is None or age_s is None or age_s > STALE_PERIODS * self.state.every_s:
            return Sight.STALE
        return {Verdict.CANNOT_ASSESS: Sight.BLIND, Verdict.PAIN: Sight.PAIN, Verdict.CALM: Sight.CALM}[
            self.state.verdict
        ]


@dataclass(frozen=True, slots=True)
class Line:
    """One transition, for the lists."""

    place: Place
    alert: AlertMessage


class Ward:
    """All beds that were heard of."""

    def __init__(self) -> None:
        """No bed yet."""
        self.beds: dict[Place, Bed] = {}
        self.events: list[Line] = []
        self.replies: list[ReplyMessage] = []
        self.connected = False

    def expect(self, place: Place) -> None:
        """Show this bed even where nothing was heard of it."""
        self.beds.setdefault(place, Bed(place))

    def lose(self) -> None:
        """The station's own connection is lost: nothing that was heard is live any more."""
        self.connected = False
        for bed in self.beds.values():
            bed.live = False

    def hear(self, received: Received, wall_ms: int | None = None) -> None:
        """Take in one message; `wall_ms`: the station's wall clock, to be held against the box's."""
        place = Place(received.address.site, received.address.bed)
        bed = self.beds.setdefault(place, Bed(place))
        match received.message:
            case StateMessage() as state:
                bed.state, bed.state_ns, bed.live = state, received.arrived_ns, not received.retained
                bed.state_wall_ms = None if received.retained else wall_ms
            case AvailabilityMessage() as availability:
                bed.availability = availability
            case ReplyMessage() as reply:
                self.replies = [*self.replies[-9:], reply]
            case SensorsMessage() as sensors:
                bed.sensors = sensors
            case AlertMessage() as alert if received.address.leaf == EVENT:
                self.events = [*self.events[1 - EVENTS_KEPT :], Line(place, alert)]
            case AlertMessage() as alert:
                known = bed.alarms.get(alert.condition)
                if known is None or not (received.retained and _is_older(alert, known)):
                    bed.alarms[alert.condition] = alert
            case BurdenMessage() as burden:
                bed.burden[burden.day] = burden
                for day in sorted(bed.burden)[:-DAYS_KEPT]:
                    del bed.burden[day]
            case LoadMessage() | AuditMessage() | HealthMessage():
                pass  # for engineers: nothing at the bed follows from them
            case _:
                raise AssertionError(f"no such message: {received.message}")

    def sorted_beds(self) -> list[Bed]:
        """By site and bed."""
        return [self.beds[place] for place in sorted(self.beds)]

    def active(self) -> list[Line]:
        """Alarms that are not over: sounding before silenced, then by priority, then the oldest first."""
        lines = [
            Line(bed.place, alert)
            for bed in self.beds.values()
            for alert in bed.alarms.values()
            if alert.presence is not Presence.OFF
        ]
        return sorted(lines, key=lambda one: (_ORDER[one.alert.presence], _RANK[one.alert.priority], one.alert.wall_ms))


def _is_older(one: Head, other: Head) -> bool:
    """Whether one is certainly older: a broker that was killed may have kept an old message and lost the newer ones."""
    if one.boot_id == other.boot_id:
        return one.since_boot_ms < other.since_boot_ms
    return one.synced and other.synced and one.wall_ms < other.wall_ms
