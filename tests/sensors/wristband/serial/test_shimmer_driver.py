"""A Shimmer3 GSR+ that speaks its commands on a pseudo-terminal, and everything that goes wrong with one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from edge.errors import DecodeReason, SensorReason
from edge.sensors.wristband.serial.shimmer import Shimmer3
from edge.sensors.wristband.serial.shimmer_packets import BatteryReading, ChannelId, Firmware, Op
from edge.sensors.wristband.serial.shimmer_setup import QUIET_S
from edge.types import Channel, SampleBlock, SensorState
from tests.peers.shimmer import ShimmerUnit
from tests.sensors.wristband.serial.playing import (
    blocks_of,
    failure,
    impatient,
    open_files,
    readers,
    shimmer_driver,
    until,
    values_of,
)
from tests.sensors.wristband.streaming import count, take, watched


@pytest.fixture
async def unit() -> AsyncIterator[ShimmerUnit]:
    """A unit that is switched on and within reach."""
    switched_on = ShimmerUnit()
    yield switched_on
    await switched_on.close()


def began_anew(blocks: list[SampleBlock]) -> bool:
    """Whether the device's time is near 0; it was 30 s at first."""
    return bool(blocks) and (blocks[-1].device_s or 0.0) < 1.0


async def take_from(unit: ShimmerUnit, wanted: int, rate_hz: float = 256.0, **keys: object) -> list[SampleBlock]:
    """Some samples of a unit."""
    return await take(shimmer_driver(unit.node, rate_hz, **keys), lambda got: count(got, Channel.PPG) >= wanted)


async def test_a_unit_is_set_up_and_streams_in_physical_units(unit: ShimmerUnit) -> None:
    blocks = await take_from(unit, 130)
    assert unit.commands[:9] == [
        Op.STOP_STREAMING,
        Op.GET_DEVICE_VERSION,
        Op.GET_FIRMWARE_VERSION,
        Op.SET_SENSORS,
        Op.SET_SAMPLING_RATE,
        Op.SET_GSR_RANGE,
        Op.SET_EXPANSION_POWER,
        Op.GET_ACCEL_CALIBRATION,
        Op.INQUIRY,
    ]
    assert values_of(blocks, Channel.GSR_US)[0] == pytest.approx(4.0, abs=0.01)
    ppg_mv = values_of(blocks, Channel.PPG)
    assert (min(ppg_mv) >= 1499.0, max(ppg_mv) <= 1900.0) == (True, True)
    acc_g = np.concatenate([block.values for block in blocks_of(blocks, Channel.ACC_G)])
    assert acc_g[0].tolist() == pytest.approx([0.0, 0.0, 1.0], abs=0.01)
    assert {block.rate_hz for block in blocks} <= {256.0, 4.0, 0.0}


async def test_device_times_are_those_of_the_units_clock(unit: ShimmerUnit) -> None:
    blocks = blocks_of(await take_from(unit, 64), Channel.PPG)
    assert blocks[0].device_s == pytest.approx(1_000_000 / 32768)
    begins = [block.device_s or 0.0 for block in blocks]
    ends = [begin + len(block.values) / 256.0 for begin, block in zip(begins, blocks, strict=True)]
    assert begins[1:] == pytest.approx(ends[:-1])


async def test_the_accelerometer_can_be_left_out(unit: ShimmerUnit) -> None:
    blocks = await take_from(unit, 20, accelerometer=False)
    assert unit.layout.channels == (ChannelId.PPG, ChannelId.GSR)
    assert blocks_of(blocks, Channel.ACC_G) == []


async def test_the_charge_is_asked_for_in_the_stream(unit: ShimmerUnit) -> None:
    unit.battery = BatteryReading(2700, 0)
    got = await take(shimmer_driver(unit.node), lambda blocks: count(blocks, Channel.BATTERY_PERCENT) > 0)
    assert values_of(got, Channel.BATTERY_PERCENT) == pytest.approx([76.7], abs=0.1)


async def test_a_unit_is_stopped_at_the_end(unit: ShimmerUnit) -> None:
    await take_from(unit, 10)
    await until(lambda: not unit.streaming)
    assert unit.commands[-1] == Op.STOP_STREAMING


async def test_a_unit_left_streaming_by_a_killed_box_is_set_up_anew(unit: ShimmerUnit) -> None:
    await take_from(unit, 10)
    unit._obey(Op.START_STREAMING, b"")
    driver = shimmer_driver(unit.node, 256.0)
    assert isinstance(driver.protocol, Shimmer3)
    driver.protocol.quiet_s = QUIET_S
    blocks = await take(driver, lambda got: count(got, Channel.PPG) >= 10)
    assert driver.damage.counts.total() == 0
    assert len(values_of(blocks, Channel.PPG)) >= 10


async def test_lost_packets_are_counted(unit: ShimmerUnit) -> None:
    async def lose() -> None:
        await until(lambda: unit.sent > 20)
        unit.skip(7)

    blocks = await take(shimmer_driver(unit.node, 256.0), lambda got: count(got, Channel.PPG) >= 100, lose())
    assert sum(block.lost_before for block in blocks_of(blocks, Channel.PPG)) == 7


async def test_damage_costs_the_packets_that_it_hits(unit: ShimmerUnit) -> None:
    async def spoil() -> None:
        await until(lambda: unit.sent > 20)
        unit.cable.write(bytes(range(1, 100)))

    driver = shimmer_driver(unit.node, 256.0)
    blocks = await take(driver, lambda got: count(got, Channel.PPG) >= 100, spoil())
    assert driver.damage.counts.total() == 1
    assert sum(block.lost_before for block in blocks_of(blocks, Channel.PPG)) <= 1


async def test_a_unit_that_begins_anew_begins_a_new_clock_without_losses(unit: ShimmerUnit) -> None:
    async def restart() -> None:
        await until(lambda: unit.sent > 20)
        unit.restart()

    driver = shimmer_driver(unit.node, 256.0)
    blocks = await take(driver, lambda got: began_anew(blocks_of(got, Channel.PPG)), restart())
    assert sum(block.lost_before for block in blocks) == 0


async def test_a_unit_that_does_not_answer_is_named(unit: ShimmerUnit) -> None:
    unit.mute = True
    error = await failure(impatient(shimmer_driver(unit.node)))
    assert error.reason is SensorReason.NO_DATA
    assert "switch the Shimmer on" in error.message


async def test_a_unit_that_refuses_is_named(unit: ShimmerUnit) -> None:
    unit.refuses = {Op.SET_GSR_RANGE}
    error = await failure(shimmer_driver(unit.node))
    assert error.reason is SensorReason.REFUSED
    assert "0x21" in error.message


async def test_another_kind_of_shimmer_is_named(unit: ShimmerUnit) -> None:
    unit.hardware = 10
    assert (await failure(shimmer_driver(unit.node))).reason is SensorReason.WRONG_DEVICE


async def test_old_firmware_is_named(unit: ShimmerUnit) -> None:
    unit.firmware = Firmware(3, (0, 5, 0))
    error = await failure(shimmer_driver(unit.node))
    assert "update it" in error.message


async def test_a_unit_that_keeps_other_settings_is_named(unit: ShimmerUnit) -> None:
    unit.channels = (ChannelId.ACCEL_X, ChannelId.ACCEL_Y, ChannelId.ACCEL_Z)
    error = await failure(shimmer_driver(unit.node))
    assert error.reason is SensorReason.WRONG_DEVICE
    assert "is it a Shimmer3 GSR" in error.message


async def test_a_calibration_that_cannot_be_used_is_named(unit: ShimmerUnit) -> None:
    unit.calibration = bytes(21)
    error = await failure(shimmer_driver(unit.node))
    assert (error.reason, "without a sensitivity" in error.message) == (SensorReason.WRONG_DEVICE, True)


@pytest.mark.parametrize(
    ("op", "answer"),
    [
        (Op.GET_DEVICE_VERSION, b"\x07\x25\x03"),
        (Op.GET_DEVICE_VERSION, b"\xff\x07\x03"),
        (Op.INQUIRY, bytes([Op.ACK, Op.INQUIRY_RESPONSE, 0, 2, 0, 0, 0, 0, 200, 1])),
    ],
)
async def test_what_answers_otherwise_is_no_shimmer(
    unit: ShimmerUnit, monkeypatch: pytest.MonkeyPatch, op: Op, answer: bytes
) -> None:
    right = unit._answer
    monkeypatch.setattr(unit, "_answer", lambda asked: answer if asked == op else right(asked))
    error = await failure(shimmer_driver(unit.node))
    assert error.reason is SensorReason.GARBLED
    assert "it is no Shimmer3" in error.message


async def test_an_answer_that_stops_in_the_middle_is_waited_for_in_vain(
    unit: ShimmerUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = unit._answer
    monkeypatch.setattr(unit, "_answer", lambda asked: right(asked)[:4])
    error = await failure(impatient(shimmer_driver(unit.node)))
    assert (error.reason, "does not answer" in error.message) == (SensorReason.NO_DATA, True)


async def test_a_unit_that_streams_nothing_is_named(unit: ShimmerUnit) -> None:
    unit.speed = 0.0
    error = await failure(impatient(shimmer_driver(unit.node)))
    assert (error.reason, "off and on again" in error.message) == (SensorReason.NO_DATA, True)


async def test_a_charge_that_no_battery_has_is_damage(unit: ShimmerUnit) -> None:
    unit.battery = BatteryReading(4095, 0)
    driver = shimmer_driver(unit.node, 256.0)
    await take(driver, lambda _blocks: driver.damage.counts.total() > 0)
    assert driver.damage.counts == {DecodeReason.VALUE: 1}


async def test_a_device_that_never_stops_is_no_shimmer(unit: ShimmerUnit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.sensors.wristband.serial.shimmer_setup.DRAIN_S", 0.5)
    unit.deaf_to_stop = True
    unit._obey(Op.START_STREAMING, b"")
    assert (await failure(shimmer_driver(unit.node))).reason is SensorReason.GARBLED


async def test_a_flood_of_ten_times_the_rate_is_refused(unit: ShimmerUnit) -> None:
    unit.speed = 10.0
    assert (await failure(shimmer_driver(unit.node))).reason is SensorReason.WRONG_RATE


async def test_a_unit_out_of_reach_is_gone(unit: ShimmerUnit) -> None:
    async def walk_away() -> None:
        await until(lambda: unit.sent > 20)
        unit.cable.unplug()

    walking = asyncio.ensure_future(walk_away())
    error = await failure(shimmer_driver(unit.node))
    await walking
    assert error.reason is SensorReason.DISCONNECTED


async def test_a_unit_that_falls_silent_is_called_stalled(unit: ShimmerUnit) -> None:
    driver = shimmer_driver(unit.node)
    driver.protocol.silence_s = 0.3
    async with watched(driver) as watch:
        await watch.until(lambda: bool(watch.statuses) and watch.status.state is SensorState.STREAMING)
        await unit.fall_silent()
        await watch.until(lambda: watch.status.state is SensorState.STALLED)


async def test_thirty_connections_leave_no_thread_and_no_file_behind(unit: ShimmerUnit) -> None:
    await take_from(unit, 1)
    before = open_files()
    for _ in range(30):
        await take_from(unit, 1)
    assert readers() == []
    assert open_files() <= before
