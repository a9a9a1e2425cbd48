"""The pain condition: delay, hysteresis, priority, acknowledgement, latching."""

from __future__ import annotations

import pytest

from edge.errors import CommandError, CommandReason
from edge.types import Absence, Activation, Condition, ConditionKind, Modality
from tests.alarm.scenes import Bed, told


def test_pain_shorter_than_the_condition_delay_is_no_alarm(bed: Bed) -> None:
    assert bed.see(6, 9) + bed.see(1, 60) == []


def test_pain_that_lasts_the_condition_delay_alarms(bed: Bed) -> None:
    bed.see(1, 5)
    [alert] = bed.see(6, 11)
    assert told([alert]) == ["on medium"]
    assert alert.at_ns == bed.clock.now_ns()
    assert alert.episode == alert.id
    assert (alert.kind, alert.activation) == (ConditionKind.PHYSIOLOGICAL, Activation.ON)
    assert (alert.score, alert.mode, alert.reasons) == (6, "face+ppg+gsr", ("AU4", "AU43"))


def test_a_dip_below_the_on_score_restarts_the_delay(bed: Bed) -> None:
    assert bed.see(6, 9) + bed.see(4.5, 1) + bed.see(6, 10) == []


def test_severe_pain_alarms_with_high_priority_at_once(bed: Bed) -> None:
    assert told(bed.see(8, 11)) == ["on high"]


def test_pain_that_grows_severe_during_the_delay_is_one_alarm(bed: Bed) -> None:
    bed.see(1, 5)
    assert told(bed.see(6, 4) + bed.see(8, 30)) == ["on high"]


def test_pain_that_becomes_severe_escalates(bed: Bed) -> None:
    bed.see(6, 11)
    assert told(bed.see(8, 11)) == ["on high"]


def test_a_short_peak_does_not_escalate(bed: Bed) -> None:
    bed.see(6, 11)
    assert bed.see(8, 5) + bed.see(6, 5) + bed.see(8, 5) == []


def test_priority_does_not_fall_within_an_episode(bed: Bed) -> None:
    bed.see(8, 11)
    assert bed.see(6, 30) + bed.see(8, 30) + bed.see(4, 60) == []


def test_a_score_within_the_hysteresis_keeps_the_alarm(bed: Bed) -> None:
    bed.see(6, 11)
    assert bed.see(4, 600) == []


def test_unacknowledged_pain_that_ends_is_latched(bed: Bed) -> None:
    bed.see(6, 11)
    assert bed.see(1, 20) == []
    assert told(bed.see(1, 1)) == ["latched medium"]


def test_latched_pain_stays_until_it_is_acknowledged(bed: Bed) -> None:
    bed.see(6, 11)
    bed.see(1, 21)
    assert bed.see(1, 1800) == []
    assert told([bed.acknowledge()]) == ["off medium"]


def test_latched_pain_that_returns_is_on_again_in_the_same_episode(bed: Bed) -> None:
    [first] = bed.see(6, 11)
    bed.see(1, 21)
    [again] = bed.see(6, 11)
    assert told([again]) == ["on medium"]
    assert again.episode == first.episode


def test_acknowledged_pain_is_silent_and_ends_by_itself(bed: Bed) -> None:
    bed.see(6, 11)
    acknowledged = bed.acknowledge()
    assert told([acknowledged]) == ["acknowledged medium"]
    assert acknowledged.activation is Activation.PAUSED
    assert told(bed.see(1, 21)) == ["off medium"]


def test_pain_after_the_end_of_an_episode_is_a_new_episode(bed: Bed) -> None:
    [first] = bed.see(6, 11)
    bed.acknowledge()
    bed.see(1, 21)
    [second] = bed.see(6, 11)
    assert second.episode == second.id != first.episode


def test_acknowledged_pain_that_persists_alarms_again(bed: Bed) -> None:
    bed.see(6, 11)
    bed.acknowledge()
    assert bed.see(6, 299) == []
    assert told(bed.see(6, 1)) == ["on medium"]


def test_acknowledged_pain_that_becomes_severe_alarms_at_once(bed: Bed) -> None:
    bed.see(6, 11)
    bed.acknowledge()
    assert told(bed.see(8, 11)) == ["on high"]


def test_acknowledging_twice_changes_nothing(bed: Bed) -> None:
    bed.see(6, 11)
    assert bed.acknowledge() == bed.acknowledge()


def test_an_episode_is_acknowledged_by_its_number(bed: Bed) -> None:
    [alert] = bed.see(6, 11)
    assert told([bed.acknowledge(str(alert.seq))]) == ["acknowledged medium"]


@pytest.mark.parametrize("name", ["pain", "99", "no-such-thing"])
def test_what_is_not_active_cannot_be_acknowledged(bed: Bed, name: str) -> None:
    bed.see(1, 5)
    with pytest.raises(CommandError) as caught:
        bed.acknowledge(name)
    assert caught.value.reason is CommandReason.NOT_APPLICABLE


def test_the_episode_before_cannot_silence_this_one(bed: Bed) -> None:
    [first] = bed.see(6, 11)
    bed.acknowledge()
    bed.see(1, 21)
    bed.see(6, 11)
    with pytest.raises(CommandError):
        bed.acknowledge(first.episode)


def test_blindness_during_the_delay_neither_counts_nor_forgets(bed: Bed) -> None:
    bed.see(6, 6)
    assert told(bed.see(None, 5)) == []
    assert told(bed.see(6, 5)) == []
    assert told(bed.see(6, 1)) == ["on medium"]


def test_pain_that_goes_out_of_sight_is_latched(bed: Bed) -> None:
    bed.see(8, 11)
    assert told(bed.see(None, 15)) == []
    assert told(bed.see(None, 1)) == ["latched high"]
    assert told(bed.see(None, 1800)) == []


def test_acknowledging_pain_out_of_sight_does_not_end_it(bed: Bed) -> None:
    bed.see(6, 11)
    bed.see(None, 16)
    assert told([bed.acknowledge()]) == ["acknowledged medium"]
    assert told(bed.see(None, 1800)) == []
    assert told(bed.see(6, 2)) == ["on medium"]


def test_acknowledged_pain_out_of_sight_ends_only_when_calm_is_seen(bed: Bed) -> None:
    bed.see(6, 11)
    bed.acknowledge()
    assert told(bed.see(None, 600)) == []
    assert told(bed.see(1, 20)) == []
    assert told(bed.see(1, 1)) == ["off medium"]


def test_calm_seen_before_blindness_still_counts(bed: Bed) -> None:
    bed.see(6, 11)
    bed.see(1, 15)
    bed.see(None, 5)
    assert told(bed.see(1, 7)) == ["latched medium"]


def test_active_names_what_is_not_over(bed: Bed) -> None:
    bed.see(6, 11)
    assert [one.condition for one in bed.manager.active()] == [Condition.PAIN]
    bed.acknowledge()
    bed.see(1, 21)
    assert bed.manager.active() == ()


BAND = (Modality.PPG, Modality.GSR)


def test_a_calm_band_does_not_end_the_pain_of_a_face_that_is_out_of_sight(bed: Bed) -> None:
    bed.see(6, 11)
    bed.acknowledge()
    assert told(bed.see(1, 200, mode=BAND)) == []
    assert told(bed.see(1, 21)) == ["off medium"]


def test_unacknowledged_pain_of_a_face_that_left_is_latched(bed: Bed) -> None:
    bed.see(6, 11)
    pain = [one for one in bed.see(1, 60, mode=BAND) if one.condition is Condition.PAIN]
    assert told(pain) == ["latched medium"]


@pytest.mark.parametrize("why", [Absence.CAMERA_OFF, Absence.NOT_CONFIGURED])
def test_where_there_is_no_camera_the_band_may_end_it(bed: Bed, why: Absence) -> None:
    bed.see(6, 11, mode=BAND, missing={Modality.FACE: why})
    bed.acknowledge()
    ended = bed.see(1, 60, mode=BAND, missing={Modality.FACE: why})
    assert told([one for one in ended if one.condition is Condition.PAIN]) == ["off medium"]
