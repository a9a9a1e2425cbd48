"""A second station shows every bed and sounds only for what nobody has acknowledged elsewhere."""

from __future__ import annotations

import pytest

from edge.publish.payload import AlertMessage
from edge.station.picture import SECOND_UNKNOWN_DELAY_S, UNKNOWN_DELAY_S, Aside, Look, picture
from edge.station.ward import Bed, Place
from edge.types import NS_PER_S, Condition, Presence, Priority
from tests.station.messages import alert, available, state

NOW_NS = 1_000 * NS_PER_S


def escalated(message: AlertMessage) -> AlertMessage:
    return message.model_copy(update={"reasons": ["to_second", *message.reasons]})


def bed_with(*alarms: AlertMessage, silent_s: float = 0.0) -> Bed:
    bed = Bed(Place("ward3", "bed1"))
    bed.state, bed.state_ns, bed.live = state(), NOW_NS - round(silent_s * NS_PER_S), True
    bed.availability = available(online=True)
    for one in alarms:
        bed.alarms[one.condition] = one
    return bed


@pytest.mark.parametrize(("second", "ring"), [(False, "medium"), (True, "")])
def test_a_new_alarm_sounds_at_the_first_station_only(second: bool, ring: str) -> None:
    shown = picture(bed_with(alert()), Aside(second=second), NOW_NS)
    assert (shown["ring"], shown["look"]) == (ring, Look.PAIN)
    assert shown["alarms"][0]["sounding"]


def test_an_escalated_alarm_sounds_at_both() -> None:
    bed = bed_with(escalated(alert()))
    assert [picture(bed, Aside(second=second), NOW_NS)["ring"] for second in (False, True)] == ["medium", "medium"]


def test_the_second_sounds_at_the_priority_of_what_was_escalated() -> None:
    high = alert(Condition.CANNOT_ASSESS, priority=Priority.HIGH, number=21)
    bed = bed_with(escalated(alert()), high)
    assert picture(bed, Aside(second=True), NOW_NS)["ring"] == "medium"


def test_an_acknowledgement_silences_the_second_too() -> None:
    bed = bed_with(escalated(alert(presence=Presence.ACKNOWLEDGED)))
    assert picture(bed, Aside(second=True), NOW_NS)["ring"] == ""


def test_a_bed_that_stays_unknown_sounds_at_the_second_at_last() -> None:
    bed = bed_with(silent_s=900.0)

    def ring(unknown_s: float, *, second: bool) -> str:
        aside = Aside(unknown_ns=NOW_NS - round(unknown_s * NS_PER_S), second=second)
        shown = picture(bed, aside, NOW_NS)
        assert shown["look"] == Look.UNKNOWN
        return shown["ring"]

    assert (ring(UNKNOWN_DELAY_S, second=False), ring(UNKNOWN_DELAY_S, second=True)) == ("medium", "")
    assert ring(SECOND_UNKNOWN_DELAY_S, second=True) == "medium"
