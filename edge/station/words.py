"""Codes in the words of a nurse: one vocabulary for every screen."""

from __future__ import annotations

from collections.abc import Sequence

from edge.face.words import code_words, sentence
from edge.publish.payload import AlertMessage
from edge.stages import SAFE_MODE, STAGE_WORDS, stage_code
from edge.types import CAMERA_STATE_LOST, Absence, Condition, Presence, Priority

CONDITION_WORDS = {
    Condition.PAIN: "signs of pain",
    Condition.CANNOT_ASSESS: "cannot assess",
    Condition.FACE_LOST: "face lost",
    Condition.BAND_LOST: "wristband lost",
    Condition.SIGNAL_POOR: "signal poor",
    Condition.BATTERY_LOW: "battery low",
    Condition.CAMERA_OFF: "camera switched off",
    Condition.STATION_SILENT: "station silent",
    Condition.BOX_HOT: "box too hot",
    Condition.CLOCK_UNSYNCED: "clock not synchronised",
    Condition.STORAGE_FAILING: "storage failing",
    Condition.ANNUNCIATOR_FAILING: "bedside light, sound or button failing",
}
"""Conditions as a nurse would say them."""

REASON_WORDS = {
    "pulse": "pulse roused",
    "skin": "skin roused",
    "heart_rate": "heart rate roused",
    "against_face": "but the face shows no pain",
    "against_ppg": "but the pulse is calm",
    "against_gsr": "but the skin is calm",
    "against_hr": "but the heart rate is calm",
    "only_face": "only the face shows pain",
    "only_ppg": "only the pulse is roused",
    "only_gsr": "only the skin is roused",
    "only_hr": "only the heart rate is roused",
    "to_bed": "nobody acknowledged: the bed sounds too",
    "to_second": "nobody acknowledged: second station called",
    CAMERA_STATE_LOST: "camera state lost, it stays off: ask a nurse whether it may look",
    SAFE_MODE: "safe mode after several failed starts: nobody is watched",
} | {stage_code(stage): f"it failed while {doing}" for stage, doing in STAGE_WORDS.items()}
"""Reason codes of the wristband, whose signals speak of arousal, not of pain, and of the box. Those of the face:
`edge.face.words`."""

ABSENCE_WORDS = {
    Absence.FACE_TURNED: "face turned away",
    Absence.OTHER_FACE: "face of somebody else",
    Absence.FIXED_RATE: "heart rate never changes: held by the band, or a pacemaker",
    Absence.SAFE_MODE: "left alone in safe mode",
}
"""Absences whose code alone would not be understood."""

PRIORITY_STYLE = {Priority.HIGH: "bold white on red", Priority.MEDIUM: "bold black on yellow", Priority.LOW: "cyan"}
"""Terminal style of a sounding alarm: the colours of IEC 60601-1-8."""


def presence_words(alert: AlertMessage) -> str:
    """The presence of an alarm in words; a latched alarm says whether its end was seen."""
    match alert.presence:
        case Presence.ON:
            return "present"
        case Presence.LATCHED:
            return "out of sight, not acknowledged" if alert.score is None else "over, not acknowledged"
        case Presence.ACKNOWLEDGED:
            return "acknowledged"
        case Presence.OFF:
            return "ended"


def reason_words(alert: AlertMessage) -> list[str]:
    """Why: what the face shows and for how long, then the band; a code without words of its own is shown as it is."""
    return explain(alert.reasons)


def explain(reasons: Sequence[str]) -> list[str]:
    """Reason codes in words: one entry for all that the face shows, then one for each other."""
    face = sentence(reasons)
    others = [code for code in reasons if not sentence((code,))]
    return [*([face] if face else []), *(code_words(code) or REASON_WORDS.get(code, words(code)) for code in others)]


def because(alert: AlertMessage) -> str:
    """Reasons of an alarm, then what is missing."""
    missing = [f"{key}: {absence_words(why)}" for key, why in alert.missing_words().items()]
    return ", ".join([*reason_words(alert), *missing])


def absence_words(absence: Absence) -> str:
    """Why a modality says nothing, in words."""
    return ABSENCE_WORDS.get(absence, words(absence))


def words(code: str) -> str:
    """A code as words: "no_face" is "no face"."""
    return code.replace("_", " ")
