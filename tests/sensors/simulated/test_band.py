"""The simulated wristband on the virtual clock."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.clock import VirtualClock, run
from edge.errors import ConfigError
from edge.sensors.simulated.band import ScenePlayer, SimulatedBand
from edge.types import NS_PER_S, Channel, SampleBlock

SCENE = """
title = "silent for a while"
duration_s = 40.0
[[band_silent]]
start_s = 10.0
end_s = 25.0
"""


@pytest.fixture
def config(tmp_path: Path) -> SimulatedBand:
    path = tmp_path / "scene.toml"
    path.write_text(SCENE)
    return SimulatedBand(driver="simulated_band", name="wrist", scene=path)


def play(band: ScenePlayer, clock: VirtualClock) -> list[SampleBlock]:
    async def collect() -> list[SampleBlock]:
        return [block async for block in band.stream()]

    return run(clock, collect())


def of(blocks: list[SampleBlock], channel: Channel) -> list[SampleBlock]:
    return [block for block in blocks if block.channel is channel]


def test_blocks_arrive_when_their_last_sample_was_taken(config: SimulatedBand) -> None:
    clock = VirtualClock()
    blocks = of(play(ScenePlayer(config, clock), clock), Channel.PPG)
    assert [block.arrived_ns for block in blocks[:3]] == [NS_PER_S // 2, NS_PER_S, 3 * NS_PER_S // 2]
    assert [block.device_s for block in blocks[:3]] == [0.0, 0.5, 1.0]


def test_it_sends_three_channels_at_their_rates(config: SimulatedBand) -> None:
    clock = VirtualClock()
    blocks = play(ScenePlayer(config, clock), clock)
    sizes = {block.channel: (block.rate_hz, block.values.shape) for block in blocks}
    assert sizes == {
        Channel.PPG: (64.0, (32,)),
        Channel.GSR_US: (4.0, (2,)),
        Channel.ACC_G: (32.0, (16, 3)),
    }


def test_it_ends_with_the_scene(config: SimulatedBand) -> None:
    clock = VirtualClock()
    play(ScenePlayer(config, clock), clock)
    assert clock.now_ns() == 40 * NS_PER_S


def test_a_silent_stretch_sends_nothing_and_is_counted_as_lost(config: SimulatedBand) -> None:
    clock = VirtualClock()
    blocks = of(play(ScenePlayer(config, clock), clock), Channel.PPG)
    starts = [block.device_s for block in blocks]
    after = blocks[starts.index(25.0)]
    assert 10.0 not in starts
    assert 24.5 not in starts
    assert after.lost_before == 15 * 64


def test_silence_is_longer_than_the_stall_limit(config: SimulatedBand) -> None:
    assert ScenePlayer(config, VirtualClock()).stall_after_s < 15.0


def test_scene_time_goes_on_while_nobody_is_connected(config: SimulatedBand) -> None:
    clock = VirtualClock()
    band = ScenePlayer(config, clock)

    async def reconnect() -> SampleBlock:
        stream = band.stream()
        await anext(stream)
        await clock.sleep(30.0)
        return await anext(band.stream())

    assert run(clock, reconnect()).device_s == 30.5


def test_its_blocks_are_the_same_at_any_time_of_day(config: SimulatedBand) -> None:
    morning, evening = VirtualClock(), VirtualClock(1_767_290_000_000)
    evening.advance(3600.0)
    first = of(play(ScenePlayer(config, morning), morning), Channel.PPG)
    second = of(play(ScenePlayer(config, evening), evening), Channel.PPG)
    np.testing.assert_array_equal(first[7].values, second[7].values)


def test_a_wrong_scene_is_refused_when_the_band_is_built(tmp_path: Path) -> None:
    config = SimulatedBand(driver="simulated_band", name="wrist", scene=tmp_path / "none.toml")
    with pytest.raises(ConfigError):
        ScenePlayer(config, VirtualClock())
