"""The EmotiBit driver against a real GATT server that sends a real recording, through bleak's own BlueZ backend."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.sensors.wristband.ble import BleDriver
from edge.sensors.wristband.emotibit.band import EmotiBitBand
from edge.types import Channel
from tests.peers.band import ADDRESS, VirtualBand
from tests.sensors.wristband.streaming import count, take


@pytest.mark.parametrize("mtu", [23, 247], indirect=True)
@pytest.mark.usefixtures("mtu")
async def test_a_real_recording_arrives_over_the_air(band: VirtualBand, shared: Path) -> None:
    (file,) = (shared / "vectors/emotibit").glob("*.csv")
    with file.open("rb") as session:
        lines = list(islice(session, 300))

    async def play() -> None:
        await band.listened(band.uart_tx)
        for line in lines:
            await band.send(line)

    config = EmotiBitBand(driver="ble_emotibit", name="arm", address=ADDRESS, connect_timeout_s=5.0)
    arm = BleDriver(config, config.profile(), SystemClock())
    sent = sum(len(line.split(b",")) - 6 for line in lines if line.split(b",")[3] == b"PI")
    blocks = await take(arm, lambda got: count(got, Channel.PPG) == sent, play())
    assert not arm.damage.counts
    assert {block.channel for block in blocks} >= {
        Channel.PPG,
        Channel.GSR_US,
        Channel.ACC_G,
        Channel.HEART_RATE_BPM,
        Channel.IBI_S,
        Channel.SKIN_TEMPERATURE_C,
    }
