"""Short lives through the true daemon: each fault, and what the box makes of it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from edge.sensors.simulated.scene import FaultSpan, PainSpan, Patient, Scene, Span
from edge.simulate.retold import retold
from edge.simulate.run import ALL, Simulation, simulate
from edge.simulate.score import score
from edge.simulate.truth import Sensor
from edge.types import Condition, Presence, SensorWarning, Verdict

FACE: tuple[Sensor, ...] = ("face",)


def live(
    *faults: tuple[str, float, float],
    seconds: float = 120.0,
    watched: tuple[Sensor, ...] = ALL,
    pain: tuple[PainSpan, ...] = (),
    size: float = 1.0,
) -> Simulation:
    spans = [
        FaultSpan.model_validate({"kind": kind, "start_s": start_s, "end_s": end_s, "size": size})
        for kind, start_s, end_s in faults
    ]
    scene = Scene(title="short", duration_s=seconds, patient=Patient(), pain=pain, fault=tuple(spans))
    return simulate(scene, 2, watched, tick_s=1.0)


def raised(run: Simulation) -> dict[Condition, float]:
    """The first moment of each condition."""
    found: dict[Condition, float] = {}
    for one in run.raised:
        if one.alert.presence is Presence.ON:
            found.setdefault(one.alert.condition, one.at_s)
    return found


def test_the_same_seed_ends_the_same_to_the_last_score() -> None:
    first, second = (live(("motion", 20.0, 40.0), seconds=60.0) for _ in range(2))
    assert first.said == second.said
    assert [one.alert for one in first.raised] == [one.alert for one in second.raised]


def test_all_three_modalities_are_used_and_rest_raises_nothing() -> None:
    run = live()
    assert run.said[-1].mode == "face+ppg+gsr"
    assert not run.raised
    assert score(run).false_alarms == 0


def test_strong_pain_is_raised_within_half_a_minute() -> None:
    run = live(seconds=180.0, pain=(PainSpan(start_s=100.0, end_s=160.0, level=10.0),))
    result = score(run)
    assert (result.episodes, result.raised) == (1, 1)
    assert 5.0 < result.delays_s[0] <= 30.0


@pytest.mark.parametrize("fault", ["face_turned", "face_covered", "lights_off", "camera_dead"])
def test_a_lost_face_is_told_in_time(fault: str) -> None:
    run = live((fault, 40.0, 90.0), watched=("face", "gsr"))
    assert 60.0 <= raised(run)[Condition.FACE_LOST] <= 71.0
    assert (score(run).losses, score(run).told) == (1, 1)


def test_a_lost_radio_link_is_told_in_time() -> None:
    run = live(("radio_loss", 40.0, 90.0))
    assert 60.0 <= raised(run)[Condition.BAND_LOST] <= 71.0
    assert score(run).told == 1


def test_a_silent_band_is_told_in_time() -> None:
    scene = Scene(title="x", duration_s=120.0, patient=Patient(), band_silent=(Span(start_s=40.0, end_s=90.0),))
    run = simulate(scene, 2, tick_s=1.0)
    assert 60.0 <= raised(run)[Condition.BAND_LOST] <= 71.0


def test_a_band_on_the_table_is_noticed() -> None:
    run = live(("band_off", 60.0, 160.0), seconds=170.0)
    assert Condition.BAND_LOST in raised(run)
    assert SensorWarning.NOT_WORN in run.warnings or "face" in {one.mode for one in run.said}


def test_with_everything_gone_the_box_says_so_and_never_calm() -> None:
    run = live(("camera_dead", 50.0, 110.0), ("radio_loss", 50.0, 110.0))
    result = score(run)
    assert result.blind_s > 50.0
    assert result.blind_calm_s == 0.0
    assert 60.0 < raised(run)[Condition.CANNOT_ASSESS] <= 76.0
    assert all(one.score is None for one in run.said if one.verdict is Verdict.CANNOT_ASSESS)


def test_a_covered_face_alone_is_blind() -> None:
    run = live(("face_covered", 40.0, 100.0), watched=FACE)
    assert Condition.CANNOT_ASSESS in raised(run)
    assert score(run).blind_calm_s == 0.0


def test_a_mask_leaves_the_face_usable() -> None:
    run = live(("mask", 30.0, 110.0), watched=FACE)
    assert not raised(run)
    assert {one.mode for one in run.said if one.at_s > 40} == {"face"}


def test_motion_takes_the_pulse_away_and_not_the_bed() -> None:
    run = live(("motion", 50.0, 110.0))
    modes = {one.mode for one in run.said if 70 < one.at_s < 110}
    assert any("ppg" not in mode for mode in modes)
    assert all(mode.startswith("face") for mode in modes)


def test_a_low_battery_is_warned_of() -> None:
    run = live(("battery_low", 50.0, 120.0))
    assert 50.0 <= run.warnings[SensorWarning.BATTERY_LOW] <= 65.0


def test_a_stepped_wall_clock_changes_no_order_and_no_delay() -> None:
    pain = (PainSpan(start_s=100.0, end_s=140.0, level=10.0),)
    plain = live(seconds=150.0, pain=pain, watched=FACE)
    stepped = live(("clock_step", 102.0, 105.0), seconds=150.0, pain=pain, watched=FACE, size=-3600.0)
    assert [one.at_s for one in stepped.raised] == [one.at_s for one in plain.raised]
    assert stepped.raised[0].alert.wall_ms < plain.raised[0].alert.wall_ms
    assert [one.alert.seq for one in stepped.raised] == sorted(one.alert.seq for one in stepped.raised)


def test_a_throttled_box_is_late_and_still_raises() -> None:
    pain = (PainSpan(start_s=100.0, end_s=160.0, level=10.0),)
    run = live(("cpu_throttled", 60.0, 170.0), seconds=180.0, pain=pain, size=3.0)
    gaps = [after.at_s - before.at_s for before, after in pairwise(run.said)]
    assert max(gaps) >= 3.0
    assert score(run).raised == 1


@pytest.mark.parametrize("fault", ["broker_gone", "station_silent"])
def test_what_is_raised_while_nobody_can_hear_arrives_later(fault: str) -> None:
    pain = (PainSpan(start_s=100.0, end_s=140.0, level=10.0),)
    run = live((fault, 90.0, 130.0), seconds=220.0, pain=pain, watched=FACE)
    assert Condition.PAIN in raised(run)
    assert run.told
    assert run.waiting == 0
    assert score(run).undelivered == 0


def test_a_bed_told_anew_with_fewer_sensors_knows_no_more_than_they_do() -> None:
    spans = (
        FaultSpan(kind="camera_dead", start_s=50.0, end_s=100.0),
        FaultSpan(kind="radio_loss", start_s=110.0, end_s=150.0),
    )
    scene = Scene(title="x", duration_s=160.0, patient=Patient(), fault=spans)
    run = simulate(scene, 2, ("face", "ppg", "gsr", "hr"), tick_s=1.0, keep=True)
    assert {one.mode for one in retold(run, ("face",)).said} == {"face", "blind"}
    assert all("face" not in one.mode for one in retold(run, ("ppg", "gsr")).said)
    assert "hr" in {one.mode for one in retold(run, ("hr",)).said}
    assert Condition.CANNOT_ASSESS in raised(retold(run, ("face",)))
    assert Condition.FACE_LOST in raised(retold(run, ("face", "gsr")))
