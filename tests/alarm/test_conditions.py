"""The conditions of sensors and box beside pain and lost sensors, each by the fact that makes it."""

from __future__ import annotations

import pytest

from edge.alarm.manager import AlarmManager
from edge.types import (
    Absence,
    Alert,
    BoxFacts,
    Condition,
    Hold,
    Modality,
    Priority,
    SensorState,
    SensorStatus,
    SensorWarning,
)
from tests.alarm.scenes import Bed, assessment, told

GOOD = BoxFacts(temperature_c=50.0, clock_synced=True, station_silent=False)


def see(bed: Bed, seconds: int, facts: BoxFacts, score: float | None = 1.0) -> list[Alert]:
    """Let the box know these facts for so long."""
    heard: list[Alert] = []
    for _ in range(seconds):
        bed.clock.advance(1.0)
        heard += bed.manager.step(assessment(bed.clock.now_ns(), score), {}, facts)
    return heard


def band(*warnings: SensorWarning) -> dict[str, SensorStatus]:
    return {"band1": SensorStatus("band1", SensorState.STREAMING, None, 0, warnings=frozenset(warnings))}


@pytest.mark.parametrize(
    ("bad", "condition", "delay_s", "clear_s"),
    [
        (BoxFacts(85.0, True, False), Condition.BOX_HOT, 30, 5),
        (BoxFacts(50.0, False, False), Condition.CLOCK_UNSYNCED, 600, 5),
        (BoxFacts(50.0, True, True), Condition.STATION_SILENT, 60, 5),
        (BoxFacts(50.0, True, False, "pins do not answer"), Condition.ANNUNCIATOR_FAILING, 0, 5),
    ],
    ids=["hot", "clock", "station", "annunciator"],
)
def test_a_fact_of_the_box_alarms_after_its_delay_and_ends(
    bed: Bed, bad: BoxFacts, condition: Condition, delay_s: int, clear_s: int
) -> None:
    assert see(bed, 5, GOOD) == []
    assert see(bed, delay_s, bad) == []
    [alert] = see(bed, 1, bad)
    assert (alert.condition, alert.presence) == (condition, "on")
    assert see(bed, clear_s, GOOD) == []
    assert told(see(bed, 1, GOOD), condition) == [f"off {alert.priority}"]


def test_a_box_that_cools_a_little_is_still_hot(bed: Bed) -> None:
    see(bed, 31, BoxFacts(85.0, True, False))
    assert see(bed, 60, BoxFacts(77.0, True, False)) == []


def test_what_is_unknown_ends_nothing(bed: Bed) -> None:
    see(bed, 31, BoxFacts(85.0, True, False))
    assert see(bed, 600, BoxFacts()) == []
    assert [one.condition for one in bed.manager.active()] == [Condition.BOX_HOT]


def test_a_low_battery_is_told_with_the_band_s_name(bed: Bed) -> None:
    [alert] = bed.see(1, 21, sensors=band(SensorWarning.BATTERY_LOW))
    assert (alert.condition, alert.priority, alert.reasons) == (Condition.BATTERY_LOW, Priority.LOW, ("band1",))


@pytest.mark.parametrize("warning", [SensorWarning.PARTIAL, SensorWarning.CHANNEL_SILENT])
def test_a_poor_signal_alarms(bed: Bed, warning: SensorWarning) -> None:
    assert bed.see(1, 60, sensors=band(warning)) == []
    assert told(bed.see(1, 1, sensors=band(warning)), Condition.SIGNAL_POOR) == ["on low"]


def test_one_poor_channel_of_a_band_alarms(bed: Bed) -> None:
    heard = bed.see(1, 61, (Modality.FACE, Modality.PPG), {Modality.GSR: Absence.POOR_SIGNAL})
    assert told(heard, Condition.SIGNAL_POOR) == ["on low"]


@pytest.fixture
def held(bed: Bed) -> AlarmManager:
    bed.see(1, 1)
    return bed.manager


def test_a_camera_switched_off_is_told_at_once_and_is_no_lost_face(bed: Bed, held: AlarmManager) -> None:
    held.hold(Hold.CAMERA_OFF, None)
    heard = bed.see(1, 120, (Modality.PPG, Modality.GSR), {Modality.FACE: Absence.CAMERA_OFF})
    assert [(one.condition, one.presence) for one in heard] == [(Condition.CAMERA_OFF, "on")]
    held.release(Hold.CAMERA_OFF)
    assert [(one.condition, one.presence) for one in bed.see(1, 2)] == [(Condition.CAMERA_OFF, "off")]


def test_in_care_mode_a_lost_face_is_no_alarm_until_care_ends_by_itself(bed: Bed, held: AlarmManager) -> None:
    band_alone = (Modality.PPG, Modality.GSR)
    held.hold(Hold.CARE, 60)
    assert bed.see(1, 60, band_alone) == []
    assert told(bed.see(1, 21, band_alone), Condition.FACE_LOST) == ["on low"]


def test_a_lost_face_that_alarms_goes_when_care_begins(bed: Bed, held: AlarmManager) -> None:
    band_alone = (Modality.PPG, Modality.GSR)
    bed.see(1, 21, band_alone)
    held.hold(Hold.CARE, 900)
    assert told(bed.see(1, 7, band_alone), Condition.FACE_LOST) == ["off low"]


def test_care_mode_does_not_hide_blindness(bed: Bed, held: AlarmManager) -> None:
    held.hold(Hold.CARE, 900)
    assert told(bed.see(None, 16), Condition.CANNOT_ASSESS) == ["on medium"]


def test_paused_alarms_keep_their_presence_and_say_that_they_are_paused(bed: Bed, held: AlarmManager) -> None:
    held.hold(Hold.ALARMS_PAUSED, 120)
    [alert] = bed.see(6, 11)
    assert (alert.presence, alert.activation) == ("on", "paused")
    assert held.sounding() == ()
    bed.see(6, 120)
    assert held.sounding() == ((Priority.MEDIUM, 0),)


def test_severe_pain_ends_every_pause(bed: Bed, held: AlarmManager) -> None:
    held.hold(Hold.ALARMS_PAUSED, 600)
    held.hold(Hold.AUDIO_PAUSED, 600)
    [alert] = bed.see(8, 11)
    assert (alert.priority, alert.activation, held.standing.holds()) == (Priority.HIGH, "on", ())


def test_no_pause_is_longer_than_allowed(bed: Bed, held: AlarmManager) -> None:
    held.hold(Hold.ALARMS_PAUSED, 86_400)
    bed.see(1, 600)
    assert held.standing.holds() == ()


def test_holds_survive_a_restart_and_all_but_the_camera_end_with_a_boot(bed: Bed, held: AlarmManager) -> None:
    held.hold(Hold.CARE, 900)
    held.hold(Hold.CAMERA_OFF, None)
    bed.restart()
    assert bed.manager.standing.holds() == (Hold.CARE, Hold.CAMERA_OFF)
    bed.restart(type(bed.clock)(boot_id="ba9876543210"))
    assert bed.manager.standing.holds() == (Hold.CAMERA_OFF,)


def test_pain_has_three_priorities(bed: Bed) -> None:
    assert told(bed.see(5.5, 11)) == ["on low"]
    assert told(bed.see(6.5, 11)) == ["on medium"]
    assert told(bed.see(8.0, 11)) == ["on high"]


def test_reports_move_where_pain_begins_but_not_where_it_is_severe(bed: Bed, held: AlarmManager) -> None:
    held.shift(-0.5)
    assert told(bed.see(4.6, 11)) == ["on low"]
    bed.acknowledge()
    held.shift(1.0)
    assert told(bed.see(7.5, 11)) == ["on high"]


def test_a_raised_threshold_ends_no_alarm_sooner(bed: Bed, held: AlarmManager) -> None:
    bed.see(8, 11)
    held.shift(1.0)
    assert told(bed.see(3.6, 100)) == []


def test_nobody_acknowledges_and_others_are_called(bed: Bed) -> None:
    bed.close()
    bed.alarm = bed.alarm.model_copy(update={"bed_after_s": 60.0, "second_station_after_s": 120.0})
    bed.open()
    heard = bed.see(6, 11 + 121)
    assert [(one.presence, one.reasons[0]) for one in heard] == [("on", "AU4"), ("on", "to_bed"), ("on", "to_second")]
    bed.restart()
    assert bed.manager.sounding() == ((Priority.MEDIUM, 2),)
    assert bed.acknowledge().reasons[0] == "AU4"


def test_a_station_that_answers_nothing_is_silent(bed: Bed) -> None:
    bed.close()
    bed.alarm = bed.alarm.model_copy(update={"bed_after_s": 10.0, "second_station_after_s": 20.0})
    bed.open()
    heard = see(bed, 11 + 40 + 62, GOOD, score=6.0)
    assert told(heard, Condition.STATION_SILENT) == ["on medium"]
