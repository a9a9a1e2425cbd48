"""All figures of one evaluation in one frozen value: what the report and `--json` are made of."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from quantize.evaluation import plain
from quantize.evaluation.bootstrap import Value
from quantize.evaluation.calibration import Bin

FORMAT = "anodyne-biosignal-figures-2"
"""Name of the JSON layout; changes whenever a field changes its meaning."""


@dataclass(frozen=True, slots=True)
class Separation:
    """How well scores part aroused from calm seconds.

    Attributes:
        pooled: area under the ROC curve over everybody's seconds.
        within: mean of the areas within each person.
        quartiles: of the areas within each person (25 %, 50 %, 75 %).
        people: who have both classes.
        seconds: share of the judged seconds that have a score.
    """

    pooled: Value
    within: Value
    quartiles: tuple[float, float, float]
    people: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Band:
    """Seconds of one range of signal quality.

    Attributes:
        low, high: the range, [low, high).
        pooled: area under the ROC curve.
        balanced: balanced accuracy at even odds.
        seconds: share of the scored seconds.
    """

    low: float
    high: float
    pooled: Value
    balanced: Value
    seconds: float


@dataclass(frozen=True, slots=True)
class Subset:
    """What one subset of signals is worth.

    Attributes:
        name: of the subset.
        int8: what the box runs.
        float32, yardstick: the networks before they were quantised, and a logistic regression on the same features;
            None where nobody kept their scores.
        lost, gained: pooled area of float less int8, and of int8 less the yardstick, on the same draws of people.
        balanced, sensitivity, specificity: at even odds of the calibrated score.
        ece: expected calibration error, both classes weighing the same.
        reliability: stated against found share of aroused seconds.
        false_per_hour: alarms that begin in calm seconds, per hour of them, through the box's own alarm table.
        found: share of aroused spans during which the alarm was on.
        calm_hours, spans: what the two rest on.
        bands: by signal quality; empty where no quality is known.
    """

    name: str
    int8: Separation
    float32: Separation | None
    yardstick: Separation | None
    lost: Value | None
    gained: Value | None
    balanced: Value
    sensitivity: Value
    specificity: Value
    ece: Value
    reliability: tuple[Bin, ...]
    false_per_hour: Value
    found: Value
    calm_hours: float
    spans: int
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person.

    Attributes:
        name: as the data set has it.
        seconds: judged seconds.
        aroused: share of them.
        areas: subset to the area within the person.
        quality: source to the mean signal quality.
    """

    name: str
    seconds: int
    aroused: float
    areas: dict[str, float]
    quality: dict[str, float]


@dataclass(frozen=True, slots=True)
class Level:
    """Skin conductance responses to one level of a stimulus.

    Attributes:
        name: of the level.
        events, people: how many.
        mean_us: mean amplitude, 0 where there was no response.
        above: threshold in microsiemens to the share of events above it.
        against_calm: area under the ROC curve of the amplitude against the calmest level.
    """

    name: str
    events: int
    people: int
    mean_us: Value
    above: dict[str, Value]
    against_calm: Value


@dataclass(frozen=True, slots=True)
class Reactions:
    """Responses to stimuli of known strength.

    Attributes:
        name: of the data.
        levels: calmest first.
        notes: what must be known to read them.
    """

    name: str
    levels: tuple[Level, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Detected:
    """What the SCR detector makes of responses of known height.

    Attributes:
        name: whose heights.
        events: how many responses were made.
        found: share that the detector counts.
        expected: share at or above the detector's smallest response.
        bias_us: mean of found less true amplitude, of those that were found.
        false_per_min: responses found where there was none.
    """

    name: str
    events: int
    found: float
    expected: float
    bias_us: float
    false_per_min: float


@dataclass(frozen=True, slots=True)
class Truth:
    """A tool on generated signals whose beats and responses are known.

    Attributes:
        case: what was generated.
        tool: whose detector.
        f1: of beats within 0.1 s, the tool's constant offset taken out.
        rate_mae_bpm: heart rate over pieces of ten seconds.
        scr_f1: of responses within 1 s; NaN where the tool has none.
        scr_per_min, true_scr_per_min: responses per minute; NaN where the tool has none.
        gave_up: recordings, of `recordings`, on which the tool raised an error; they are in none of the other figures.
        recordings: how many were generated.
    """

    case: str
    tool: str
    f1: float
    rate_mae_bpm: float
    scr_f1: float
    scr_per_min: float
    true_scr_per_min: float
    gave_up: int
    recordings: int


@dataclass(frozen=True, slots=True)
class Rated:
    """The box's heart rate against a truth, and how far its signal quality can be believed.

    Attributes:
        kind: what was generated, or what real seconds are compared with.
        accelerometer: whether the band had one.
        beats_f1: F1 of beats within 0.1 s; NaN where no beat is known.
        good: share of the seconds rated 0.8 or more.
        right: share of these within 5 bpm of the truth; NaN without any.
        mae_bpm: their mean absolute error.
        seconds: how many were compared.
    """

    kind: str
    accelerometer: bool
    beats_f1: float
    good: float
    right: float
    mae_bpm: float
    seconds: int


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Skin conductance parted into level and responses, against the truth of generated signals.

    Attributes:
        kind: what was generated.
        method: whose decomposition.
        late_s: delay at which the responses agree best; the other figures are taken there.
        tonic_r, phasic_r: mean Pearson correlation with the true part over the recordings.
        tonic_off_us: mean absolute error of the level.
        ms_per_minute: time that a minute of signal took, median.
    """

    kind: str
    method: str
    late_s: float
    tonic_r: float
    phasic_r: float
    tonic_off_us: float
    ms_per_minute: float


@dataclass(frozen=True, slots=True)
class Peer:
    """Agreement of the box's detectors with another tool on the same recordings.

    Attributes:
        tool: whose detector.
        quality: which pieces of ten seconds, by the box's own signal quality.
        pieces: how many.
        f1: of beats.
        rate_mae_bpm: difference of heart rates.
        scr_per_min, own_scr_per_min: responses per minute over the same stretches; only in the row of all pieces.
        gave_up: recordings on which the tool raised an error; they are in none of the other figures.
    """

    tool: str
    quality: str
    pieces: int
    f1: Value
    rate_mae_bpm: Value
    scr_per_min: float
    own_scr_per_min: float
    gave_up: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """One evaluation.

    Attributes:
        format: `FORMAT`.
        name: of the data that were measured on.
        notes: what must be known to read the figures.
        seed, rounds: of the bootstrap.
        people, seconds, aroused: how many, and the share of aroused ones.
        subsets: by what a band sends.
        persons: one row each.
        rated: the heart rate on generated signals and against that of the band itself, and what its quality is worth.
        decomposed: level and responses of generated skin conductance.
        reactions: to stimuli of known strength.
        detected: the SCR detector on responses of known height.
        truth: detectors on generated signals.
        peers: detectors on recordings.
    """

    format: str
    name: str
    notes: tuple[str, ...]
    seed: int
    rounds: int
    people: int = 0
    seconds: int = 0
    aroused: float = float("nan")
    subsets: tuple[Subset, ...] = ()
    persons: tuple[PersonRow, ...] = ()
    rated: tuple[Rated, ...] = ()
    decomposed: tuple[Decomposition, ...] = ()
    reactions: tuple[Reactions, ...] = ()
    detected: tuple[Detected, ...] = ()
    truth: tuple[Truth, ...] = ()
    peers: tuple[Peer, ...] = ()


def as_json(figures: Figures) -> str:
    """The figures as JSON; what could not be measured is null."""
    return plain.as_json(dataclasses.asdict(figures))
