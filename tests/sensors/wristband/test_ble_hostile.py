"""Bands that send wrongly, out of order, too much, or anything at all."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest

from edge.clock import SystemClock
from edge.errors import DecodeReason, SensorReason
from edge.sensors.gauge import dropped_of
from edge.sensors.wristband import inbox
from edge.sensors.wristband.ble import BleDriver
from edge.sensors.wristband.ble_band import BleBand
from edge.sensors.wristband.heart_rate import HeartRateBand
from edge.sensors.wristband.nordic_uart import NordicUart, NordicUartBand
from edge.sensors.wristband.uart_frame import BandFrame, FrameType, encode
from edge.types import Channel, SampleBlock, SensorState
from tests.peers.band import ADDRESS, VirtualBand
from tests.peers.ble_radio import Air
from tests.sensors.wristband.streaming import PPG_HZ, US, close, count, ppg_frame, take, watched

OTHER = "C0:00:00:00:00:02"

MARK = bytes([0x00, 99])
"""A heart rate of 99: the end of what a hostile band sends."""

NOT_FINITE = [struct.pack("<ffff", *(float(text) for text in ("nan", "inf", "-inf", "1e38")))]
HOSTILE_HEART_RATE = [
    b"",
    b"\xff",
    b"\x10" * 19,
    bytes([0x1F, 1]),
    b"\x00" * 244,
    bytes(range(244)),
    b"\x16\x48" + struct.pack("<h", -1),
    b"\x10\x48" + NOT_FINITE[0],
    *(random.Random(seed).randbytes(1 + seed * 7 % 240) for seed in range(40)),  # noqa: S311  # repeatable
]


def driver(address: str = ADDRESS, kind: type[BleBand] = NordicUartBand, word: str = "ble_uart") -> BleDriver:
    stanza = {"driver": word, "name": "wrist", "address": address, "connect_timeout_s": 5.0}
    config = kind.model_validate(stanza)
    return BleDriver(config, config.profile(), SystemClock())


def values(blocks: list[SampleBlock], channel: Channel = Channel.PPG) -> list[float]:
    return [float(value) for block in blocks if block.channel is channel for value in block.values]


def damaged(payload: bytes, count_field: int | None = None) -> bytes:
    """A PPG frame with a true checksum over another payload, or over another count."""
    frame = bytearray(ppg_frame(0, len(payload) // 4)[:-2])
    frame[13:] = payload
    if count_field is not None:
        frame[12] = count_field
    return bytes(frame) + struct.pack("<H", _crc(bytes(frame)))


def _crc(body: bytes) -> int:
    """CRC-16/CCITT-FALSE, bit by bit."""
    crc = 0xFFFF
    for byte in body:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return crc


async def test_a_hostile_heart_rate_band_yields_finite_numbers_or_counted_damage(band: VirtualBand) -> None:
    async def play() -> None:
        await band.listened(band.heart_rate)
        for value in [*HOSTILE_HEART_RATE, MARK]:
            await band.notify(band.heart_rate, value)

    strap = driver(kind=HeartRateBand, word="ble_heart_rate")
    blocks = await take(strap, lambda got: 99.0 in values(got, Channel.HEART_RATE_BPM), play())
    assert all(np.isfinite(block.values).all() for block in blocks)
    assert all(0.25 <= beat <= 3.0 for beat in values(blocks, Channel.IBI_S))
    assert strap.damage.counts.total() >= 20


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(damaged(NOT_FINITE[0] * 4), id="not-a-number"),
        pytest.param(damaged(b"\xff" * 64), id="negative"),
        pytest.param(damaged(bytes(64), count_field=255), id="count-too-large"),
        pytest.param(damaged(bytes(64), count_field=0), id="count-nought"),
        pytest.param(damaged(bytes(64), count_field=3), id="count-too-small"),
        pytest.param(b"\xa9\x5d" * 300, id="only-starts-of-frames"),
        pytest.param(random.Random(7).randbytes(2000), id="random"),  # noqa: S311  # repeatable
    ],
)
async def test_a_hostile_byte_stream_neither_ends_the_link_nor_spoils_what_follows(
    band: VirtualBand, hostile: bytes
) -> None:
    good = [ppg_frame(first) for first in range(64, 64 + 20 * 16, 16)]

    async def play() -> None:
        await band.listened(band.uart_tx)
        await band.send(hostile)
        for frame in good:
            await band.send(frame)

    last = 64.0 + 20 * 16 - 1
    blocks = await take(driver(), lambda got: last in values(got), play())
    assert all(np.isfinite(block.values).all() for block in blocks)
    # A header that announces more than follows may hold back as much as the longest frame: 271 bytes, 4 of these.
    assert values(blocks)[-16 * 16 :] == [float(value) for value in range(128, int(last) + 1)]


async def test_a_link_that_is_lost_within_a_frame_costs_that_frame_only(band: VirtualBand) -> None:
    async with watched(driver()) as wrist:
        await band.listened(band.uart_tx)
        await band.send(ppg_frame(0))
        await wrist.until_samples(16)
        await band.send(ppg_frame(16)[:40])
        band.lose_link()
        await wrist.until_state(SensorState.LOST, SensorReason.DISCONNECTED)
        await band.listened(band.uart_tx)
        await band.send(ppg_frame(32))
        await wrist.until_samples(32)
        times = wrist.timeline.window("wrist", Channel.PPG, wrist.timeline.newest_ns("wrist", Channel.PPG) or 0, 10.0)
    assert times is not None
    assert sorted({int(value) for value in times.values}) == [*range(16), *range(32, 47)]


async def test_frames_that_were_overtaken_or_sent_twice_move_nothing(band: VirtualBand) -> None:
    order = [0, 16, 32, 16, 64, 48, 48, 80, 0, 96]

    async def play() -> None:
        await band.listened(band.uart_tx)
        for first in order:
            await band.send(ppg_frame(first))

    wrist = driver()
    async with watched(wrist) as seen:
        playing = asyncio.create_task(play())
        await seen.until(lambda: seen.blocks == len(order))
        newest_ns = seen.timeline.newest_ns("wrist", Channel.PPG)
        window = None if newest_ns is None else seen.timeline.window("wrist", Channel.PPG, newest_ns + 1, 10.0)
        await playing
    assert window is not None
    assert [int(value) for value in window.values] == sorted({int(value) for value in window.values})
    assert int(window.values[-1]) == 111
    assert np.ptp(np.diff(window.times_ns)[np.diff(window.values) == 1]) <= 2000  # whole microseconds
    assert isinstance(wrist.profile, NordicUart)
    assert wrist.profile.builder.late_frames == 4


async def test_pieces_of_frames_that_arrive_out_of_order_cost_those_frames_only(band: VirtualBand) -> None:
    async def play() -> None:
        await band.listened(band.uart_tx)
        for first in range(0, 160, 16):
            frame = ppg_frame(first)
            pieces = [frame[:20], frame[20:40], frame[40:]]
            if first == 48:
                pieces = [pieces[1], pieces[0], pieces[2]]
            if first == 96:
                pieces.insert(1, pieces[0])
            for piece in pieces:
                await band.notify(band.uart_tx, piece)

    blocks = await take(driver(), lambda got: 159.0 in values(got), play())
    got = {int(value) for value in values(blocks)}
    assert got >= set(range(160)) - set(range(48, 64)) - set(range(96, 112))


@pytest.mark.parametrize("mtu", [23, 512], indirect=True)
@pytest.mark.usefixtures("mtu")
async def test_the_smallest_and_the_largest_packets_carry_the_same_stream(band: VirtualBand) -> None:
    longest = 0

    async def play() -> None:
        nonlocal longest
        await band.listened(band.uart_tx)
        longest = await band.send(b"".join(ppg_frame(first) for first in range(0, 640, 16)))

    blocks = await take(driver(), lambda got: count(got, Channel.PPG) == 640, play())
    assert values(blocks) == [float(value) for value in range(640)]
    assert longest in (20, 509)


def test_a_value_longer_than_an_attribute_can_be_is_refused_unread() -> None:
    box = inbox.Inbox(SystemClock(), "wrist")
    box.note("6e400003-b5a3-f393-e0a9-e50e24dcca9e", b"\xa9" * 70_000)
    wrist = driver()
    assert wrist.blocks(asyncio.run(box.get())) == []
    assert wrist.damage.counts == {DecodeReason.LONG: 1}


async def test_a_band_ten_times_too_fast_drops_its_own_oldest_and_harms_no_other(
    air: Air, band: VirtualBand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "LIMIT", 64)
    calm_band = VirtualBand(air, address=OTHER)
    await calm_band.start()
    fast, calm = driver(), driver(OTHER)
    stream = fast.stream()
    flood = asyncio.create_task(_flood(band))
    first = await anext(stream)  # from here on nobody reads the fast band's values
    got = await take(calm, lambda blocks: count(blocks, Channel.PPG) == 64, _calm(calm_band))
    await flood
    assert values(got) == [float(value) for value in range(64)]
    rest = await _drain(stream, lambda blocks: 10 * 64 - 1.0 in values(blocks))
    await close(stream)
    assert values([first])[:1] == [0.0]
    assert count(rest, Channel.PPG) <= (inbox.LIMIT + 1) * 4  # and the one that was being taken out
    assert dropped_of(fast) == fast.dropped > 0  # as `anodyne sensors` asks it
    assert sum(block.lost_before for block in rest) + len(values([first, *rest])) == 640
    await calm_band.stop()


async def _flood(band: VirtualBand) -> None:
    """Ten seconds of PPG as 160 small frames, as fast as the radio takes them."""
    await band.listened(band.uart_tx)
    for number in range(0, 640, 4):
        samples = np.arange(number, number + 4, dtype=np.float32)
        await band.send(encode(BandFrame(FrameType.PPG, number, round(number / PPG_HZ * US), PPG_HZ, samples)))


async def _calm(band: VirtualBand) -> None:
    await band.listened(band.uart_tx)
    for first in range(0, 64, 16):
        await band.send(ppg_frame(first))


async def _drain(stream: AsyncIterator[SampleBlock], enough: Callable[[list[SampleBlock]], bool]) -> list[SampleBlock]:
    blocks: list[SampleBlock] = []
    async with asyncio.timeout(10):
        async for block in stream:
            blocks.append(block)
            if enough(blocks):
                break
    return blocks
