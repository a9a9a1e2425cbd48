"""Alarm state across restarts and boots."""

from __future__ import annotations

from edge.clock import VirtualClock
from edge.publish.payload import AlertMessage, decode
from edge.types import Condition
from tests.alarm.scenes import Bed, told


def test_an_alarm_is_on_disk_before_it_is_returned(bed: Bed) -> None:
    [alert] = bed.see(6, 11)
    bed.restart()
    assert bed.manager.active() == (alert,)
    assert bed.manager.restored() == (alert,)


def test_an_alarm_and_its_outbox_rows_are_committed_together(bed: Bed) -> None:
    [alert] = bed.see(6, 11)
    bed.restart()
    rows = bed.outbox.waiting(set(), 10)
    assert [(row.leaf, row.retain) for row in rows] == [("event", False), ("alarm/pain", True)]
    messages = [decode(AlertMessage, row.payload) for row in rows]
    assert {message.id for message in messages if message} == {alert.id}


def test_a_restored_alarm_goes_on_where_it_was(bed: Bed) -> None:
    [alert] = bed.see(8, 11)
    bed.restart()
    assert bed.see(8, 60) == []
    [latched] = bed.see(1, 21)
    assert (told([latched]), latched.episode) == (["latched high"], alert.episode)


def test_the_condition_delay_begins_anew(bed: Bed) -> None:
    bed.see(6, 9)
    bed.restart()
    assert bed.see(6, 10) == []
    assert told(bed.see(6, 1)) == ["on medium"]


def test_an_acknowledgement_keeps_its_time_within_a_boot(bed: Bed) -> None:
    bed.see(6, 11)
    bed.acknowledge()
    bed.see(6, 200)
    bed.restart()
    assert bed.see(6, 99) == []
    assert told(bed.see(6, 1)) == ["on medium"]


def test_an_acknowledgement_of_another_boot_counts_from_the_start(bed: Bed) -> None:
    bed.see(6, 11)
    bed.acknowledge()
    bed.see(6, 200)
    bed.restart(VirtualClock(boot_id="ba9876543210"))
    assert bed.see(6, 299) == []
    assert told(bed.see(6, 1)) == ["on medium"]


def test_a_restored_alarm_can_be_acknowledged_before_anything_was_seen(bed: Bed) -> None:
    [alert] = bed.see(6, 11)
    bed.restart(VirtualClock(boot_id="ba9876543210"))
    acknowledged = bed.acknowledge()
    assert (acknowledged.episode, acknowledged.score) == (alert.episode, alert.score)
    assert acknowledged.boot_id == "ba9876543210"


def test_latched_pain_acknowledged_after_a_restart_waits_for_calm_to_be_seen(bed: Bed) -> None:
    bed.see(6, 11)
    bed.see(1, 21)
    bed.restart()
    assert told([bed.acknowledge()]) == ["acknowledged medium"]
    assert told(bed.see(1, 21)) == ["off medium"]


def test_numbers_are_never_used_twice(bed: Bed) -> None:
    numbers: list[int] = []
    for _ in range(5):
        numbers += [one.seq for one in bed.see(6, 11)]
        numbers.append(bed.acknowledge().seq)
        numbers += [one.seq for one in bed.see(1, 21)]
        bed.restart()
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 15


def test_conditions_that_are_over_are_restored_too(bed: Bed) -> None:
    bed.see(None, 16)
    [off] = bed.see(1, 6)
    bed.restart()
    assert bed.manager.active() == ()
    assert [one.condition for one in bed.manager.restored()] == [Condition.CANNOT_ASSESS]
    assert bed.manager.restored() == (off,)
