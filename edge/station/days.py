"""A day of alarm burden as a box has counted it, for the page."""

from __future__ import annotations

from typing import TypedDict

from edge.publish.payload import BurdenMessage
from edge.station.ward import Place


class BoxDay(TypedDict):
    """One bed on one day of the box's local time; what each figure means: `BurdenMessage`."""

    place: str
    day: str
    complete: bool
    physiological: int
    technical: int
    acknowledged: int
    median_s: float | None
    repeated: int
    escalated: int
    minutes_blind: float
    minutes_watched: float


def day_of(place: Place, one: BurdenMessage) -> BoxDay:
    """The day of a message."""
    return BoxDay(
        place=str(place),
        day=one.day,
        complete=one.complete,
        physiological=one.physiological,
        technical=one.technical,
        acknowledged=one.acknowledged,
        median_s=one.median_acknowledge_s,
        repeated=one.repeated,
        escalated=one.escalated,
        minutes_blind=one.minutes_blind,
        minutes_watched=one.minutes_watched,
    )
