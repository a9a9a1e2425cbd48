"""The Heart Rate driver against a real GATT server, through bleak's own BlueZ backend."""

from __future__ import annotations

import pytest

from edge.clock import SystemClock
from edge.errors import DecodeReason, SensorError, SensorReason
from edge.sensors.wristband import heart_rate
from edge.sensors.wristband.ble import BleDriver
from edge.sensors.wristband.heart_rate import HeartRateBand
from edge.types import Channel
from tests.peers.band import NAME, Offer, VirtualBand
from tests.peers.ble_radio import Air
from tests.peers.bluez_faults import FaultyBlueZ
from tests.sensors.wristband.streaming import count, take

WITH_CONTACT_AND_BEAT = bytes([0x16, 72, 0x00, 0x04])
"""72 per minute, worn, one RR interval of 1024/1024 s."""


def driver(device_name: str = NAME, connect_timeout_s: float = 5.0) -> BleDriver:
    config = HeartRateBand(
        driver="ble_heart_rate", name="strap", device_name=device_name, connect_timeout_s=connect_timeout_s
    )
    return BleDriver(config, config.profile(), SystemClock())


async def play(band: VirtualBand, *values: bytes) -> None:
    await band.listened(band.heart_rate)
    for value in values:
        await band.notify(band.heart_rate, value)


async def test_heart_rate_beats_contact_and_charge_arrive(band: VirtualBand) -> None:
    blocks = await take(driver(), lambda got: len(got) == 4, play(band, WITH_CONTACT_AND_BEAT))
    assert {block.channel: float(block.values[0]) for block in blocks} == {
        Channel.CONTACT: 1.0,
        Channel.HEART_RATE_BPM: 72.0,
        Channel.IBI_S: 1.0,
        Channel.BATTERY_PERCENT: 90.0,
    }


async def test_a_cut_measurement_costs_only_itself(band: VirtualBand) -> None:
    strap = driver()
    values = [bytes([0x00, 70]), bytes([0x01, 70]), b"", bytes([0x00, 71])]
    blocks = await take(strap, lambda got: count(got, Channel.HEART_RATE_BPM) == 2, play(band, *values))
    rates = [float(block.values[0]) for block in blocks if block.channel is Channel.HEART_RATE_BPM]
    assert rates == [70.0, 71.0]
    assert strap.damage.counts[DecodeReason.SHORT] >= 1


@pytest.mark.usefixtures("bluez")
async def test_a_band_that_is_not_there_is_not_found() -> None:
    with pytest.raises(SensorError, match="switched on, charged, within reach") as raised:
        await take(driver("Nobody", connect_timeout_s=1.0), bool)
    assert raised.value.reason is SensorReason.NOT_FOUND


@pytest.mark.usefixtures("bluez")
async def test_another_kind_of_band_is_told_so(air: Air) -> None:
    band = VirtualBand(air, Offer(heart_rate=False))
    await band.start()
    with pytest.raises(SensorError, match="choose another `driver`") as raised:
        await take(driver(), bool)
    assert raised.value.reason is SensorReason.WRONG_DEVICE
    await band.stop()


@pytest.mark.usefixtures("band")
async def test_a_connected_band_that_sends_nothing_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart_rate.HeartRate, "silence_s", 0.3)
    with pytest.raises(SensorError, match="sends nothing") as raised:
        await take(driver(), bool)
    assert raised.value.reason is SensorReason.NO_DATA


async def test_a_radio_that_is_switched_off_is_named(bluez: FaultyBlueZ) -> None:
    await bluez.power(on=False)
    with pytest.raises(SensorError, match="bluetoothctl power on") as raised:
        await take(driver(), bool)
    assert raised.value.reason is SensorReason.RADIO_OFF


async def test_a_box_without_bluetooth_service_is_told_how_to_start_it(
    bus_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus_address)
    with pytest.raises(SensorError, match="systemctl enable --now bluetooth") as raised:
        await take(driver(), bool)
    assert raised.value.reason is SensorReason.RADIO_OFF


async def test_a_box_without_message_bus_is_told_so(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path_factory.getbasetemp()}/no-such-socket")
    with pytest.raises(SensorError, match="message bus cannot be reached") as raised:
        await take(driver(), bool)
    assert raised.value.reason is SensorReason.RADIO_OFF
