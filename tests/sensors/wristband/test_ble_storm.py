"""A hundred lost links in a row, and the sudden death of the process behind the radio."""

from __future__ import annotations

import os
import signal

import pytest

from edge.clock import SystemClock
from edge.errors import SensorReason
from edge.sensors.backoff import Backoff
from edge.sensors.wristband import radio
from edge.sensors.wristband.ble import BleDriver
from edge.sensors.wristband.nordic_uart import NordicUartBand
from edge.types import SensorState
from tests.bench.storm import storm
from tests.peers.ble_world import ADDRESSES, world
from tests.sensors.wristband.streaming import watched

PATIENT = Backoff(first_s=15.0, cap_s=15.0, jitter=0.0)


@pytest.fixture
def bus(bus_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The message bus, as bleak will find it."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus_address)
    return bus_address


def driver(connect_timeout_s: float = 5.0) -> BleDriver:
    config = NordicUartBand(driver="ble_uart", name="wrist", address=ADDRESSES[0], connect_timeout_s=connect_timeout_s)
    return BleDriver(config, config.profile(), SystemClock())


async def test_a_hundred_reconnects_leave_no_task_descriptor_connection_or_match_rule_behind(bus: str) -> None:
    marks = [held async for held in storm(bus, 102, every=51)]
    kept = {(held.descriptors, held.tasks, held.match_rules, held.connections) for held in marks}
    assert [held.reconnects for held in marks] == [0, 51, 102]
    assert len(kept) == 1
    # The first half fills caches; 10,000 reconnects are `make test-soak-bands`.
    assert marks[2].resident_kib - marks[1].resident_kib < 1024


async def test_the_death_of_the_process_behind_the_radio_is_told_at_once_and_survived(bus: str) -> None:
    async with watched(driver(), PATIENT) as wrist:
        async with world(bus) as first:
            await wrist.until_state(SensorState.STREAMING)
            first.process.kill()
            told = await wrist.until_state(SensorState.LOST, SensorReason.RADIO_OFF)
        async with world(bus):
            await wrist.until_state(SensorState.STREAMING)
    assert "systemctl status bluetooth" in told.detail


@pytest.mark.parametrize("when", ["before-the-search", "while-searching"])
async def test_a_bluetooth_service_that_hangs_is_told_and_survived(
    bus: str, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.setattr(radio, "HANG_S", 0.3)
    async with world(bus) as air:
        await air.do("vanish")
        if when == "before-the-search":
            os.kill(air.process.pid, signal.SIGSTOP)
        async with watched(driver(1.0), Backoff(first_s=0.1, cap_s=0.1)) as wrist:
            if when == "while-searching":
                await wrist.until_state(SensorState.LOST, SensorReason.NOT_FOUND)
                os.kill(air.process.pid, signal.SIGSTOP)
            told = await wrist.until_state(SensorState.LOST, SensorReason.RADIO_OFF)
            os.kill(air.process.pid, signal.SIGCONT)
            await air.do("come_back")
            await wrist.until_state(SensorState.STREAMING)
    assert "systemctl restart bluetooth" in told.detail
