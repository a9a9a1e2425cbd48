"""What a real band on the air says of its charge and of the skin, through bleak and care."""

from __future__ import annotations

import asyncio

import pytest

from edge.clock import SystemClock
from edge.sensors.care import supervise
from edge.sensors.gauge import SensorGauge
from edge.sensors.wristband.heart_rate import HeartRateBand
from edge.types import SampleBlock, SensorState, SensorStatus, SensorWarning
from tests.peers.band import ADDRESS, VirtualBand

WITHOUT_SKIN = bytes([0x04, 0])
"""Contact is supported and not detected; no heart rate."""
WITH_SKIN = bytes([0x06, 72])


class Watched:
    """Care over the band, and what it told."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.blocks: list[SampleBlock] = []
        self.statuses: list[SensorStatus] = []
        self.gauge = SensorGauge(5.0)

    async def follow(self) -> None:
        """Keep the band connected."""
        clock = SystemClock()
        driver = HeartRateBand(driver="ble_heart_rate", name="strap", address=ADDRESS).open(clock)
        await supervise(driver, clock, self.blocks.append, self.statuses.append, gauge=self.gauge)

    @property
    def warnings(self) -> frozenset[SensorWarning]:
        """Those of now."""
        return self.statuses[-1].warnings if self.statuses else frozenset()


async def notified(band: VirtualBand, value: bytes, watched: Watched, wanted: frozenset[SensorWarning]) -> None:
    """Notify four times a second until the warnings are as wanted."""
    await band.listened(band.heart_rate)
    async with asyncio.timeout(15):
        for _ in range(60):
            await band.notify(band.heart_rate, value)
            await asyncio.sleep(0.25)
            if watched.warnings == wanted:
                return
    raise AssertionError(f"the warnings are {watched.warnings}, not {wanted}")


async def test_a_strap_that_feels_no_skin_and_then_does(band: VirtualBand, monkeypatch: pytest.MonkeyPatch) -> None:
    # The waiting itself is tested on a virtual clock; a radio needs a real one.
    monkeypatch.setattr("edge.sensors.wear.NO_CONTACT_S", 0.5)
    monkeypatch.setattr("edge.sensors.wear.BACK_S", 0.5)
    watched = Watched()
    care = asyncio.create_task(watched.follow())
    await notified(band, WITHOUT_SKIN, watched, frozenset({SensorWarning.NOT_WORN}))
    assert watched.statuses[-1].state is SensorState.STREAMING
    await notified(band, WITH_SKIN, watched, frozenset())
    care.cancel()
    await asyncio.wait((care,))


async def test_a_strap_whose_charge_is_low(band: VirtualBand) -> None:
    band.battery.value = b"\x0a"
    watched = Watched()
    care = asyncio.create_task(watched.follow())
    await notified(band, WITH_SKIN, watched, frozenset({SensorWarning.BATTERY_LOW}))
    assert watched.gauge.charge.percent == 10.0
    care.cancel()
    await asyncio.wait((care,))
