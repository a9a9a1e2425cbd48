"""The second station shows what the first shows and sounds for what nobody acknowledged in time."""

from __future__ import annotations

import pytest

from edge.publish.payload import AlertMessage
from edge.station.picture import SECOND_UNKNOWN_DELAY_S, UNKNOWN_DELAY_S, Aside, BedPicture, picture
from edge.station.ward import Bed, Ward
from edge.types import NS_PER_S
from tests.station.messages import alert, available, received, state


def bed(message: AlertMessage) -> Bed:
    ward = Ward()
    ward.connected = True
    for leaf, one in (("availability", available(online=True)), ("state", state()), ("alarm/pain", message)):
        ward.hear(received(leaf, one))
    return next(iter(ward.beds.values()))


def at(place: Bed, seconds: float, *, second: bool) -> BedPicture:
    unknown = None if seconds < 30 else Aside(unknown_ns=30 * NS_PER_S)
    return picture(place, unknown or Aside(), round(seconds * NS_PER_S), second=second)


@pytest.mark.parametrize(
    ("reasons", "rings"), [(["AU4", "skin"], ("medium", "")), (["to_second", "AU4"], ("medium", "medium"))]
)
def test_only_what_was_escalated_sounds_there(reasons: list[str], rings: tuple[str, str]) -> None:
    place = bed(alert().model_copy(update={"reasons": reasons}))
    first, second = (at(place, 1.0, second=second) for second in (False, True))
    assert (first["ring"], second["ring"]) == rings
    assert first["look"] == second["look"]
    assert first["alarms"] == second["alarms"]


def test_an_unknown_bed_sounds_there_later() -> None:
    place = bed(alert())
    for seconds, rings in (
        (30 + UNKNOWN_DELAY_S + 1, ("medium", "")),
        (30 + SECOND_UNKNOWN_DELAY_S + 1, ("medium", "medium")),
    ):
        assert tuple(at(place, seconds, second=second)["ring"] for second in (False, True)) == rings
