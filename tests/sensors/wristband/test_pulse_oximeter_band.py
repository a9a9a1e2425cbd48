"""The Pulse Oximeter driver against a real GATT server, through bleak's own BlueZ backend."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from edge.clock import SystemClock
from edge.sensors.wristband.ble import BleDriver
from edge.sensors.wristband.pulse_oximeter import SPOT_SILENCE_S, PulseOximeterBand
from edge.sensors.wristband.pulse_oximeter_measurement import DeviceStatus, Reading
from edge.timeline import Timeline
from edge.types import Channel
from tests.peers import oximeter
from tests.peers.band import ADDRESS, Offer, VirtualBand
from tests.peers.ble_radio import Air
from tests.peers.oximeter import OximeterService
from tests.sensors.wristband.streaming import count, take

NORMAL = Reading(97.0, 72.0)

pytestmark = pytest.mark.usefixtures("bluez")


def driver() -> BleDriver:
    config = PulseOximeterBand(driver="ble_pulse_oximeter", name="finger", address=ADDRESS, connect_timeout_s=5.0)
    return BleDriver(config, config.profile(), SystemClock())


@asynccontextmanager
async def worn(air: Air, service: OximeterService) -> AsyncIterator[VirtualBand]:
    band = VirtualBand(air, Offer(heart_rate=False, uart=False), more=[service.service])
    await band.start()
    yield band
    await band.stop()


async def test_pulse_saturation_contact_and_charge_arrive(air: Air) -> None:
    service = OximeterService(tells=DeviceStatus.UNCONNECTED_TO_USER)

    async def play(band: VirtualBand) -> None:
        await band.listened(service.continuous)
        await band.listened(service.spot)
        data = oximeter.continuous(NORMAL, device_status=DeviceStatus(0), amplitude_percent=1.25)
        for _ in range(3):
            await band.notify(service.continuous, data)

    async with worn(air, service) as band:
        channels = (Channel.CONTACT, Channel.BATTERY_PERCENT)
        blocks = await take(driver(), lambda got: all(count(got, channel) for channel in channels), play(band))
    assert {block.channel: float(block.values[0]) for block in blocks} == {
        Channel.CONTACT: 1.0,
        Channel.SPO2_PERCENT: 97.0,
        Channel.HEART_RATE_BPM: 72.0,
        Channel.PERFUSION_PERCENT: 1.25,
        Channel.BATTERY_PERCENT: 90.0,
    }


async def test_an_oximeter_with_damaged_features_measures_all_the_same(air: Air) -> None:
    service = OximeterService(features=b"\x02\x00")

    async def play(band: VirtualBand) -> None:
        await band.listened(service.continuous)
        await band.notify(service.continuous, oximeter.continuous(NORMAL, device_status=DeviceStatus(0)))

    async with worn(air, service) as band:
        blocks = await take(driver(), lambda got: bool(count(got, Channel.HEART_RATE_BPM)), play(band))
    assert count(blocks, Channel.CONTACT) == 0  # nothing says that it would notice a finger that is gone


async def test_spot_checks_keep_the_distance_that_the_oximeters_clock_gives_them(air: Air) -> None:
    service = OximeterService(continuous=False)

    async def play(band: VirtualBand) -> None:
        await band.listened(service.spot)
        for minute in (0, 7):
            at = datetime(2026, 11, 22, 21, minute, tzinfo=UTC)
            await band.indicate(service.spot, oximeter.spot(Reading(96.0, 70.0 + minute), at))

    finger = driver()
    async with worn(air, service) as band:
        blocks = await take(finger, lambda got: count(got, Channel.HEART_RATE_BPM) == 2, play(band))
    assert finger.stall_after_s == SPOT_SILENCE_S
    rates = [block for block in blocks if block.channel is Channel.HEART_RATE_BPM]
    assert [float(block.values[0]) for block in rates] == [70.0, 77.0]
    assert rates[0].device_s is not None
    assert rates[1].device_s == rates[0].device_s + 420.0
    timeline = Timeline()
    for block in blocks:
        timeline.push(block)
    assert timeline.newest_ns("finger", Channel.SPO2_PERCENT) is not None
