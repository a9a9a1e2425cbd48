"""What is sent late is marked or dropped, whatever the wall clock says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.clock import Instant
from edge.publish.age import age_ms
from edge.publish.cbor import MAX_CBOR_BYTES, decode_alert, encode_alert
from edge.publish.outbox import Outbox
from edge.publish.payload import MAX_ALERT_BYTES, MAX_LATE_S, AlertMessage, ReplyMessage, alert_message, late_message
from edge.store import Store
from edge.types import Validity
from tests.peers.broker import Mosquitto, station, until
from tests.publish.box import running
from tests.publish.test_confirmation import PushedClock
from tests.publish.test_payload import worst_alerts
from tests.station.messages import alert

BOOT, OTHER = "0123456789ab", "ba9876543210"
DAY_MS = 86_400_000


def at(seconds: float, *, boot: str = BOOT, wall_ms: int = 1_767_225_600_000, synced: bool = True) -> Instant:
    return Instant(boot, round(seconds * 1e9), wall_ms, synced)


def reply(seconds: float) -> ReplyMessage:
    return ReplyMessage(
        id=f"{BOOT}-1", since_boot_ms=round(seconds * 1000), wall_ms=0, synced=False, validity=Validity.TEST,
        mode="blind", to="c1", ok=True,
    )  # fmt: skip


def sent(seconds: float, wall_ms: int = 1_767_225_600_000, *, synced: bool = True) -> AlertMessage:
    return alert(number=1).model_copy(
        update={"id": f"{BOOT}-1", "since_boot_ms": round(seconds * 1000), "wall_ms": wall_ms, "synced": synced}
    )


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    store = Store.open(tmp_path / "state.db")
    yield Outbox(store)
    store.close()


def test_a_wall_clock_that_is_wrong_by_a_day_ages_nothing_within_a_boot() -> None:
    message = sent(10.0)
    for wrong_ms in (-DAY_MS, DAY_MS):
        assert age_ms(message, at(12.0, wall_ms=message.wall_ms + wrong_ms)) == 2000


def test_across_a_reboot_the_wall_clock_counts_only_where_it_was_right_at_both_ends() -> None:
    later = 1_767_225_600_000 + 600_000
    assert age_ms(sent(10.0), at(5.0, boot=OTHER, wall_ms=later)) == 600_000
    assert age_ms(sent(10.0, synced=False), at(5.0, boot=OTHER, wall_ms=later)) == 5000
    assert age_ms(sent(10.0), at(5.0, boot=OTHER, wall_ms=later, synced=False)) == 5000
    assert age_ms(sent(10.0), at(5.0, boot=OTHER, wall_ms=later - DAY_MS)) == 5000


def test_a_reply_that_nobody_waits_for_any_more_is_dropped_and_alerts_are_not(outbox: Outbox) -> None:
    outbox.put("reply", reply(10.0), expiry_s=300)
    outbox.put("event", sent(10.0))
    assert outbox.tidy(at(309.0)) == 0
    assert outbox.tidy(at(311.0, wall_ms=0)) == 1
    assert [row.leaf for row in outbox.waiting(set(), 10)] == ["event"]


def test_of_late_alarm_states_only_the_newest_is_sent_and_every_event(outbox: Outbox) -> None:
    for number in range(3):
        message = sent(10.0 + number).model_copy(update={"id": f"{BOOT}-{number}"})
        outbox.put("event", message)
        outbox.put("alarm/pain", message, retain=True)
    assert outbox.tidy(at(20.0)) == 0
    assert outbox.tidy(at(200.0)) == 2
    assert [row.leaf for row in outbox.waiting(set(), 10)] == ["event", "event", "event", "alarm/pain"]


async def test_an_alert_that_waited_is_marked_late_and_its_state_is_not(mosquitto: Mosquitto, tmp_path: Path) -> None:
    clock = PushedClock()
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt(), clock) as box:
        [raised] = box.see(8)
        clock.push_s = 120.0  # before the box has had a chance to connect
        await until(lambda: nurse.alerts() and nurse.alerts("alarm/pain"), 40)
        [late], [now] = nurse.alerts(), nurse.alerts("alarm/pain")
    assert late.id == now.id == raised.id
    assert late.late_s is not None
    assert 119 <= late.late_s <= 165
    assert now.late_s is None


def test_the_longest_alert_still_fits_when_it_is_late() -> None:
    for worst in worst_alerts():
        late = late_message(alert_message(worst), 1e12)
        assert late.late_s == MAX_LATE_S
        assert len(late.encode()) <= MAX_ALERT_BYTES
        packed = encode_alert(late)
        assert len(packed) <= MAX_CBOR_BYTES
        assert decode_alert(packed).late_s == MAX_LATE_S


async def test_a_state_that_is_stale_by_the_time_there_is_a_broker_is_dropped(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    clock = PushedClock()
    mosquitto.kill()
    async with running(tmp_path, mosquitto.mqtt(), clock) as box:
        box.see(1)
        clock.push_s = 40.0
        mosquitto.start()
        async with station(mosquitto.mqtt()) as nurse:
            await until(lambda: nurse.messages("availability"))
            await until(lambda: box.publisher.connected)
            assert nurse.messages("state") == []
            box.see(1)
            await until(lambda: len(nurse.messages("state")) == 1)
