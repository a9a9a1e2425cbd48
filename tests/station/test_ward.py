"""What a station believes of a bed: blind is not calm here either."""

from __future__ import annotations

import pytest
from rich.console import Console

from edge.cli.watch import Keys
from edge.publish.contract.examples import examples
from edge.publish.payload import Head
from edge.station.terminal import render
from edge.station.ward import Place, Sight, Ward
from edge.types import NS_PER_S, Condition, Presence, Priority, Verdict
from tests.station.messages import alert, available, received, state

BED = Place("ward", "bed7")


def sight(ward: Ward, at_s: float) -> Sight:
    return ward.beds[BED].sight(round(at_s * NS_PER_S))


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [(Verdict.CALM, Sight.CALM), (Verdict.PAIN, Sight.PAIN), (Verdict.CANNOT_ASSESS, Sight.BLIND)],
)
def test_a_live_state_is_believed(verdict: Verdict, expected: Sight) -> None:
    ward = Ward()
    ward.hear(received("state", state(verdict)))
    assert sight(ward, 1) is expected


def test_a_retained_state_is_stale_until_the_box_speaks() -> None:
    ward = Ward()
    ward.hear(received("availability", available(online=True), retained=True))
    ward.hear(received("state", state(), retained=True))
    assert sight(ward, 0) is Sight.STALE
    ward.hear(received("state", state(number=2), at_s=5))
    assert sight(ward, 6) is Sight.CALM


def test_a_silent_box_is_stale_after_three_periods() -> None:
    ward = Ward()
    ward.hear(received("state", state()))
    assert sight(ward, 30) is Sight.CALM
    assert sight(ward, 31) is Sight.STALE


def test_a_box_whose_last_will_came_is_offline() -> None:
    ward = Ward()
    ward.hear(received("state", state()))
    ward.hear(received("availability", available(online=False), at_s=1))
    assert sight(ward, 1) is Sight.OFFLINE


def test_a_station_that_lost_its_broker_believes_nothing() -> None:
    ward = Ward()
    ward.hear(received("state", state()))
    ward.lose()
    assert sight(ward, 1) is Sight.STALE


def test_alarms_are_sorted_sounding_first_then_by_priority() -> None:
    ward = Ward()
    ward.hear(received("alarm/pain", alert(presence=Presence.ACKNOWLEDGED, priority=Priority.HIGH)))
    ward.hear(received("alarm/face_lost", alert(Condition.FACE_LOST, priority=Priority.LOW)))
    ward.hear(received("alarm/cannot_assess", alert(Condition.CANNOT_ASSESS, priority=Priority.MEDIUM)))
    assert [one.alert.condition for one in ward.active()] == [
        Condition.CANNOT_ASSESS,
        Condition.FACE_LOST,
        Condition.PAIN,
    ]


def test_an_alarm_that_is_over_is_not_listed() -> None:
    ward = Ward()
    ward.hear(received("alarm/pain", alert()))
    ward.hear(received("alarm/pain", alert(presence=Presence.OFF, number=21)))
    assert ward.active() == []


def screen(ward: Ward, at_s: float) -> str:
    console = Console(width=120, record=True, quiet=True)
    with console.capture() as capture:
        console.quiet = False
        console.print(render(ward, ward.active(), round(at_s * NS_PER_S)))
    return capture.get()


def test_the_screen_shows_no_score_of_a_stale_bed() -> None:
    ward = Ward()
    ward.connected = True
    ward.hear(received("state", state()))
    assert "2.0" in screen(ward, 1)
    assert "2.0" not in screen(ward, 60)
    assert "stale" in screen(ward, 60)


def test_the_screen_says_when_it_is_cut_off() -> None:
    ward = Ward()
    assert "not connected" in screen(ward, 0)
    ward.hear(received("state", state()))
    ward.lose()
    assert "NOT CONNECTED" in screen(ward, 1)


def test_an_alarm_of_a_lost_box_is_shown_as_last_heard() -> None:
    ward = Ward()
    ward.hear(received("alarm/pain", alert(), retained=True))
    assert "when last" in screen(ward, 1)


def test_keys_acknowledge_and_leave() -> None:
    done: list[int] = []
    keys = Keys(done.append, lambda: done.append(-1))
    for key in "1\na12\nax3\na\nq":
        keys.press(key)
    assert done == [12, -1]


def test_whatever_a_box_publishes_is_taken_in() -> None:
    ward = Ward()
    heard = [received(leaf, message) for leaf, message in examples().values() if isinstance(message, Head)]
    for one in heard:
        ward.hear(one)
    assert {"load", "sensors", "audit/2026-01-01", "reply"} <= {one.address.leaf for one in heard}
    assert ward.beds[BED].state is not None


def test_what_a_broker_kept_gives_way_to_what_is_newer_but_a_live_message_never_does() -> None:
    def shown() -> Presence:
        return ward.beds[BED].alarms[Condition.PAIN].presence

    ward = Ward()
    raised = alert(number=20)
    ended = alert(presence=Presence.OFF, number=21)
    ended = ended.model_copy(update={"since_boot_ms": raised.since_boot_ms + 1})
    ward.hear(received("alarm/pain", ended))
    ward.hear(received("alarm/pain", raised, retained=True))
    assert shown() is Presence.OFF
    ward.hear(received("alarm/pain", raised))
    assert shown() is Presence.ON
    ward.hear(received("alarm/pain", ended, retained=True))
    assert shown() is Presence.OFF
    other_boot = raised.model_copy(update={"id": "ba9876543210-1", "synced": False, "wall_ms": 0})
    ward.hear(received("alarm/pain", other_boot, retained=True))
    assert shown() is Presence.ON  # nobody can say which is older
