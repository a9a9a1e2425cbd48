"""The alarm burden: what is counted, when it is published, and that a restart goes on counting."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.alarm.burden import Burden
from edge.clock import VirtualClock
from edge.publish.outbox import Row
from edge.publish.payload import BurdenMessage, decode
from edge.types import Alert, Condition, Validity
from tests.alarm.scenes import Bed, assessment

NOON_MS = 1_767_265_200_000


class Counted:
    """A bed beside its count."""

    def __init__(self, folder: Path, **delays: float) -> None:
        self.bed = Bed(folder, VirtualClock(NOON_MS))
        self.bed.close()
        self.bed.alarm = self.bed.alarm.model_copy(update=delays)
        self.open()

    def open(self) -> None:
        """Begin as the program does."""
        self.bed.open()
        self.burden = Burden(self.bed.outbox, self.bed.clock, Validity.TEST, self.bed.manager.active())

    def see(self, score: float | None, seconds: int) -> list[Alert]:
        """Show a score, one tick a second."""
        heard: list[Alert] = []
        for _ in range(seconds):
            self.bed.clock.advance(1.0)
            seen = assessment(self.bed.clock.now_ns(), score)
            alerts = self.bed.manager.step(seen, {})
            self.burden.tick(seen)
            for alert in alerts:
                self.burden.count(alert)
            heard += alerts
        return heard

    def acknowledge(self, name: str = "pain") -> None:
        """Acknowledge, and count it."""
        self.burden.count(self.bed.acknowledge(name))

    def published(self) -> list[tuple[Row, BurdenMessage]]:
        """What waits for the broker."""
        rows = self.bed.outbox.waiting(set(), 1000)
        found = [(row, decode(BurdenMessage, row.payload)) for row in rows if row.leaf.startswith("burden/")]
        return [(row, message) for row, message in found if message is not None]


@pytest.fixture
def counted(tmp_path: Path) -> Counted:
    return Counted(tmp_path)


def test_pain_that_is_acknowledged_and_ends(counted: Counted) -> None:
    counted.see(6, 11)
    counted.see(6, 30)
    counted.acknowledge()
    counted.see(1, 30)
    today = counted.burden.publish()
    assert (today.raised, today.physiological, today.technical) == ({Condition.PAIN: 1}, 1, 0)
    assert (today.acknowledged, today.median_acknowledge_s, today.longest_acknowledge_s) == (1, 30.0, 30.0)
    assert (today.repeated, today.escalated, today.minutes_blind) == (0, 0, 0.0)


def test_latched_pain_that_is_acknowledged_counts_from_its_alarm(counted: Counted) -> None:
    counted.see(6, 11)
    counted.see(1, 60)
    counted.acknowledge()
    today = counted.burden.publish()
    assert (today.acknowledged, today.longest_acknowledge_s) == (1, 60.0)


def test_an_alarm_that_comes_again_is_a_repeat_and_not_another(counted: Counted) -> None:
    counted.see(6, 11)
    counted.acknowledge()
    counted.see(6, 301)
    today = counted.burden.publish()
    assert (today.raised[Condition.PAIN], today.repeated) == (1, 1)


def test_a_rise_is_neither(counted: Counted) -> None:
    counted.see(6, 11)
    counted.see(8, 11)
    today = counted.burden.publish()
    assert (today.raised[Condition.PAIN], today.repeated) == (1, 0)


def test_escalation_is_counted(tmp_path: Path) -> None:
    counted = Counted(tmp_path, bed_after_s=60.0, second_station_after_s=120.0)
    counted.see(6, 11 + 121)
    assert counted.burden.publish().escalated == 2


def test_blindness_is_counted_in_minutes(counted: Counted) -> None:
    counted.see(1, 60)
    counted.see(None, 120)
    today = counted.burden.publish()
    assert (today.minutes_blind, today.minutes_watched, today.technical) == (2.0, 3.0, 1)


def test_a_restart_goes_on_counting(counted: Counted) -> None:
    counted.see(6, 11)
    counted.see(None, 120)
    counted.bed.close()
    counted.open()
    counted.acknowledge()
    today = counted.burden.publish()
    assert (today.raised[Condition.PAIN], today.acknowledged) == (1, 1)
    assert today.longest_acknowledge_s == 120.0
    assert today.minutes_blind >= 1.0


def test_it_is_published_every_hour_retained(counted: Counted) -> None:
    counted.see(1, 2 * 3600 + 120)
    found = counted.published()
    assert [message.complete for _, message in found] == [False, False]
    assert all(row.retain and row.expiry_s for row, _ in found)


def test_a_day_is_published_whole_when_it_ends(counted: Counted) -> None:
    counted.see(6, 11)
    counted.bed.clock.step_wall(86_400)
    counted.see(1, 61)
    [whole] = [message for _, message in counted.published() if message.complete]
    assert whole.raised == {Condition.PAIN: 1}
    assert counted.burden.publish().raised == {}
    assert counted.burden.publish().day > whole.day


def test_a_damaged_day_begins_anew(counted: Counted, caplog: pytest.LogCaptureFixture) -> None:
    counted.see(6, 11)
    counted.bed.store.later.settle(last=True)
    with counted.bed.store.transaction() as cursor:
        cursor.execute("UPDATE burden SET state = '{'")
    counted.bed.close()
    counted.open()
    assert counted.burden.publish().raised == {}
    assert "begins anew" in caplog.text
