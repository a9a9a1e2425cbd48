"""The Polar drivers against a virtual Verity Sense, OH1 and H10, through bleak's own BlueZ backend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.clock import SystemClock
from edge.errors import DecodeError, DecodeReason, SensorError, SensorReason
from edge.sensors.wristband.ble import BleDriver
from edge.sensors.wristband.heart_rate import HEART_RATE_MEASUREMENT
from edge.sensors.wristband.polar.band import PMD_CONTROL, PMD_DATA, Polar, PolarBand, PolarStrap
from edge.sensors.wristband.polar.control import Command, Status
from edge.sensors.wristband.polar.frame import Kind
from edge.sensors.wristband.profile import Link, Notification
from edge.sensors.wristband.stamped import FASTEST_HZ
from edge.timeline import Timeline
from edge.types import Channel, SampleBlock
from tests.peers import polar
from tests.peers.band import ADDRESS, Offer, VirtualBand
from tests.peers.ble_radio import Air
from tests.peers.polar import H10, VERITY_SENSE, PolarService
from tests.sensors.wristband.streaming import count, take

PPG_HZ = 55.0
ACC_HZ = 52.0
SIZE = 18
"""Samples in a frame: as many plain optical ones as the link's packets hold."""
S = 1_000_000_000
STARTED_NS = 536_614_827 * S
"""Early 2017, where an OH1's clock begins."""

pytestmark = pytest.mark.usefixtures("bluez")


def verity(*, intervals: bool = False) -> BleDriver:
    config = PolarBand(driver="ble_polar", name="arm", address=ADDRESS, connect_timeout_s=5.0, intervals=intervals)
    return BleDriver(config, config.profile(), SystemClock())


def strap() -> BleDriver:
    config = PolarStrap(driver="ble_polar_strap", name="chest", address=ADDRESS, connect_timeout_s=5.0)
    return BleDriver(config, config.profile(), SystemClock())


@asynccontextmanager
async def worn(air: Air, service: PolarService) -> AsyncIterator[VirtualBand]:
    band = VirtualBand(air, Offer(uart=False), more=[service.service])
    service.band = band
    await band.start()
    yield band
    await band.stop()


async def play(band: VirtualBand, service: PolarService, frames: int, rate_hz: float = PPG_HZ) -> None:
    """Pulse (its values are running numbers below 0) and acceleration, once both are started; and a heart beat."""
    await service.runs(Kind.PPG, Kind.ACC)
    await band.notify(band.heart_rate, bytes([0x10, 72, 0x00, 0x04]))
    for number in range(frames):
        wave = -np.arange(number * SIZE, number * SIZE + SIZE, dtype=np.float32) - 1000.0
        stamp_ns = STARTED_NS + round((number * SIZE + SIZE - 1) * S / rate_hz)
        await band.notify(service.data, polar.ppg_frame(stamp_ns, wave, compressed=number % 2 == 0))
        still = np.tile(np.array([[0, 0, 1000]], np.int32), (SIZE, 1))
        stamp_ns = STARTED_NS + round((number * SIZE + SIZE - 1) * S / ACC_HZ)
        await band.notify(service.data, polar.acc_frame(stamp_ns, still))


def samples(channel: Channel, number: int) -> Callable[[list[SampleBlock]], bool]:
    return lambda blocks: count(blocks, channel) >= number


async def test_pulse_acceleration_heart_rate_and_beats_reach_the_timeline(air: Air) -> None:
    service = PolarService(VERITY_SENSE)
    async with worn(air, service) as band:
        whole = samples(Channel.ACC_G, 6 * SIZE)
        blocks = await take(
            verity(), lambda got: whole(got) and bool(count(got, Channel.BATTERY_PERCENT)), play(band, service, 6)
        )
    assert {block.channel for block in blocks} >= {
        Channel.PPG,
        Channel.ACC_G,
        Channel.HEART_RATE_BPM,
        Channel.IBI_S,
        Channel.BATTERY_PERCENT,
    }
    timeline = Timeline()
    for block in blocks:
        timeline.push(block)
    newest_ns = timeline.newest_ns("arm", Channel.PPG)
    assert newest_ns is not None
    pulse = timeline.window("arm", Channel.PPG, newest_ns + 1, 10.0)
    assert pulse is not None
    assert pulse.values.tolist() == [-1000.0 - number for number in range(6 * SIZE)]
    assert np.diff(pulse.times_ns) == pytest.approx(S / PPG_HZ, abs=1000)
    acceleration = timeline.window("arm", Channel.ACC_G, newest_ns + 1, 10.0)
    assert acceleration is not None
    assert acceleration.rate_hz == ACC_HZ
    assert acceleration.values[0].tolist() == pytest.approx([0.0, 0.0, 1.0])


async def test_what_is_asked_of_a_verity_sense(air: Air) -> None:
    service = PolarService(VERITY_SENSE)
    async with worn(air, service) as band:
        await take(verity(), samples(Channel.PPG, SIZE), play(band, service, 3))
    assert [request.hex() for request in service.requests] == [
        "0101",
        "020100013700010116000401" + "04",
        "0102",
        "02020001340001011000020108000401" + "03",
    ]


async def test_intervals_come_only_where_they_are_asked_for(air: Air) -> None:
    service = PolarService(VERITY_SENSE)

    async def intervals(band: VirtualBand) -> None:
        await service.runs(Kind.PPI)
        await band.notify(service.data, polar.ppi_frame((0, 900, 10, 0b110), (0, 950, 10, 0b110)))

    async with worn(air, service) as band:
        blocks = await take(verity(intervals=True), samples(Channel.IBI_S, 2), intervals(band))
    (beats,) = [block for block in blocks if block.channel is Channel.IBI_S]
    assert beats.values.tolist() == pytest.approx([0.9, 0.95])


async def test_an_old_firmwares_wrong_rate_is_seen_through(air: Air) -> None:
    """Verity Sense 1.1.5 declares 135 Hz and samples with 55."""
    service = PolarService({**VERITY_SENSE, Kind.PPG: bytes.fromhex("0001 8700 0101 1600 0401 04")})
    async with worn(air, service) as band:
        blocks = await take(verity(), samples(Channel.PPG, 5 * SIZE), play(band, service, 6))
    assert {block.rate_hz for block in blocks if block.channel is Channel.PPG} == {PPG_HZ}


async def test_an_answer_in_parts_with_something_in_between(air: Air) -> None:
    service = PolarService(VERITY_SENSE, parts=3, interjection=bytes.fromhex("F0 03 05 00"))
    async with worn(air, service) as band:
        blocks = await take(verity(), samples(Channel.PPG, SIZE), play(band, service, 3))
    assert blocks


async def test_a_measurement_left_running_is_started_anew(air: Air) -> None:
    service = PolarService(VERITY_SENSE, running={Kind.PPG})
    async with worn(air, service) as band:
        await take(verity(), samples(Channel.PPG, SIZE), play(band, service, 3))
    assert "0301" in [request.hex() for request in service.requests]


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (Status.IN_CHARGER, "take it out and put it on"),
        (Status.INVALID_MTU, "adapter of version 4.2"),
        (Status.INVALID_STATE, "end its recording or training"),
        (Status.DISK_FULL, "memory of arm is full"),
        (Status.INVALID_RATE, "refuses to START PPG .INVALID_RATE.: switch it off"),
        (200, "refuses to START PPG .200."),
    ],
)
async def test_a_sensor_that_refuses_is_told_with_what_to_do(air: Air, status: int, sentence: str) -> None:
    service = PolarService(VERITY_SENSE, refusals={(Command.START, Kind.PPG): status})
    async with worn(air, service):
        with pytest.raises(SensorError, match=sentence) as raised:
            await take(verity(), bool)
    assert raised.value.reason is SensorReason.REFUSED


async def test_acceleration_that_is_refused_leaves_the_pulse(air: Air) -> None:
    service = PolarService(VERITY_SENSE, refusals={(Command.START, Kind.ACC): Status.NOT_SUPPORTED})

    async def pulse(band: VirtualBand) -> None:
        await service.runs(Kind.PPG)
        for number in range(3):
            stamp_ns = STARTED_NS + round((number * 4 + 3) * S / PPG_HZ)
            await band.notify(service.data, polar.ppg_frame(stamp_ns, np.zeros(4, np.float32)))

    async with worn(air, service) as band:
        blocks = await take(verity(), samples(Channel.PPG, 12), pulse(band))
    assert count(blocks, Channel.ACC_G) == 0


async def test_a_strap_is_not_taken_for_an_optical_band(air: Air) -> None:
    async with worn(air, PolarService(H10)):
        with pytest.raises(SensorError, match="arm has no PPG: choose another `driver`") as raised:
            await take(verity(), bool)
    assert raised.value.reason is SensorReason.WRONG_DEVICE


async def test_a_chest_strap_gives_acceleration_beside_its_beats(air: Air) -> None:
    service = PolarService(H10, factor=None)

    async def move(band: VirtualBand) -> None:
        await service.runs(Kind.ACC)
        await band.notify(band.heart_rate, bytes([0x16, 61, 0xE8, 0x03]))
        for number in range(3):
            stamp_ns = STARTED_NS + round((number * 36 + 35) * S / 50)
            tilted = np.tile(np.array([[-500, 0, 866]], np.int32), (36, 1))
            await band.notify(service.data, polar.acc_frame(stamp_ns, tilted, compressed=False))

    async with worn(air, service) as band:
        blocks = await take(strap(), samples(Channel.ACC_G, 108), move(band))
    assert {block.channel for block in blocks} >= {
        Channel.CONTACT,
        Channel.HEART_RATE_BPM,
        Channel.IBI_S,
        Channel.ACC_G,
    }
    assert {block.rate_hz for block in blocks if block.channel is Channel.ACC_G} == {50.0}


async def test_a_strap_whose_acceleration_is_refused_still_gives_beats(air: Air) -> None:
    service = PolarService(H10, refusals={(Command.GET_SETTINGS, Kind.ACC): Status.INVALID_STATE})

    async def beat(band: VirtualBand) -> None:
        await band.listened(band.heart_rate)
        await band.notify(band.heart_rate, bytes([0x10, 61, 0xE8, 0x03]))

    async with worn(air, service) as band:
        blocks = await take(strap(), samples(Channel.IBI_S, 1), beat(band))
    assert count(blocks, Channel.HEART_RATE_BPM) == 1


async def test_a_sensor_put_into_its_charger_ends_the_connection_with_its_reason(air: Air) -> None:
    service = PolarService(VERITY_SENSE)

    async def put_away(band: VirtualBand) -> None:
        await play(band, service, 3)
        await service.say(bytes([0x01, Kind.PPG]))

    async with worn(air, service) as band:
        with pytest.raises(SensorError, match="has stopped measuring PPG: is it worn") as raised:
            await take(verity(), lambda _: False, put_away(band))
    assert raised.value.reason is SensorReason.STOPPED


async def test_a_sensor_that_stops_while_its_other_measurements_are_being_started_is_heard(air: Air) -> None:
    service = PolarService(VERITY_SENSE, interjection=bytes([0x01, Kind.PPG]))
    async with worn(air, service):
        with pytest.raises(SensorError, match="has stopped measuring PPG") as raised:
            await take(verity(), lambda _: False)
    assert raised.value.reason is SensorReason.STOPPED
    assert bytes([Command.START, Kind.PPG]) in [request[:2] for request in service.requests]


async def test_a_sensor_that_stops_between_its_last_answer_and_the_end_of_the_start_is_heard(air: Air) -> None:
    service = PolarService(VERITY_SENSE)
    told = asyncio.Event()

    class Slow(Polar):
        async def start(self, link: Link) -> None:
            await super().start(link)
            await told.wait()
            await asyncio.sleep(0.1)  # on its way over the virtual radio and the bus

    async def put_away(band: VirtualBand) -> None:
        await play(band, service, 3)
        await service.say(bytes([0x01, Kind.PPG]))
        told.set()

    config = PolarBand(driver="ble_polar", name="arm", address=ADDRESS, connect_timeout_s=5.0)
    driver = BleDriver(config, Slow("arm", needed=(Kind.PPG,), welcome=(Kind.ACC,)), SystemClock())
    async with worn(air, service) as band:
        with pytest.raises(SensorError, match="has stopped measuring PPG") as raised:
            await take(driver, lambda _: False, put_away(band))
    assert raised.value.reason is SensorReason.STOPPED


def test_a_pulse_that_ends_without_a_word_while_the_heart_rate_goes_on_is_noticed() -> None:
    config = PolarBand(driver="ble_polar", name="arm", address=ADDRESS)
    profile = config.profile()
    profile.connected()

    def beat(second: float) -> None:
        list(profile.decode(Notification(HEART_RATE_MEASUREMENT, bytes([0, 72]), round(second * S))))

    for second in range(100, 105):
        list(profile.decode(Notification(PMD_DATA, polar.ppg_frame(5, np.zeros(4, np.float32)), second * S)))
    for second in range(105, 115):
        beat(second)
    with pytest.raises(SensorError, match="has stopped measuring PPG") as raised:
        beat(114.5)
    assert raised.value.reason is SensorReason.STOPPED
    profile.connected()
    beat(115)


class Willing:
    """A link whose control point agrees to everything at once."""

    def offers(self, uuid: str) -> bool:
        """Everything."""
        return bool(uuid)

    async def read(self, uuid: str) -> bytes:
        """All features."""
        return bytes([0x0F, 0xFF, 0]) if uuid == PMD_CONTROL else b""

    async def describe(self, _uuid: str, _descriptor: str) -> bytes | None:
        """Nothing."""
        return None

    async def write(self, uuid: str, data: bytes) -> None:
        """Nothing comes of it."""

    async def subscribe(self, uuid: str) -> None:
        """Nothing comes of it."""

    async def request(self, _uuid: str, data: bytes) -> bytes:
        """Success."""
        settings = VERITY_SENSE[Kind(data[1])] if data[0] == Command.GET_SETTINGS else b""
        return bytes([0xF0, data[0], data[1], 0, 0]) + settings

    async def more(self, _uuid: str) -> bytes:
        """Nothing."""
        return b""


HEADERS = st.builds(
    lambda kind, stamp_ns, form: bytes([kind]) + stamp_ns.to_bytes(8, "little") + bytes([form]),
    st.sampled_from([1, 2, 3, 0x81]),
    st.integers(0, 2**64 - 1),
    st.sampled_from([0, 1, 2, 4, 0x80, 0x81, 0x8A]),
)
VALUES = st.one_of(
    st.tuples(st.just(PMD_DATA), st.builds(bytes.__add__, HEADERS, st.binary(max_size=234))),
    st.tuples(st.sampled_from([PMD_DATA, PMD_CONTROL, HEART_RATE_MEASUREMENT]), st.binary(max_size=244)),
)


@given(st.lists(VALUES, max_size=20))
def test_any_bytes_give_possible_samples_or_errors(values: list[tuple[str, bytes]]) -> None:
    profile = PolarBand(driver="ble_polar", name="arm", address=ADDRESS, intervals=True).profile()
    asyncio.run(profile.start(Willing()))
    found: list[SampleBlock | DecodeError] = []
    with suppress(SensorError):  # the control point may say that the measurement has ended
        for uuid, data in values:
            found += profile.decode(Notification(uuid, data, 5))
    timeline = Timeline()
    for one in found:
        if isinstance(one, SampleBlock):
            assert np.isfinite(one.values).all()
            assert one.rate_hz <= FASTEST_HZ
            timeline.push(one)


async def test_reports_of_led_gains_are_no_damage_and_garbage_costs_only_itself(air: Air) -> None:
    service = PolarService(VERITY_SENSE)

    async def dirty(band: VirtualBand) -> None:
        await service.runs(Kind.PPG, Kind.ACC)
        await band.notify(service.data, polar.frame(Kind.PPG, 5, 4, bytes(36)))
        await band.notify(service.data, b"")
        await band.notify(service.data, polar.frame(Kind.PPG, 2**64 - 1, 0, bytes(12)))
        await band.notify(service.data, polar.frame(Kind.PPG, 5, 0, bytes(12) + b"\xff\xff\x00", compressed=True))
        await play(band, service, 3)

    arm = verity()
    async with worn(air, service) as band:
        blocks = await take(arm, samples(Channel.PPG, 3 * SIZE), dirty(band))
    assert count(blocks, Channel.PPG) == 3 * SIZE
    assert arm.damage.counts == {DecodeReason.SHORT: 1, DecodeReason.VALUE: 2}
