"""Stalls that are no silence: too few samples, a channel that dies, a camera that repeats itself."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest

from edge.errors import SensorError, SensorReason
from edge.sensors.care import GIVE_UP_PARTIAL_S
from edge.types import NS_PER_S, Channel, SampleBlock, SensorState, SensorWarning
from tests.sensors.scripted import Band, Script, care_for, care_for_camera, steady

PPG, GSR, ACC = Channel.PPG, Channel.GSR_US, Channel.ACC_G


def test_a_band_that_delivers_a_fifth_of_its_samples_is_stalled() -> None:
    told = care_for(steady(60, {PPG: 0.2, GSR: 0.25, ACC: 0.2}), seconds=30)
    stalled = told.first(SensorState.STALLED)
    assert stalled.reason is SensorReason.PARTIAL
    assert stalled.detail == "much less than it declares arrives of gsr_us, ppg"
    assert told.at_s(SensorState.STALLED) <= 13.0


def test_a_pulse_channel_that_dies_while_acceleration_goes_on_is_a_stall() -> None:
    told = care_for(_then({PPG: 1.0, ACC: 1.0}, 20, {ACC: 1.0}, 40), seconds=50)
    stalled = told.first(SensorState.STALLED)
    assert (stalled.reason, stalled.detail) == (SensorReason.CHANNEL_SILENT, "nothing arrives any more of ppg")
    assert 25.0 <= told.at_s(SensorState.STALLED) <= 28.0


def test_a_pulse_channel_that_dies_beside_skin_conductance_is_a_warning_and_the_rest_goes_on() -> None:
    told = care_for(_then({PPG: 1.0, GSR: 1.0}, 20, {GSR: 1.0}, 40), seconds=50)
    assert {status.state for status in told.statuses} == {SensorState.CONNECTING, SensorState.STREAMING}
    assert told.statuses[-1].warnings == {SensorWarning.CHANNEL_SILENT}


def test_half_a_pulse_beside_whole_skin_conductance_is_a_warning() -> None:
    told = care_for(steady(60, {PPG: 0.4, GSR: 1.0}), seconds=30)
    assert told.statuses[-1].warnings == {SensorWarning.PARTIAL}


def test_the_warning_ends_with_the_trouble() -> None:
    told = care_for(_then({PPG: 0.4, GSR: 1.0}, 20, {PPG: 1.0, GSR: 1.0}, 40), seconds=50)
    assert told.statuses[-1].warnings == frozenset()


def test_a_warning_is_logged_when_it_begins_and_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "edge.sensors.care")
    care_for(_then({PPG: 0.4, GSR: 1.0}, 20, {PPG: 1.0, GSR: 1.0}, 40), seconds=50)
    assert caplog.messages == [
        "wrist: streaming",
        "wrist: partial: much less than it declares arrives of ppg",
        "wrist: partial: over",
    ]


def test_a_partial_stream_is_made_anew_only_after_a_minute() -> None:
    told = care_for(steady(1000, {PPG: 0.2}), seconds=200)
    lost = [status for status in told.statuses if status.state is SensorState.STALLED]
    first, second = lost[0], lost[1]
    assert (second.since_ns - first.since_ns) / NS_PER_S >= GIVE_UP_PARTIAL_S


def test_a_partial_stream_that_becomes_whole_is_streaming_again() -> None:
    told = care_for(_then({PPG: 0.2}, 20, {PPG: 1.0}, 60), seconds=60)
    states = [status.state for status in told.statuses]
    assert states[-2:] == [SensorState.STALLED, SensorState.STREAMING]


def test_a_reconnection_starts_the_judgement_anew() -> None:
    gone = SensorError(SensorReason.DISCONNECTED, "the link was lost")
    told = care_for(steady(8, {PPG: 0.2}, gone), seconds=100)
    assert SensorState.STALLED not in {status.state for status in told.statuses}


def test_a_band_that_rests_while_it_is_not_worn_is_not_stalled() -> None:
    async def taken_off(band: Band) -> AsyncIterator[SampleBlock]:
        async for block in steady(20, {PPG: 1.0, GSR: 1.0})(band):
            yield block
        for _ in range(100):
            await band.clock.sleep(1.0)
            yield band.block(Channel.CONTACT, [0.0])

    told = care_for(taken_off, seconds=110)
    assert SensorState.STALLED not in {status.state for status in told.statuses}
    assert SensorWarning.NOT_WORN in told.statuses[-1].warnings


def test_a_camera_that_stands_still_is_stalled_within_three_seconds() -> None:
    told = care_for_camera(10.0, 20.0, frozen_after=50)
    assert told.first(SensorState.STALLED).reason is SensorReason.NO_DATA
    assert told.at_s(SensorState.STALLED) <= 5.0 + 3.0  # the last new picture came after 5 s


def test_a_slow_camera_is_warned_of_and_goes_on() -> None:
    told = care_for_camera(1.0, 30.0, expected_hz=10.0, stall_after_s=2.0)
    assert told.statuses[-1].state is SensorState.STREAMING
    assert told.statuses[-1].warnings == {SensorWarning.PARTIAL}


def test_a_camera_that_exposes_long_at_night_is_not_warned_of() -> None:
    assert care_for_camera(5.0, 30.0, expected_hz=10.0).statuses[-1].warnings == frozenset()


def _then(first: dict[Channel, float], first_s: float, second: dict[Channel, float], second_s: float) -> Script:
    """One connection that changes what it delivers."""

    async def script(band: Band) -> AsyncIterator[SampleBlock]:
        for part in (steady(first_s, first), steady(second_s, second)):
            async for block in part(band):
                yield block

    return script
