"""Bands under care while their radio fails: what is told, and how soon they are back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from bumble.hci import Address

from edge.clock import SystemClock
from edge.errors import SensorReason
from edge.sensors.backoff import Backoff
from edge.sensors.wristband import radio
from edge.sensors.wristband.ble import BleDriver
from edge.sensors.wristband.nordic_uart import NordicUart, NordicUartBand
from edge.types import NS_PER_S, SensorState
from tests.peers.band import ADDRESS, VirtualBand
from tests.peers.ble_radio import Air
from tests.peers.bluez_faults import FaultyBlueZ
from tests.sensors.wristband.streaming import Watched, ppg_frame, watched

OTHER = "C0:00:00:00:00:02"
THIRD = "C0:00:00:00:00:03"
ABSENT = "C0:00:00:00:00:99"

PATIENT = Backoff(first_s=15.0, cap_s=15.0, jitter=0.0)
"""Waits that no test sits out: who streams again within its seconds was woken by the band."""


def driver(address: str = ADDRESS, name: str = "wrist", connect_timeout_s: float = 10.0) -> BleDriver:
    config = NordicUartBand(driver="ble_uart", name=name, address=address, connect_timeout_s=connect_timeout_s)
    return BleDriver(config, config.profile(), SystemClock())


@asynccontextmanager
async def playing(*bands: VirtualBand) -> AsyncIterator[None]:
    """Bands that send a quarter of a second of PPG ten times per second, whenever somebody listens."""

    async def play(band: VirtualBand) -> None:
        first = 0
        while True:
            await band.listened(band.uart_tx)
            await band.send(ppg_frame(first))
            first += 16
            await asyncio.sleep(0.1)

    tasks = [asyncio.create_task(play(band)) for band in bands]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def seconds_until_streaming(wrist: Watched) -> float:
    began_ns = SystemClock().now_ns()
    await wrist.until_state(SensorState.STREAMING)
    return (SystemClock().now_ns() - began_ns) / NS_PER_S


async def test_an_adapter_that_is_switched_off_while_streaming_is_named_and_the_band_comes_back_with_it(
    band: VirtualBand, bluez: FaultyBlueZ
) -> None:
    async with playing(band), watched(driver(), PATIENT) as wrist:
        await wrist.until_state(SensorState.STREAMING)
        await bluez.power(on=False)
        told = await wrist.until_state(SensorState.LOST, SensorReason.RADIO_OFF)
        await asyncio.sleep(0.5)
        await bluez.power(on=True)
        assert await seconds_until_streaming(wrist) < 1.5
    assert "bluetoothctl power on" in told.detail


async def test_an_adapter_that_is_pulled_out_is_named_and_the_band_comes_back_with_it(
    band: VirtualBand, bluez: FaultyBlueZ
) -> None:
    async with playing(band), watched(driver(), PATIENT) as wrist:
        await wrist.until_state(SensorState.STREAMING)
        await bluez.unplug()
        told = await wrist.until_state(SensorState.LOST, SensorReason.RADIO_OFF)
        await asyncio.sleep(0.5)
        await bluez.plug_in()
        assert await seconds_until_streaming(wrist) < 1.5
    assert "plug" in told.detail  # it in again, or one in: as it is noticed first


async def test_a_bluetooth_service_that_is_killed_is_noticed_at_once_and_the_band_comes_back_with_its_successor(
    band: VirtualBand, bluez: FaultyBlueZ, bus_address: str
) -> None:
    async with playing(band), watched(driver(), PATIENT) as wrist:
        await wrist.until_state(SensorState.STREAMING)
        await bluez.crash()
        told = await wrist.until_state(SensorState.LOST, SensorReason.RADIO_OFF)
        successor = bluez.successor(bus_address)
        await successor.start()
        assert await seconds_until_streaming(wrist) < 1.5
    await successor.stop()
    assert "systemctl status bluetooth" in told.detail


async def test_a_box_whose_bluetooth_is_off_at_the_start_streams_soon_after_it_is_on(
    band: VirtualBand, bluez: FaultyBlueZ
) -> None:
    await bluez.power(on=False)
    async with playing(band), watched(driver(), PATIENT) as wrist:
        await wrist.until_state(SensorState.LOST, SensorReason.RADIO_OFF)
        await bluez.power(on=True)
        assert await seconds_until_streaming(wrist) < 1.5


async def test_a_band_that_another_box_has_taken_is_not_found_and_comes_back_when_it_is_let_go(
    air: Air, band: VirtualBand
) -> None:
    other_box, _ = air.device("other box", "F0:00:00:00:00:03")
    await other_box.power_on()
    taken = await other_box.connect(Address(ADDRESS))
    async with playing(band), watched(driver(connect_timeout_s=1.0), PATIENT) as wrist:
        told = await wrist.until_state(SensorState.LOST, SensorReason.NOT_FOUND)
        await taken.disconnect()
        assert await seconds_until_streaming(wrist) < 1.5
    assert "any other phone or box" in told.detail
    await other_box.power_off()


async def test_a_band_that_hangs_up_on_us_is_said_to_refuse(air: Air, bluez: FaultyBlueZ) -> None:
    band = VirtualBand(air)
    band.hang_up_at_once = True
    await band.start()
    async with watched(driver()) as wrist:
        told = await wrist.until_state(SensorState.LOST, SensorReason.REFUSED)
    assert "disconnect it there" in told.detail
    await band.stop()
    assert bluez.known() == [ADDRESS]


@pytest.mark.usefixtures("band")
async def test_a_connect_that_bluez_refuses_is_told_as_a_refusal(bluez: FaultyBlueZ) -> None:
    bluez.refuse(ADDRESS, "org.bluez.Error.Failed", "le-connection-refused")
    async with watched(driver()) as wrist:
        told = await wrist.until_state(SensorState.LOST, SensorReason.REFUSED)
    assert "switch the band off and on" in told.detail


@pytest.mark.usefixtures("band")
@pytest.mark.parametrize("error", ["AuthenticationFailed", "AuthenticationRejected", "AuthenticationTimeout"])
async def test_a_pairing_that_fails_while_connecting_is_told_with_the_command(bluez: FaultyBlueZ, error: str) -> None:
    bluez.refuse(ADDRESS, f"org.bluez.Error.{error}", "")
    async with watched(driver()) as wrist:
        told = await wrist.until_state(SensorState.LOST, SensorReason.NOT_PAIRED)
    assert f"bluetoothctl pair {ADDRESS}" in told.detail


@pytest.mark.usefixtures("bluez")
@pytest.mark.parametrize("needs", ["authentication", "encryption", "authorization"])
async def test_a_band_that_wants_pairing_before_it_sends_is_told_with_the_command(air: Air, needs: str) -> None:
    band = VirtualBand(air, subscribing_needs=needs)
    await band.start()
    async with watched(driver()) as wrist:
        told = await wrist.until_state(SensorState.LOST, SensorReason.NOT_PAIRED)
    assert f"bluetoothctl pair {ADDRESS}" in told.detail
    await band.stop()


async def test_an_absent_band_does_not_delay_the_return_of_another(band: VirtualBand) -> None:
    async with playing(band), watched(driver()) as wrist, watched(driver(ABSENT, "other")) as other:
        await wrist.until_state(SensorState.STREAMING)
        band.lose_link()
        await wrist.until_state(SensorState.LOST, SensorReason.DISCONNECTED)
        assert await seconds_until_streaming(wrist) < 1.5
        assert other.states == [(SensorState.CONNECTING, SensorReason.STARTING)]


async def test_a_connect_that_hangs_past_its_cancellation_leaves_the_others_their_turn(
    air: Air, band: VirtualBand, bluez: FaultyBlueZ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(radio, "LINK_S", 0.5)
    monkeypatch.setattr(radio, "LET_GO_S", 0.2)
    stuck_band = VirtualBand(air, address=OTHER)
    await stuck_band.start()
    bluez.hung.add(OTHER)
    async with watched(driver(OTHER, "stuck"), PATIENT) as stuck, watched(driver()) as wrist, playing(band):
        await wrist.until_state(SensorState.STREAMING)
        told = await stuck.until_state(SensorState.LOST, SensorReason.TIMED_OUT)
    assert "bring it nearer" in told.detail
    await stuck_band.stop()


async def test_a_band_that_was_away_for_long_is_not_made_to_wait(band: VirtualBand) -> None:
    slow = Backoff(first_s=0.2, factor=100.0, cap_s=15.0, jitter=0.0)
    async with playing(band), watched(driver(connect_timeout_s=1.0), slow) as wrist:
        await wrist.until_state(SensorState.STREAMING)
        await band.vanish()
        await wrist.until_state(SensorState.LOST, SensorReason.NOT_FOUND)
        await asyncio.sleep(1.0)
        await band.come_back()
        assert await seconds_until_streaming(wrist) < 1.5


async def test_three_bands_stream_at_once(air: Air, band: VirtualBand) -> None:
    others = [VirtualBand(air, address=OTHER), VirtualBand(air, address=THIRD)]
    for other in others:
        await other.start()
    async with (
        playing(band, *others),
        watched(driver(ADDRESS, "left")) as left,
        watched(driver(OTHER, "right")) as right,
        watched(driver(THIRD, "chest")) as chest,
    ):
        await asyncio.gather(*(one.until_samples(128) for one in (left, right, chest)))
    for other in others:
        await other.stop()


async def test_a_band_that_falls_silent_without_a_word_is_stalled_then_connected_anew(
    band: VirtualBand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NordicUart, "silence_s", 0.5)
    monkeypatch.setattr("edge.sensors.care.GIVE_UP_STALLED_S", 0.5)
    async with watched(driver()) as wrist:
        await asyncio.wait_for(band.listened(band.uart_tx), 5)
        await band.send(ppg_frame(0))
        await wrist.until_state(SensorState.STALLED, SensorReason.NO_DATA)
        await wrist.until_state(SensorState.LOST, SensorReason.SILENT)
        async with playing(band):
            await wrist.until_state(SensorState.STREAMING)


async def test_a_device_that_bluez_forgets_under_an_open_link_is_searched_for_anew(
    band: VirtualBand, bluez: FaultyBlueZ
) -> None:
    async with playing(band), watched(driver()) as wrist:
        await wrist.until_state(SensorState.STREAMING)
        bluez.forget(ADDRESS)
        await wrist.until_state(SensorState.LOST, SensorReason.DISCONNECTED)
        band.lose_link()
        await wrist.until_state(SensorState.STREAMING)
