"""The demonstration's own bookkeeping: a calm told while blind must show up in its figures."""

from __future__ import annotations

import pytest

from edge.demo.ledger import GRACE_S, Ledger, blind_spans
from edge.publish.payload import AlertMessage, StateMessage
from edge.sensors.simulated.scene import Scene, Span
from edge.types import Activation, Alert, Condition, ConditionKind, Presence, Priority, Validity, Verdict

BOOT = "0123456789ab"
SCENE = Scene(
    title="blind from 20 to 30",
    duration_s=40.0,
    face_away=(Span(start_s=10.0, end_s=30.0),),
    band_silent=(Span(start_s=20.0, end_s=35.0),),
)


def state(number: int, at_s: float, verdict: Verdict) -> StateMessage:
    blind = verdict is Verdict.CANNOT_ASSESS
    return StateMessage(
        id=f"{BOOT}-{number}",
        since_boot_ms=round(at_s * 1000),
        wall_ms=0,
        synced=True,
        validity=Validity.DEMO,
        mode="blind" if blind else "face",
        verdict=verdict,
        missing={},
        every_s=10.0,
        score=None if blind else 1.0,
    )


def alert(number: int, presence: Presence, episode: int) -> Alert:
    return Alert(
        id=f"{BOOT}-{number}",
        seq=number,
        episode=f"{BOOT}-{episode}",
        condition=Condition.PAIN,
        kind=ConditionKind.PHYSIOLOGICAL,
        priority=Priority.MEDIUM,
        presence=presence,
        activation=Activation.ON,
        at_ns=0,
        boot_id=BOOT,
        wall_ms=0,
        synced=True,
        validity=Validity.DEMO,
        mode="face",
        missing={},
        score=6.0,
        interval=(5.0, 7.0),
    )


def told(number: int, presence: Presence, episode: int) -> AlertMessage:
    return AlertMessage(
        id=f"{BOOT}-{number}",
        since_boot_ms=0,
        wall_ms=0,
        synced=True,
        validity=Validity.DEMO,
        mode="face",
        episode=episode,
        condition=Condition.PAIN,
        priority=Priority.MEDIUM,
        presence=presence,
        score=6.0,
    )


def test_blind_begins_when_the_later_of_both_has_been_gone_for_the_grace() -> None:
    assert list(blind_spans(SCENE)) == [(20.0 + GRACE_S, 30.0)]


def test_calm_told_while_blind_is_counted() -> None:
    ledger = Ledger(SCENE, 0)
    ledger.on_state(state(1, 0.0, Verdict.CALM))
    report = ledger.report()
    assert report.blind_reported_calm_s == pytest.approx(7.0)
    assert report.blind_s == 0.0


def test_cannot_assess_told_in_time_counts_as_blind_and_not_as_calm() -> None:
    ledger = Ledger(SCENE, 0)
    for number, (at_s, verdict) in enumerate([(0.5, "calm"), (22.0, "cannot_assess"), (31.0, "calm")]):
        ledger.on_state(state(number, at_s, Verdict(verdict)))
    report = ledger.report()
    assert report.blind_reported_calm_s == 0.0
    assert report.blind_s == pytest.approx(9.0)
    assert report.modes == ("face", "blind")
    assert report.first_assessment_s == pytest.approx(0.5)


def test_an_alert_that_never_arrives_is_lost() -> None:
    ledger = Ledger(SCENE, 0)
    ledger.on_alert(alert(7, Presence.ON, 7))
    ledger.on_alert(alert(9, Presence.ON, 9))
    ledger.on_event(told(7, Presence.ON, 7))
    report = ledger.report()
    assert (report.raised, report.delivered, report.lost) == (2, 1, 1)


def test_an_acknowledgement_counts_when_the_box_confirms_it() -> None:
    ledger = Ledger(SCENE, 0)
    ledger.on_alert(alert(7, Presence.ON, 7))
    ledger.on_event(told(7, Presence.ON, 7))
    assert ledger.report().acknowledged == 0
    ledger.on_event(told(8, Presence.ACKNOWLEDGED, 7))
    assert ledger.report().acknowledged == 1


def test_a_change_of_priority_is_not_a_second_episode() -> None:
    ledger = Ledger(SCENE, 0)
    ledger.on_alert(alert(7, Presence.ON, 7))
    ledger.on_alert(alert(8, Presence.ON, 7))
    assert ledger.report().raised == 1
