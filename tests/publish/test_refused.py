"""What a broker's access list refuses: told once, and never in the way of an alarm."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from edge.publish.mqtt import UNDELIVERED_S
from edge.publish.payload import BLIND_MODE, AuditMessage, LoadMessage, head
from edge.publish.topics import EVENT, LOAD, STATE, audit_leaf
from edge.types import NS_PER_S, Validity
from tests.peers.broker import Mosquitto, station, until
from tests.publish.box import SmallBox, running

OLDER = (
    "user box\ntopic read anodyne/ward/bed7/command\ntopic write anodyne/ward/bed7/alarm/#\n"
    "topic write anodyne/ward/bed7/event\ntopic write anodyne/ward/bed7/state\n"
    "topic write anodyne/ward/bed7/availability\nuser nurse\ntopic readwrite anodyne/#\n"
)
"""An access list from before `load`, `sensors` and `audit`."""


@pytest.fixture
def guarded(tmp_path: Path) -> Mosquitto:
    """A broker with passwords and an ACL under which the box may not write events."""
    folder = tmp_path / "guarded"
    folder.mkdir()
    acl = (
        "user box\ntopic read anodyne/ward/bed7/command\ntopic write anodyne/ward/bed7/alarm/#\n"
        "topic write anodyne/ward/bed7/state\ntopic write anodyne/ward/bed7/availability\n"
        "user nurse\ntopic readwrite anodyne/#\n"
    )
    return Mosquitto(folder, {"box": "right", "nurse": "right"}, acl)


def _identity(folder: Path, user: str, password: str) -> dict[str, object]:
    path = folder / f"{user}.password"
    path.write_text(password + "\n")
    return {"username": user, "password_file": path}


async def test_a_wrong_password_is_named_and_nothing_is_lost(
    guarded: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    guarded.start()
    identity = _identity(tmp_path, "box", "wrong")
    async with running(tmp_path, guarded.mqtt(**identity)) as box:
        box.see(8)
        await asyncio.sleep(1.0)
        assert not box.publisher.connected
        assert box.publisher.pending() == 2
        [record] = [one for one in caplog.records if one.levelno >= logging.WARNING]
        assert "refuses user box" in record.message
        assert "password_file" in record.message
        _identity(tmp_path, "box", "right")  # somebody corrects it: no restart is needed
        await until(lambda: box.publisher.connected)
    guarded.kill()


async def test_a_refused_message_stays_in_the_outbox_and_the_others_go(
    guarded: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    guarded.start()
    async with (
        station(guarded.mqtt(**_identity(tmp_path, "nurse", "right"))) as nurse,
        running(tmp_path, guarded.mqtt(**_identity(tmp_path, "box", "right"))) as box,
    ):
        await until(lambda: box.publisher.connected)
        box.raise_alerts(3)
        await until(lambda: len(nurse.alerts("alarm/pain")) == 3)
        await until(lambda: box.publisher.refused == 3)
        assert box.publisher.pending() == 3
    [record] = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert "does not take anodyne/ward/bed7/event: Not authorized" in record.message
    guarded.kill()


def _anchor(box: SmallBox) -> None:
    values = head(box.clock.instant(), box.store.take_number(), Validity.TEST, BLIND_MODE)
    anchor = AuditMessage(**values, day="2026-01-01", entries=1, hash="0" * 64)
    box.outbox.put(audit_leaf(anchor.day), anchor, retain=True)


async def test_an_anchor_that_is_refused_after_the_alert_was_taken_is_no_broken_way(tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(tmp_path / "broker", {"box": "right", "nurse": "right"}, OLDER)
    broker.start()
    async with running(tmp_path, broker.mqtt(**_identity(tmp_path, "box", "right"), station_within_s=0.0)) as box:
        await until(lambda: box.publisher.connected)
        box.see(8)
        _anchor(box)  # on its way together with the alert
        assert await box.publisher.drain(5)
        assert not box.publisher.silent(box.clock.now_ns() + round(UNDELIVERED_S * NS_PER_S))
    broker.kill()


async def test_what_a_broker_may_hang_up_on_goes_behind_alarms_and_state(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with station(mosquitto.mqtt()) as nurse:
        box = SmallBox(tmp_path, mosquitto.mqtt())
        _anchor(box)
        box.publisher.announce(LOAD, lambda values: LoadMessage(**values, level="full"))
        box.see(8)
        task = asyncio.create_task(box.publisher.run())
        await until(lambda: nurse.messages(LOAD))
        order = [one.address.leaf for one in nurse.heard]
        assert max(order.index(EVENT), order.index("alarm/pain"), order.index(STATE)) < order.index(LOAD)
        assert order.index(EVENT) < order.index("audit/2026-01-01")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        box.store.close()
