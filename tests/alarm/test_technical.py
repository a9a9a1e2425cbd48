"""The technical conditions: blindness, and single sensors that are lost while others remain."""

from __future__ import annotations

import pytest

from edge.errors import SensorReason
from edge.types import Absence, Condition, ConditionKind, Modality, Priority, SensorState, SensorStatus
from tests.alarm.scenes import Bed, told

BLIND = Condition.CANNOT_ASSESS
FACE = (Modality.FACE,)
BAND = (Modality.PPG, Modality.GSR)


def test_blindness_alarms_after_its_delay(bed: Bed) -> None:
    bed.see(1, 5)
    assert bed.see(None, 15) == []
    [alert] = bed.see(None, 1)
    assert told([alert], BLIND) == ["on medium"]
    assert (alert.kind, alert.mode, alert.score) == (ConditionKind.TECHNICAL, "blind", None)
    assert alert.missing["face"] == "sensor_lost"


def test_blindness_from_the_first_moment_alarms(bed: Bed) -> None:
    assert told(bed.see(None, 16), BLIND) == ["on medium"]


def test_blindness_ends_by_itself_without_acknowledgement(bed: Bed) -> None:
    bed.see(None, 16)
    assert bed.see(1, 5) == []
    assert told(bed.see(1, 1), BLIND) == ["off medium"]


def test_blindness_that_persists_after_acknowledgement_alarms_again(bed: Bed) -> None:
    bed.see(None, 16)
    bed.acknowledge("cannot_assess")
    assert bed.see(None, 299) == []
    assert told(bed.see(None, 1), BLIND) == ["on medium"]


def test_sight_that_comes_back_for_moments_does_not_hide_blindness(bed: Bed) -> None:
    heard = [alert for _ in range(6) for alert in bed.see(None, 6) + bed.see(1, 2)]
    assert told(heard, BLIND) == ["on medium"]


@pytest.mark.parametrize(
    ("mode", "condition"), [(BAND, Condition.FACE_LOST), (FACE, Condition.BAND_LOST)], ids=["face", "band"]
)
def test_a_lost_sensor_alarms_with_low_priority_while_another_remains(
    bed: Bed, mode: tuple[Modality, ...], condition: Condition
) -> None:
    assert bed.see(1, 20, mode) == []
    [alert] = bed.see(1, 1, mode)
    assert (alert.condition, alert.priority) == (condition, Priority.LOW)
    assert told(bed.see(1, 6), condition) == ["off low"]


def test_one_signal_of_a_band_is_no_lost_band(bed: Bed) -> None:
    assert bed.see(1, 60, (Modality.FACE, Modality.PPG)) == []


def test_a_sensor_that_is_not_configured_is_not_lost(bed: Bed) -> None:
    missing = dict.fromkeys(BAND, Absence.NOT_CONFIGURED)
    assert bed.see(1, 60, FACE, missing) == []


def test_a_band_that_warms_up_is_not_lost(bed: Bed) -> None:
    missing = dict.fromkeys(BAND, Absence.WARMING_UP)
    assert bed.see(1, 60, FACE, missing) == []


def test_a_band_that_never_connects_is_lost(bed: Bed) -> None:
    missing = dict.fromkeys(BAND, Absence.CONNECTING)
    assert told(bed.see(1, 21, FACE, missing), Condition.BAND_LOST) == ["on low"]


def test_while_blind_only_blindness_speaks(bed: Bed) -> None:
    heard = bed.see(None, 120)
    assert {alert.condition for alert in heard} == {BLIND}


def test_a_lost_face_stays_lost_through_blindness(bed: Bed) -> None:
    bed.see(1, 21, BAND)
    bed.see(None, 60)
    assert [one.condition for one in bed.manager.active()] == [BLIND, Condition.FACE_LOST]
    assert told(bed.see(1, 6, FACE), Condition.FACE_LOST) == ["off low"]


def test_the_reason_of_the_silent_sensor_is_told(bed: Bed) -> None:
    status = SensorStatus("band1", SensorState.LOST, SensorReason.DISCONNECTED, 0)
    [alert] = bed.see(1, 21, FACE, sensors={"band1": status})
    assert alert.reasons == ("disconnected",)
