"""Finding bands: by address in any case and of any kind, by name, and what becomes of names that mislead."""

from __future__ import annotations

import asyncio

import pytest

from edge.clock import SystemClock
from edge.errors import SensorError, SensorReason
from edge.sensors.wristband.ble import BleDriver
from edge.sensors.wristband.nordic_uart import NordicUartBand
from edge.sensors.wristband.radio import shared_radio
from edge.types import Channel
from tests.peers.band import ADDRESS, NAME, VirtualBand
from tests.peers.ble_radio import Air
from tests.peers.bluez_faults import FaultyBlueZ
from tests.sensors.wristband.streaming import close, count, ppg_frame, take

OTHER = "C0:00:00:00:00:AB"


def driver(connect_timeout_s: float = 5.0, **by: str) -> BleDriver:
    stanza = {"driver": "ble_uart", "name": "wrist", "connect_timeout_s": connect_timeout_s, **by}
    config = NordicUartBand.model_validate(stanza)
    return BleDriver(config, config.profile(), SystemClock())


async def streams(wrist: BleDriver, band: VirtualBand) -> bool:
    """Whether the driver finds the band and gets its samples."""

    async def play() -> None:
        await band.listened(band.uart_tx)
        await band.send(ppg_frame(0))

    return bool(await take(wrist, lambda got: count(got, Channel.PPG) == 16, play()))


async def refusal(wrist: BleDriver) -> SensorError:
    with pytest.raises(SensorError) as raised:
        await take(wrist, bool)
    return raised.value


@pytest.mark.usefixtures("bluez")
@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("written", [OTHER.lower(), OTHER])
async def test_an_address_is_found_in_any_case_and_of_either_kind(air: Air, written: str, public: bool) -> None:
    band = VirtualBand(air, address=OTHER, public=public)
    await band.start()
    assert await streams(driver(address=written), band)
    await band.stop()


async def test_two_bands_of_one_name_are_refused_with_their_addresses(air: Air, band: VirtualBand) -> None:
    other = VirtualBand(air, address=OTHER)
    await other.start()
    error = await refusal(driver(device_name=NAME))
    assert error.reason is SensorReason.AMBIGUOUS
    assert f'address = "{ADDRESS}" or "{OTHER}"' in error.message
    await asyncio.gather(other.stop(), band.stop())


async def test_a_namesake_never_takes_the_place_of_the_band_that_was_connected(air: Air, band: VirtualBand) -> None:
    wrist = driver(device_name=NAME)
    assert await streams(wrist, band)
    other = VirtualBand(air, address=OTHER)
    await other.start()
    for _ in range(3):
        assert await streams(wrist, band)
    await other.stop()


async def test_a_band_that_comes_back_under_another_address_is_found_by_its_name(air: Air, band: VirtualBand) -> None:
    wrist = driver(device_name=NAME)
    assert await streams(wrist, band)
    await band.vanish()
    renewed = VirtualBand(air, address=OTHER)
    await renewed.start()
    assert await streams(wrist, renewed)
    await renewed.stop()


@pytest.mark.parametrize("name", [None, b"", b"\xff\xfe\x00 not text", "Übung ☃".encode()])
async def test_nameless_and_unreadable_neighbours_do_not_disturb_the_search(
    air: Air, band: VirtualBand, name: bytes | None
) -> None:
    neighbour = VirtualBand(air, address=OTHER, name=name)
    await neighbour.start()
    assert await streams(driver(device_name=NAME), band)
    await neighbour.stop()


@pytest.mark.usefixtures("bluez")
async def test_a_nameless_band_is_found_by_its_address(air: Air) -> None:
    band = VirtualBand(air, name=None)
    await band.start()
    assert await streams(driver(address=ADDRESS), band)
    await band.stop()


async def test_a_band_that_is_forgotten_between_search_and_connect_is_not_found(
    band: VirtualBand, bluez: FaultyBlueZ
) -> None:
    bluez.forget_before_connect = True
    error = await refusal(driver(address=ADDRESS))
    assert error.reason is SensorReason.NOT_FOUND
    await band.stop()


@pytest.mark.usefixtures("band")
async def test_the_search_ends_with_the_last_that_searches(bluez: FaultyBlueZ) -> None:
    absent = driver(address=OTHER).stream()
    waiting = asyncio.ensure_future(anext(absent))
    await bluez.searched.wait()
    waiting.cancel()
    await asyncio.wait((waiting,))
    await close(absent)
    async with asyncio.timeout(2):
        await bluez.search_ended.wait()


async def test_all_bands_of_a_program_share_one_radio() -> None:
    assert shared_radio(SystemClock()) is shared_radio(SystemClock())
