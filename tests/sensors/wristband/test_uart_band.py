"""The Nordic UART driver against a real GATT server: framing over notifications, and what becomes of lost links."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from bleak import BleakClient

from edge.clock import SystemClock
from edge.errors import SensorError, SensorReason
from edge.sensors.backoff import Backoff
from edge.sensors.wristband.ble import BleDriver
from edge.sensors.wristband.nordic_uart import NordicUartBand
from edge.timeline import Timeline
from edge.types import Channel, SampleBlock, SensorState
from tests.peers.band import ADDRESS, NAME, VirtualBand
from tests.peers.ble_radio import Air
from tests.sensors.wristband.streaming import PPG_HZ, count, gsr_frame, ppg_frame, take, watched


def driver(connect_timeout_s: float = 5.0, address: str = ADDRESS) -> BleDriver:
    config = NordicUartBand(driver="ble_uart", name="wrist", address=address, connect_timeout_s=connect_timeout_s)
    return BleDriver(config, config.profile(), SystemClock())


async def play(band: VirtualBand, seconds: int, first_s: int = 0, garbage: bytes = b"") -> None:
    """Seconds of PPG and GSR, faster than real time, with garbage after every frame."""
    await band.listened(band.uart_tx)
    for second in range(first_s, first_s + seconds):
        for quarter in range(4):
            await band.send(ppg_frame(second * 64 + quarter * 16) + garbage)
        await band.send(gsr_frame(second * 4) + garbage)


def ppg_values(blocks: list[SampleBlock]) -> list[float]:
    return [float(value) for block in blocks if block.channel is Channel.PPG for value in block.values]


@pytest.mark.parametrize("mtu", [23, 247], indirect=True)
@pytest.mark.usefixtures("mtu")
async def test_both_waveforms_reach_the_timeline_whole(band: VirtualBand) -> None:
    def whole(got: list[SampleBlock]) -> bool:
        return (count(got, Channel.PPG), count(got, Channel.GSR_US)) == (192, 12)

    blocks = await take(driver(), whole, play(band, 3))
    timeline = Timeline()
    for block in blocks:
        timeline.push(block)
    newest_ns = timeline.newest_ns("wrist", Channel.PPG)
    assert newest_ns is not None
    ppg = timeline.window("wrist", Channel.PPG, newest_ns + 1, 3.0)
    gsr = timeline.window("wrist", Channel.GSR_US, newest_ns + 1, 3.0)
    assert ppg is not None
    assert ppg.values.tolist() == list(range(192))
    assert np.ptp(np.diff(ppg.times_ns)) <= 2000  # a frame's time is in whole microseconds
    assert gsr is not None
    assert gsr.values[0] == pytest.approx(2.0)


async def test_garbage_between_frames_loses_no_frame(band: VirtualBand) -> None:
    wrist = driver()
    garbage = b"\xa9\x5d\x01\x01 hello \x00\xff" + ppg_frame(0)[:30]
    blocks = await take(wrist, lambda got: count(got, Channel.PPG) >= 128 - 16, play(band, 2, garbage=garbage))
    assert ppg_values(blocks) == list(range(len(ppg_values(blocks))))
    assert wrist.damage.counts.total() >= 6


async def test_frames_that_never_arrived_are_accounted_for(band: VirtualBand) -> None:
    async def lossy() -> None:
        await band.listened(band.uart_tx)
        for first in (0, 16, 64):
            await band.send(ppg_frame(first))

    wrist = driver()
    blocks = await take(wrist, lambda got: count(got, Channel.PPG) == 48, lossy())
    assert [block.lost_before for block in blocks if block.channel is Channel.PPG] == [0, 0, 32]


async def test_closing_the_stream_frees_the_band(band: VirtualBand) -> None:
    await take(driver(), lambda got: count(got, Channel.PPG) > 0, play(band, 1))
    again = await take(driver(), lambda got: count(got, Channel.PPG) > 0, play(band, 1))
    assert again


async def test_two_bands_that_connect_at_once_both_stream(air: Air, band: VirtualBand) -> None:
    """BlueZ refuses a second search and a second connect at the same time; the drivers wait for each other."""
    other = VirtualBand(air, address="C0:00:00:00:00:02")
    await other.start()
    left, right = await asyncio.gather(
        take(driver(), lambda got: count(got, Channel.PPG) == 64, play(band, 1)),
        take(driver(address="C0:00:00:00:00:02"), lambda got: count(got, Channel.PPG) == 64, play(other, 1)),
    )
    assert ppg_values(left) == ppg_values(right) == list(range(64))
    await other.stop()


async def test_a_lost_link_ends_the_stream_with_its_reason(band: VirtualBand) -> None:
    async def leave() -> None:
        await play(band, 1)
        await band.vanish()

    with pytest.raises(SensorError, match="charged and within reach") as raised:
        await take(driver(), lambda _: False, leave())
    assert raised.value.reason is SensorReason.DISCONNECTED


async def test_a_link_lost_while_subscribing_ends_the_stream_with_its_reason(band: VirtualBand) -> None:
    async def leave_at_once() -> None:
        await band.listened(band.uart_tx)  # the band has the subscription, its answer is still on the way
        await band.vanish()

    with pytest.raises(SensorError) as raised:
        await take(driver(), lambda _: False, leave_at_once())
    assert raised.value.reason is SensorReason.DISCONNECTED


@pytest.mark.parametrize("by", [{"address": ADDRESS}, {"device_name": NAME}])
async def test_a_band_left_connected_by_a_killed_run_is_taken_over(band: VirtualBand, by: dict[str, str]) -> None:
    earlier = BleakClient(ADDRESS)
    await earlier.connect()  # from here on the band is connected, and does not advertise
    config = NordicUartBand.model_validate({"driver": "ble_uart", "name": "wrist", "connect_timeout_s": 1.0, **by})
    wrist = BleDriver(config, config.profile(), SystemClock())
    assert await take(wrist, lambda got: count(got, Channel.PPG) > 0, _keep_playing(band))
    await earlier.disconnect()


async def _keep_playing(band: VirtualBand) -> None:
    for second in range(100):
        await play(band, 1, first_s=second)
        await asyncio.sleep(0.2)


async def test_care_connects_again_after_the_link_was_lost(band: VirtualBand) -> None:
    async with watched(driver(), Backoff(first_s=0.05)) as wrist:
        await play(band, 2)
        await wrist.until_samples(2 * int(PPG_HZ))
        band.lose_link()
        await play(band, 2, first_s=4)
        await wrist.until_samples(4 * int(PPG_HZ))
    assert wrist.states == [
        (SensorState.CONNECTING, SensorReason.STARTING),
        (SensorState.STREAMING, None),
        (SensorState.LOST, SensorReason.DISCONNECTED),
        (SensorState.STREAMING, None),
    ]
    assert wrist.timeline.duplicates("wrist") == 0
