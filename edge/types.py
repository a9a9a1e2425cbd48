"""Frozen values that pass between the rooms.

Time in these values is the box's monotonic clock in nanoseconds (`*_ns`), at the moment of *measurement*. Wall time is
attached only where a value is stored or published (`edge.clock.Instant`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.errors import SensorReason

NS_PER_S = 1_000_000_000
"""Nanoseconds in a second."""


class Modality(StrEnum):
    """A kind of evidence. HEART_RATE stands for a plain Heart Rate Service band without a waveform."""

    FACE = "face"
    PPG = "ppg"
    GSR = "gsr"
    HEART_RATE = "hr"


class Channel(StrEnum):
    """What the samples of a block are, and in which unit."""

    PPG = "ppg"
    """Photoplethysmogram, arbitrary units (only its shape and relative amplitude mean something)."""
    GSR_US = "gsr_us"
    """Skin conductance, microsiemens."""
    ACC_G = "acc_g"
    """Acceleration, standard gravities, three axes."""
    HEART_RATE_BPM = "heart_rate_bpm"
    """Heart rate as computed by the band, beats per minute."""
    SPO2_PERCENT = "spo2_percent"
    """Oxygen saturation of arterial blood as computed by an oximeter, percent."""
    PERFUSION_PERCENT = "perfusion_percent"
    """Pulse amplitude (perfusion) index as computed by an oximeter, percent."""
    IBI_S = "ibi_s"
    """Inter-beat (RR) intervals, seconds; `rate_hz` is 0 for this irregular channel."""
    SKIN_TEMPERATURE_C = "skin_temperature_c"
    """Skin temperature, degrees Celsius."""
    CONTACT = "contact"
    """1 when the band reports skin contact, 0 when it reports none."""
    BATTERY_PERCENT = "battery_percent"
    """Charge of the band, percent."""


class Validity(StrEnum):
    """Whether a message speaks of a patient, of a test, or of the built-in demonstration."""

    REAL = "real"
    TEST = "test"
    DEMO = "demo"


class SensorState(StrEnum):
    """The state of a sensor's connection."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    STALLED = "stalled"
    LOST = "lost"


class SensorWarning(StrEnum):
    """What is wrong with a sensor beside the state of its connection."""

    BATTERY_LOW = "battery_low"
    """The band's charge is low."""
    NOT_WORN = "not_worn"
    """The band lies on no skin; what it sends is not the person's."""
    PARTIAL = "partial"
    """Much less arrives of a channel than it declares."""
    CHANNEL_SILENT = "channel_silent"
    """One channel has ceased while others go on."""


@dataclass(frozen=True, slots=True)
class SensorStatus:
    """What a sensor's connection is doing, since when, and why; and what else is wrong with the sensor."""

    sensor: str
    state: SensorState
    reason: SensorReason | None
    since_ns: int
    detail: str = ""
    warnings: frozenset[SensorWarning] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One camera picture. It lives in memory for one inference and is never stored or published.

    Attributes:
        sensor: name of the camera in the configuration.
        pixels: (height, width) uint8 luminance.
        measured_ns: monotonic time of exposure, as well as the source lets it be known.
        index: running number from this connection; gaps are frames that were dropped.
    """

    sensor: str
    pixels: NDArray[np.uint8]
    measured_ns: int
    index: int


@dataclass(frozen=True, slots=True, eq=False)
class FaceReading:
    """What was read of one picture of a face, without the picture: the face's road joins in after its network.

    Attributes:
        sensor: name of the sensor in the configuration.
        units: (17,) intensities 0..5, in the order of `edge.face.units.LABELS`.
        deviation: (17,) standard deviation of each intensity's error.
        visible: (5,) 0..1, probabilities that at least half of each of `edge.face.units.REGIONS` is uncovered.
        trust: 0..1, worst of the picture's aspects (light, contrast, sharpness).
        measured_ns: monotonic time of exposure.
        absence: why no face could be read; then the figures mean nothing.
    """

    sensor: str
    units: NDArray[np.float32]
    deviation: NDArray[np.float32]
    visible: NDArray[np.float32]
    trust: float
    measured_ns: int
    absence: Absence | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SampleBlock:
    """Consecutive samples of one channel as a driver received them.

    Attributes:
        sensor: name of the wristband in the configuration.
        channel: quantity and unit.
        values: (n,) float32, or (n, 3) for acceleration.
        rate_hz: nominal sampling rate; 0 for irregular channels, whose values are then consecutive intervals or
            readings that end at the block's time.
        arrived_ns: monotonic time at which the box received the block.
        device_s: time of the *first* sample on the device's own clock (seconds, any origin, already unwrapped),
            or None where the protocol carries no time.
        lost_before: samples known to be missing between the previous block of this channel and this one.
    """

    sensor: str
    channel: Channel
    values: NDArray[np.float32]
    rate_hz: float
    arrived_ns: int
    device_s: float | None = None
    lost_before: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Samples of one channel between two moments, placed on the box's clock.

    Attributes:
        channel: quantity and unit.
        rate_hz: nominal sampling rate; 0 for irregular channels.
        start_ns, end_ns: the half-open span [start_ns, end_ns) that was asked for.
        times_ns: (n,) int64, strictly rising measurement times of the samples that exist.
        values: (n,) float32, or (n, 3) for acceleration.
        coverage: share of the span that is covered by samples, 0..1.
    """

    channel: Channel
    rate_hz: float
    start_ns: int
    end_ns: int
    times_ns: NDArray[np.int64]
    values: NDArray[np.float32]
    coverage: float


class Absence(StrEnum):
    """Why a modality says nothing. Never silence: absent evidence always has a reason."""

    NOT_CONFIGURED = "not_configured"
    CONNECTING = "connecting"
    SENSOR_LOST = "sensor_lost"
    SENSOR_STALLED = "sensor_stalled"
    STALE = "stale"
    NO_FACE = "no_face"
    FACE_TURNED = "face_turned"
    FACE_COVERED = "face_covered"
    TWO_FACES = "two_faces"
    OTHER_FACE = "other_face"
    FACE_TOO_SMALL = "face_too_small"
    TOO_DARK = "too_dark"
    POOR_SIGNAL = "poor_signal"
    NOT_WORN = "not_worn"
    WARMING_UP = "warming_up"
    ESTIMATOR_FAULT = "estimator_fault"
    CAMERA_OFF = "camera_off"
    FIXED_RATE = "fixed_rate"
    """A heart rate that never changes: held by the band, or a pacemaker's; it tells nothing of arousal."""
    SAFE_MODE = "safe_mode"
    """The box has failed to start several times, and leaves its sensors alone."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one modality says at one moment.

    Attributes:
        modality: whose evidence this is.
        value: FACE: PSPI change against the same person's resting face (PSPI units, 0..16 above rest, may be
            slightly negative). PPG, GSR, HEART_RATE: probability 0..1 of sympathetic *arousal* from this signal
            alone (arousal, not pain). NaN when quality is 0.
        quality: 0..1; 0 means absent, and `absence` says why.
        interval: 90 % interval of `value`, in the same unit.
        measured_ns: monotonic time of the newest input that the value rests on.
        evidence: named figures behind the value, for explanations ("AU4": 2.1, "heart_rate_bpm": 88.0).
        absence: why quality is 0; None otherwise.
    """

    modality: Modality
    value: float
    quality: float
    interval: tuple[float, float]
    measured_ns: int
    evidence: Mapping[str, float] = field(default_factory=dict[str, float])
    absence: Absence | None = None

    def __post_init__(self) -> None:
        """Refuse an estimate that is absent without a reason, or has one while present."""
        if (self.quality <= 0.0) != (self.absence is not None):
            raise ValueError("an estimate has an absence reason exactly when its quality is 0")

    @classmethod
    def absent(cls, modality: Modality, absence: Absence, measured_ns: int) -> Estimate:
        """An estimate that says: nothing, and why."""
        nan = float("nan")
        return cls(modality, nan, 0.0, (nan, nan), measured_ns, {}, absence)


class Verdict(StrEnum):
    """What the assessment amounts to."""

    CALM = "calm"
    PAIN = "pain"
    CANNOT_ASSESS = "cannot_assess"


@dataclass(frozen=True, slots=True)
class Contribution:
    """How much one modality moved the score."""

    modality: Modality
    log_odds: float
    quality: float
    age_s: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """The fused view of the bed at one tick.

    `score` and `interval` are None exactly when the verdict is CANNOT_ASSESS: there is no number that could be
    mistaken for calm.

    Attributes:
        assessed_ns: monotonic time of the tick.
        verdict: calm, pain, or cannot_assess.
        score: 0..10 evidence score, 5 at the threshold of the mode in use; None when blind.
        interval: 90 % interval of the score.
        probability: probability of pain given this evidence, at even prior odds; None when blind.
        mode: modalities in use, in the order face, ppg, gsr, hr; empty when blind.
        missing: configured or supported modalities not in use, each with its reason.
        contributions: strongest first.
        reasons: short codes behind the score, strongest first ("AU4", "AU43", "pulse", "skin", "heart_rate"); after
            the second, which modalities contradict the verdict ("against_gsr" beside pain, "only_face" beside calm);
            then how long an episode of the face has run ("for_12_s") and what its reference still needs
            ("no_reference_28").
    """

    assessed_ns: int
    verdict: Verdict
    score: float | None
    interval: tuple[float, float] | None
    probability: float | None
    mode: tuple[Modality, ...]
    missing: Mapping[Modality, Absence]
    contributions: tuple[Contribution, ...] = ()
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a blind assessment with a number, or a sighted one without."""
        blind = self.verdict is Verdict.CANNOT_ASSESS
        if blind != (self.score is None) or blind != (not self.mode):
            raise ValueError("an assessment has no score and no mode exactly when it cannot assess")

    @property
    def mode_text(self) -> str:
        """The mode as published: "face+ppg+gsr", or "blind"."""
        return "+".join(self.mode) or "blind"


class Condition(StrEnum):
    """Alarm conditions of this box."""

    PAIN = "pain"
    CANNOT_ASSESS = "cannot_assess"
    FACE_LOST = "face_lost"
    BAND_LOST = "band_lost"
    SIGNAL_POOR = "signal_poor"
    BATTERY_LOW = "battery_low"
    CAMERA_OFF = "camera_off"
    """Somebody has switched the camera off: by consent, not by fault."""
    STATION_SILENT = "station_silent"
    """The way to the nurse is broken, or nobody answers there."""
    BOX_HOT = "box_hot"
    CLOCK_UNSYNCED = "clock_unsynced"
    STORAGE_FAILING = "storage_failing"
    ANNUNCIATOR_FAILING = "annunciator"
    """The bed's own light or sound does not work."""


class Hold(StrEnum):
    """What a person at the bed has asked of the alarms; all but CAMERA_OFF end by themselves."""

    CARE = "care"
    """A nurse is at the bed: her hands before the face are no alarm."""
    AUDIO_PAUSED = "audio_paused"
    ALARMS_PAUSED = "alarms_paused"
    QUIET = "quiet"
    """Soft sound, but never for high priority."""
    CAMERA_OFF = "camera_off"


class Throttle(StrEnum):
    """What slows the box's processor from outside."""

    UNDER_VOLTAGE = "under_voltage"
    CAPPED = "capped"
    """It may not run as fast as it could: the firmware's soft limit, or the kernel's."""
    THROTTLED = "throttled"
    """The firmware brakes."""


@dataclass(frozen=True, slots=True)
class BoxFacts:
    """What the box knows of itself at one tick, beside its sensors. None: unknown, which is neither good nor bad.

    Attributes:
        temperature_c: of the hottest thermal zone, degrees Celsius.
        clock_synced: whether the wall clock is synchronised.
        station_silent: whether the way to the station is broken; None where there is none (home mode).
        annunciator_fault: why the bed's own light, sound or button fails; "" while it works or there is none.
        storage_fault: why what was stored may be incomplete; "" while all is well.
        throttled: what slows the processor.
    """

    temperature_c: float | None = None
    clock_synced: bool | None = None
    station_silent: bool | None = None
    annunciator_fault: str = ""
    storage_fault: str = ""
    throttled: frozenset[Throttle] = frozenset()


class ConditionKind(StrEnum):
    """IEC 60601-1-8 / ISO/IEEE 11073 SDC kinds of alarm condition."""

    PHYSIOLOGICAL = "physiological"
    TECHNICAL = "technical"


class Priority(StrEnum):
    """IEC 60601-1-8 alarm priorities."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Presence(StrEnum):
    """Whether an alarm signal is present (ISO/IEEE 11073 SDC)."""

    ON = "on"
    LATCHED = "latched"
    ACKNOWLEDGED = "acknowledged"
    OFF = "off"


CAMERA_STATE_LOST = "state_lost"
"""Reason code of an alarm: whether the cameras may look is not known; they stay off until somebody decides anew."""


class Activation(StrEnum):
    """Whether an alarm signal may sound (ISO/IEEE 11073 SDC)."""

    ON = "on"
    PAUSED = "paused"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Alert:
    """One transition of one alarm condition, as stored, published and shown.

    Attributes:
        id: unique for ever: "<boot id>-<seq>"; receivers drop duplicates by it.
        seq: running number, never reused, rising across restarts.
        episode: id of the alert that raised this episode; acknowledgements name it.
        condition, kind, priority, presence, activation: what, and in which state now.
        at_ns: monotonic time of the transition within `boot_id`.
        boot_id: boot in which `at_ns` is meaningful.
        wall_ms: Unix time in milliseconds, as good as `synced` says.
        synced: whether the wall clock was synchronised.
        validity: real, test or demo.
        mode: "face+ppg+gsr" and so on, or "blind".
        missing: modality to reason, for what is not in use.
        score, interval: of the assessment behind the transition; None for blind.
        reasons: at most three codes, strongest first.
    """

    id: str
    seq: int
    episode: str
    condition: Condition
    kind: ConditionKind
    priority: Priority
    presence: Presence
    activation: Activation
    at_ns: int
    boot_id: str
    wall_ms: int
    synced: bool
    validity: Validity
    mode: str
    missing: Mapping[str, str]
    score: float | None
    interval: tuple[float, float] | None
    reasons: tuple[str, ...] = ()
