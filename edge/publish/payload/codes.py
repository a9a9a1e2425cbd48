"""Short words for the wire: one letter per modality, two per absence and per hold."""

from __future__ import annotations

from enum import StrEnum


class ModalityCode(StrEnum):
    """One letter per modality."""

    FACE = "f"
    PPG = "p"
    GSR = "g"
    HEART_RATE = "h"


class AbsenceCode(StrEnum):
    """Two letters per absence."""

    NOT_CONFIGURED = "nc"
    CONNECTING = "co"
    SENSOR_LOST = "lo"
    SENSOR_STALLED = "sl"
    STALE = "st"
    NO_FACE = "nf"
    FACE_TURNED = "tu"
    FACE_COVERED = "cv"
    TWO_FACES = "tf"
    OTHER_FACE = "of"
    FACE_TOO_SMALL = "sm"
    TOO_DARK = "dk"
    POOR_SIGNAL = "ps"
    NOT_WORN = "nw"
    WARMING_UP = "wu"
    ESTIMATOR_FAULT = "ef"
    CAMERA_OFF = "ca"
    FIXED_RATE = "fr"
    SAFE_MODE = "sf"


class HoldCode(StrEnum):
    """Two letters per hold."""

    CARE = "ca"
    AUDIO_PAUSED = "ap"
    ALARMS_PAUSED = "al"
    QUIET = "qu"
    CAMERA_OFF = "co"
