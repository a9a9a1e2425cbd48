"""How much of each channel arrives, from counts alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.flow import JUDGE_S, Flow, Lack
from edge.types import NS_PER_S

SILENCE_S = 5.0


def stream(
    flow: Flow, channel: str, rate_hz: float, seconds: float, *, share: float = 1.0, start_s: float = 0.0
) -> int:
    """Let so much of a channel arrive, in blocks of half a second; the answer is the time at the end."""
    sent = 0.0
    arrived = 0
    for half in range(int(2 * seconds)):
        now_ns = round((start_s + 0.5 * (half + 1)) * NS_PER_S)
        sent += share * rate_hz / 2
        flow.push(channel, int(sent) - arrived, rate_hz, now_ns)
        arrived = int(sent)
    return round((start_s + seconds) * NS_PER_S)


def test_a_whole_channel_lacks_nothing() -> None:
    flow = Flow(SILENCE_S)
    now_ns = stream(flow, "ppg", 64.0, 60.0)
    assert flow.lacks(now_ns) == {}
    assert flow.rates(now_ns)["ppg"].measured_hz == pytest.approx(64.0, abs=3.5)


def test_a_fifth_of_the_samples_is_partial() -> None:
    flow = Flow(SILENCE_S)
    assert flow.lacks(stream(flow, "ppg", 64.0, 30.0, share=0.2)) == {"ppg": Lack.PARTIAL}


def test_partial_is_known_within_eleven_seconds() -> None:
    flow = Flow(SILENCE_S)
    assert flow.lacks(stream(flow, "ppg", 64.0, JUDGE_S + 1.0, share=0.2)) == {"ppg": Lack.PARTIAL}


def test_one_second_of_radio_trouble_is_no_lack() -> None:
    flow = Flow(SILENCE_S)
    stream(flow, "ppg", 64.0, 20.0)
    assert flow.lacks(stream(flow, "ppg", 64.0, 5.0, start_s=21.0)) == {}


def test_a_channel_at_the_edge_does_not_flap() -> None:
    flow = Flow(SILENCE_S)
    assert flow.lacks(stream(flow, "ppg", 64.0, 20.0, share=0.4))
    assert flow.lacks(stream(flow, "ppg", 64.0, 20.0, share=0.6, start_s=20.0))
    assert not flow.lacks(stream(flow, "ppg", 64.0, 20.0, share=0.7, start_s=40.0))


def test_a_channel_that_ceases_while_others_go_on_is_silent() -> None:
    flow = Flow(SILENCE_S)
    stream(flow, "ppg", 64.0, 20.0)
    stream(flow, "acc_g", 32.0, 20.0)
    now_ns = stream(flow, "acc_g", 32.0, 6.0, start_s=20.0)
    assert flow.lacks(now_ns) == {"ppg": Lack.SILENT}


def test_a_channel_that_does_not_come_back_after_a_reconnection_is_silent() -> None:
    flow = Flow(SILENCE_S)
    stream(flow, "ppg", 64.0, 20.0)
    flow.connected(30 * NS_PER_S)
    now_ns = stream(flow, "acc_g", 32.0, 6.0, start_s=30.0)
    assert flow.lacks(now_ns) == {"ppg": Lack.SILENT}


def test_sixteen_seconds_in_one_block_are_no_silence() -> None:
    flow = Flow(SILENCE_S)
    for number in range(1, 6):
        flow.push("gsr_us", 64, 4.0, number * 16 * NS_PER_S)
        assert flow.lacks((number * 16 + 15) * NS_PER_S) == {}


def test_a_channel_without_a_rate_is_only_counted() -> None:
    flow = Flow(SILENCE_S)
    flow.push("ibi_s", 1, 0.0, 0)
    assert flow.lacks(3600 * NS_PER_S) == {}
    assert flow.rates(3600 * NS_PER_S)["ibi_s"].coverage is None


def test_a_changed_rate_is_judged_anew() -> None:
    flow = Flow(SILENCE_S)
    stream(flow, "ppg", 128.0, 20.0)
    assert flow.lacks(stream(flow, "ppg", 32.0, 20.0, start_s=20.0)) == {}


def test_coverage_is_that_of_the_last_minute() -> None:
    flow = Flow(SILENCE_S)
    stream(flow, "ppg", 64.0, 120.0)
    now_ns = stream(flow, "ppg", 64.0, 30.0, start_s=150.0)
    assert 0.45 < (flow.rates(now_ns)["ppg"].coverage or 0.0) < 0.55


def test_losses_are_summed() -> None:
    flow = Flow(SILENCE_S)
    for second in range(10):
        flow.push("ppg", 32, 64.0, second * NS_PER_S, lost=32)
    assert (flow.rates(10 * NS_PER_S)["ppg"].samples, flow.rates(10 * NS_PER_S)["ppg"].lost) == (320, 320)


@given(
    blocks=st.lists(
        st.tuples(
            st.sampled_from(["ppg", "acc_g"]),
            st.integers(0, 10_000),
            st.sampled_from([0.0, 1.0, 64.0]),
            st.integers(0, 100 * NS_PER_S),
        ),
        max_size=60,
    )
)
def test_whatever_arrives_the_figures_stay_in_their_range(blocks: list[tuple[str, int, float, int]]) -> None:
    flow = Flow(SILENCE_S)
    now_ns = 0
    for channel, samples, rate_hz, later_ns in blocks:
        now_ns += later_ns
        flow.push(channel, samples, rate_hz, now_ns)
        flow.lacks(now_ns)
        for rate in flow.rates(now_ns).values():
            assert rate.measured_hz is None or rate.measured_hz >= 0.0
            assert rate.coverage is None or 0.0 <= rate.coverage <= 1.0
