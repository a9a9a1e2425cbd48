"""What a session tells: samples in their places, gaps, beats, responses; and fewer points without losing any of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edge.errors import SessionError, SessionReason
from edge.plot.series import Story, Trace, beats_of, rates_of, responses_of, tell
from edge.plot.thin import broken, merged, thin
from edge.recorder.events import Alerted, Assessed, BlockArrived, Event, Ticked
from edge.sensors.simulated.scene import DEMO_SCENE, Scene
from edge.sensors.simulated.waveform import PPG_HZ, synthesise
from edge.types import Channel, SampleBlock, SensorState
from tests.recorder.events import ALERT, FACTS, SEEN, write
from tests.replay.troubled import BACK_S, HEARD_S, LOST_S, SECONDS, SILENT_S, at, write_troubled


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_troubled(tmp_path_factory.mktemp("troubled") / "x.anodyne")


@pytest.fixture(scope="module")
def story(path: Path) -> Story:
    return tell(path)


def test_the_samples_lie_where_they_were_measured(story: Story) -> None:
    trace = story.traces["wrist", Channel.PPG]
    truth = synthesise(Scene.load(DEMO_SCENE), 1).ppg
    inside = (trace.times_s > 34.1) & (trace.times_s < 39.9)
    places = np.rint(trace.times_s[inside] * PPG_HZ).astype(int)
    # A sample of doubt: the band's clock is estimated, and the simulated one counts from the sample's end.
    errors = [np.abs(trace.values[inside] - truth[places + shift]).mean() for shift in (-1, 0, 1)]
    assert min(errors) < 1e-3


def test_every_gap_is_found_where_it_is(story: Story) -> None:
    gaps = story.traces["wrist", Channel.PPG].gaps(0.0, SECONDS)
    long = [(round(start_s), round(end_s)) for start_s, end_s in gaps if end_s - start_s > 0.9]
    assert long == [(LOST_S - 1, BACK_S - 1), (SILENT_S - 1, HEARD_S - 1), (SECONDS - 1, SECONDS)]


def test_two_broken_samples_are_a_gap_too(story: Story) -> None:
    gaps = story.traces["wrist", Channel.PPG].gaps(0.0, SECONDS)
    assert any(start_s == pytest.approx(15.0, abs=0.05) for start_s, _ in gaps)


def test_an_irregular_channel_has_no_gaps() -> None:
    assert Trace(0.0, np.array([1.0, 50.0]), np.ones(2, np.float32)).gaps(0.0, 60.0) == []


def test_beats_are_found_where_there_are_samples_only(story: Story) -> None:
    beats_s = beats_of(story.traces["wrist", Channel.PPG])
    assert not ((beats_s > LOST_S - 0.9) & (beats_s < BACK_S - 1.1)).any()
    _, rates = rates_of(beats_s)
    assert np.nanmedian(rates) == pytest.approx(68.0, abs=8.0)  # the scene's patient at rest, then in pain


def test_a_missing_beat_is_no_slow_heart() -> None:
    _, rates = rates_of(np.array([0.0, 1.0, 2.0, 6.0, 7.0]))
    assert [round(rate) if rate == rate else None for rate in rates] == [60, 60, None, 60]


def test_responses_of_the_skin_are_found(story: Story) -> None:
    onsets_s, rises_us = responses_of(story.traces["wrist", Channel.GSR_US])
    assert onsets_s.size >= 1
    assert (rises_us > 0.01).all()


def test_states_come_from_before_the_part_that_is_asked_for(path: Path) -> None:
    [state] = {status.state for at_s, status in tell(path, 45.0).statuses["wrist"] if at_s <= 44.0} - {
        SensorState.CONNECTING,
        SensorState.LOST,
    }
    assert state is SensorState.STREAMING


def test_a_part_has_nothing_from_outside(path: Path) -> None:
    story = tell(path, 5.0, 9.0)
    times_s = story.traces["wrist", Channel.PPG].times_s
    assert (times_s.min(), times_s.max()) == (pytest.approx(5.0, abs=0.1), pytest.approx(9.0, abs=0.1))


def test_results_carry_the_time_at_which_they_came(tmp_path: Path) -> None:
    events: list[Event] = [Ticked(at(1)), Assessed(at(1), SEEN), Alerted(at(1), ALERT), Ticked(at(2))]
    story = tell(write(tmp_path / "x.anodyne", events))
    assert [at_s for at_s, _ in story.assessments] == [at_s for at_s, _ in story.alerts] == [1.0]


def test_a_later_part_begins_with_its_own_first_tick(tmp_path: Path) -> None:
    events: list[Event] = [Ticked(at(3601)), Assessed(at(3602), SEEN), Ticked(at(3605))]
    story = tell(write(tmp_path / "x.anodyne", events, FACTS.next_part("w.anodyne", 100)))
    assert (story.to_s, story.assessments[0][0], story.second(at(3604))) == (4.0, 1.0, 3.0)


@pytest.mark.parametrize(("from_s", "to_s"), [(60.0, None), (20.0, 10.0), (5.0, 5.0)])
def test_an_empty_part_is_refused(path: Path, from_s: float, to_s: float | None) -> None:
    with pytest.raises(SessionError, match="has 50 s") as refused:
        tell(path, from_s, to_s)
    assert refused.value.reason is SessionReason.EMPTY


def test_a_damaged_session_tells_what_can_be_read(path: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.anodyne"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size * 9 // 10])
    story = tell(cut)
    assert "damaged" in story.damage
    assert story.traces["wrist", Channel.PPG].times_s.size > 1000


def test_hours_are_told_in_pieces_with_every_sample(tmp_path: Path) -> None:
    values = np.arange(4, dtype=np.float32)
    block = SampleBlock("wrist", Channel.GSR_US, values, 4.0, 0, 0.0)
    events: list[Event] = []
    for second in range(1, 1200):
        blocks = replace(block, arrived_ns=at(second), device_s=float(second - 1))
        events += [Ticked(at(second)), BlockArrived(at(second), blocks)]
    trace = tell(write(tmp_path / "x.anodyne", [*events, Ticked(at(1200))])).traces["wrist", Channel.GSR_US]
    assert trace.times_s.size == pytest.approx(4 * 1199, abs=2)
    assert (np.diff(trace.times_s) > 0).all()


FINITE = st.floats(-1e6, 1e6)


@given(arrays.arrays(np.float64, st.integers(1, 500), elements=FINITE | st.just(float("nan"))))
def test_thinning_keeps_the_extremes_the_order_and_the_holes(
    values: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> None:
    times_s = np.arange(values.size, dtype=np.float64)
    thin_s, kept = thin(times_s, values, most=30)
    assert kept.size <= 30 or kept.size == values.size
    assert (np.diff(thin_s) > 0).all()
    if np.isfinite(values).any():
        assert (np.nanmin(kept), np.nanmax(kept)) == (np.nanmin(values), np.nanmax(values))
    assert np.isnan(kept).any() == np.isnan(values).any()


def test_a_line_is_broken_in_every_gap() -> None:
    times_s, values = broken(np.array([0.0, 1.0, 5.0]), np.ones(3), [(1.0, 5.0)])
    assert (times_s.tolist(), np.isnan(values).tolist()) == ([0.0, 1.0, 3.0, 5.0], [False, False, True, False])


def test_a_narrow_gap_is_widened_and_never_dropped() -> None:
    assert merged([(10.0, 10.001), (2.0, 3.0), (10.2, 10.3)], 0.5) == [(2.0, 3.0), (10.0, 10.5)]
