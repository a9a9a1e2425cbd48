"""What a broker's access list refuses: told once, and never in the way of an alarm."""

from __future__ import annotations

import asyncio
from pathlib import Path

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


def _identity(folder: Path, user: str) -> dict[str, object]:
    path = folder / f"{user}.password"
    path.write_text("right\n")
    return {"username": user, "password_file": path, "station_within_s": 0.0}


def _anchor(box: SmallBox) -> None:
    values = head(box.clock.instant(), box.store.take_number(), Validity.TEST, BLIND_MODE)
    anchor = AuditMessage(**values, day="2026-01-01", entries=1, hash="0" * 64)
    box.outbox.put(audit_leaf(anchor.day), anchor, retain=True)


async def test_an_anchor_that_is_refused_after_the_alert_was_taken_is_no_broken_way(tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(tmp_path / "broker", {"box": "right", "nurse": "right"}, OLDER)
    broker.start()
    async with running(tmp_path, broker.mqtt(**_identity(tmp_path, "box"))) as box:
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
