"""From the network's numbers to an estimate: pure arithmetic on one person's course in time, no pictures, no network.

What `Estimate.value` is: the change of PSPI against the same person's rest, a smile's share taken out, prorated over
what can be seen (`edge.face.certainty`), and taken back in part where the episode filter says that what it sees is
something else than pain: `change x min(1, 2 x probability)`. From even odds on the value is the whole change, so the
calibration of the fusion, drawn over that change, stays true. The upper end of the interval never takes anything back.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass

import numpy as np

from edge.bundle import Parameters
from edge.errors import BundleError, BundleReason
from edge.face.certainty import MIN_KNOWN, Floats, Spread, knowable, known, level, spread
from edge.face.episode import FEATURES, ON, START_WEIGHTS, Episode, EpisodeFilter
from edge.face.find import STAYS_S, Reading
from edge.face.reference import NEEDED_S, Population, RestingFace
from edge.face.units import INTENSITY_MAX, LABELS, pspi_of, smile_discount_of
from edge.types import NS_PER_S, Absence, Estimate, FaceReading, Modality

SMOOTHING_S = 0.8
"""Time constant of the causal smoothing of action units, seconds: a blink (0.1 to 0.4 s; Stern et al. 1984) then stays
below half of AU43, and pain, which lasts seconds, is delayed by less than one."""

CHANGE_S = 6.0
"""Seconds over which `change_6s` averages: what the fusion weighs. Over 1 to 10 s, six found most simulated episodes
within half a minute at the same number of false alarms."""

_FORGET_AFTER_S = 2.0
"""After a longer gap smoothing starts afresh: the old values are of another moment."""

LEARN_FROM_QUALITY = 0.5
"""The resting face is learnt from good pictures only."""

UNKNOWN_REST = 0.3
"""Share of the quality that a face without any reference loses. Chosen so that a good picture still counts in full
(`edge.fusion.evidence.FULL_WEIGHT_QUALITY` is 0.6) and a middling one does not."""

SAME_PERSON = 0.8
"""Cosine of two descriptors from which they count as one person's (the network's card has how many are): after
`STAYS_S` the reference is kept only where the descriptor says that it is the same person."""

SET_S = 5.0
"""A reference that a nurse sets is the mean of this many seconds."""

SET_NEEDED_S = 3
"""So many of them must have been well seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """What the network says of one crop, and how good the picture was.

    Attributes:
        units: (17,) intensities 0..5, in the order of `edge.face.units.LABELS`.
        deviation: (17,) standard deviation of each intensity's error.
        reading: place, visibility and descriptor.
        trust: 0..1, worst of the picture's aspects (`edge.face.quality`).
        box_px: side of the face, pixels.
    """

    units: Floats
    deviation: Floats
    reading: Reading
    trust: float
    box_px: float


@dataclass(frozen=True, slots=True)
class Settings:
    """The estimator's share of the network's bundle entry.

    Attributes:
        smile_share: how much of a smile is taken out of PSPI, 0..1.
        population: rest of the people that the network was tuned on.
        residual: changes, and the 5th and 95th percentile of true minus read change there.
        weights: of the episode filter.
    """

    smile_share: float
    population: Population
    residual: tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]
    weights: tuple[float, ...]

    @classmethod
    def read(cls, parameters: Parameters) -> Settings:
        """Take them from the bundle; `rest_units` and `episode_weights` may be missing from it.

        Raises:
            BundleError: a parameter is missing, or of another shape.
        """
        weights = parameters.numbers("episode_weights") if "episode_weights" in parameters else START_WEIGHTS
        if len(weights) != len(FEATURES) + 1:
            raise BundleError(
                BundleReason.FORMAT, f"episode_weights: {len(FEATURES) + 1} numbers, {len(weights)} given"
            )
        at, low, high = (parameters.numbers(key) for key in ("residual_at", "residual_low", "residual_high"))
        return cls(parameters.number("smile_share"), _population(parameters), (at, low, high), weights)


def _population(parameters: Parameters) -> Population:
    median = parameters.number("rest_median")
    if "rest_units" in parameters:
        units = parameters.numbers("rest_units")
    else:  # without figures for each action unit the brow stands for all: the same resting PSPI
        units = tuple(median if name == "AU4" else 0.0 for name in LABELS)
    if len(units) != len(LABELS):
        raise BundleError(BundleReason.FORMAT, f"rest_units: {len(LABELS)} numbers, {len(units)} given")
    return Population(units, parameters.number("rest_low"), median, parameters.number("rest_high"))


class Judge:
    """Follows one patient's face.

    Args:
        settings: from the bundle.

    Attributes:
        rest: the person's resting face.
    """

    def __init__(self, settings: Settings) -> None:
        """Begin with the population's rest."""
        self._settings = settings
        self.rest = RestingFace(settings.population, settings.smile_share)
        self._episodes = EpisodeFilter(settings.weights)
        self._units: Floats | None = None
        self._deviation = np.zeros(len(LABELS), np.float32)
        self._visible = np.zeros(0, np.float32)
        self._smooth_ns = 0
        self._seen_ns: int | None = None
        self._who: Floats | None = None
        self._well_seen: deque[tuple[int, Floats, Floats]] = deque()
        self._values: deque[tuple[int, float]] = deque()

    def step(self, numbers: Numbers, now_ns: int) -> Estimate:
        """Judge one frame's numbers.

        Returns:
            Modality.FACE, or absent with FACE_COVERED where more of PSPI is hidden than can be seen.
        """
        self._recognise(numbers, now_ns)
        units, deviation, visible = self._smoothed(numbers, now_ns)
        share = known(visible)
        seen = knowable(share)
        if seen < MIN_KNOWN:
            self._episodes.reset()
            return Estimate.absent(Modality.FACE, Absence.FACE_COVERED, now_ns)
        episode = self._episodes.step(numbers.units - self.rest.units, share, now_ns)
        if numbers.trust >= LEARN_FROM_QUALITY:
            self._remember(units, share, now_ns)
            if not self._episodes.running and episode.probability < ON:
                self.rest.learn(units, share, now_ns)
        smooth = Numbers(units, deviation, numbers.reading, numbers.trust, numbers.box_px)
        return self._estimate(smooth, share, seen, episode, now_ns)

    def set_reference(self, now_ns: int, by: str) -> int | None:
        """Take the face of the last `SET_S` as the resting one.

        Returns:
            How many seconds it rests on; None where the face was not seen well enough, or shows pain.
        """
        recent = [one for one in self._well_seen if 0 <= now_ns - one[0] <= SET_S * NS_PER_S]
        seconds = len({at_ns // NS_PER_S for at_ns, _, _ in recent})
        if seconds < SET_NEEDED_S or self._episodes.running:
            return None
        units = np.asarray(np.mean([one for _, one, _ in recent], axis=0), dtype=np.float32)
        share = np.min([one for _, _, one in recent], axis=0)
        self.rest.set(units, share, seconds, by)
        self._episodes.reset()
        return seconds

    def forget_reference(self, by: str) -> None:
        """Learn the resting face anew, of whoever lies here now."""
        self.rest.forget(by)
        self._episodes.reset()
        self._values.clear()
        self._who = None

    @property
    def in_pain(self) -> bool:
        """Whether an episode runs."""
        return self._episodes.running

    def _recognise(self, numbers: Numbers, now_ns: int) -> None:
        """Forget the reference of somebody who has been away for long and is not known again."""
        who = numbers.reading.identity
        away = self._seen_ns is not None and not 0 <= now_ns - self._seen_ns <= STAYS_S * NS_PER_S
        if away and (self._who is None or _cosine(self._who, who) < SAME_PERSON):
            self.forget_reference("")
        self._seen_ns = now_ns
        if self._who is None:
            self._who = who
        elif numbers.trust >= LEARN_FROM_QUALITY:
            self._who = np.asarray(self._who + 0.02 * (who - self._who), dtype=np.float32)

    def _remember(self, units: Floats, share: Floats, now_ns: int) -> None:
        self._well_seen.append((now_ns, units, share))
        while self._well_seen and not 0 <= now_ns - self._well_seen[0][0] <= SET_S * NS_PER_S:
            self._well_seen.popleft()

    def _smoothed(self, numbers: Numbers, now_ns: int) -> tuple[Floats, Floats, Floats]:
        """First-order causal smoothing that does not mind uneven frames.

        The deviation is smoothed, not made smaller: errors of one face in one light are alike from frame to frame.
        """
        gap_s = (now_ns - self._smooth_ns) / NS_PER_S
        fresh = self._units is None or not 0 <= gap_s <= _FORGET_AFTER_S
        part = np.float32(1.0 if fresh else 1.0 - math.exp(-gap_s / SMOOTHING_S))
        if self._units is None or fresh:
            self._units, self._deviation, self._visible = numbers.units, numbers.deviation, numbers.reading.visible
        self._units = self._units + part * (numbers.units - self._units)
        self._deviation = self._deviation + part * (numbers.deviation - self._deviation)
        self._visible = self._visible + part * (numbers.reading.visible - self._visible)
        self._smooth_ns = now_ns
        return self._units, self._deviation, self._visible

    def _estimate(self, numbers: Numbers, share: Floats, seen: float, episode: Episode, now_ns: int) -> Estimate:
        smile_share = self._settings.smile_share
        rest = level(self.rest.units, share, smile_share)
        change = level(numbers.units, share, smile_share) - rest
        unsure = self.rest.needed_s / NEEDED_S
        low, high = self._interval(change, spread(numbers.units, numbers.deviation, share, smile_share), unsure, rest)
        value = change * _credit(episode) if change > 0 else change
        quality = numbers.trust * seen * (1.0 - UNKNOWN_REST * unsure)
        evidence = self._evidence(numbers, seen, episode, now_ns)
        evidence |= {"change_6s": self._mean_of_late(value, now_ns)}
        evidence |= {"pspi_rest": rest, "pspi_change": change, "pspi_low": low + rest, "pspi_high": high + rest}
        return Estimate(Modality.FACE, value, quality, (min(low, value), max(high, value)), now_ns, evidence)

    def _mean_of_late(self, value: float, now_ns: int) -> float:
        """Mean of the values of the last `CHANGE_S`."""
        self._values.append((now_ns, value))
        while not 0 <= now_ns - self._values[0][0] <= CHANGE_S * NS_PER_S:
            self._values.popleft()
        return sum(one for _, one in self._values) / len(self._values)

    def _interval(self, change: float, found: Spread, unsure: float, rest: float) -> tuple[float, float]:
        """90 % interval of the change: the wider of calibration and the network's word, and the rest's own doubt."""
        at, under, over = self._settings.residual
        population = self._settings.population
        low = min(_between(change, at, under), -found.under) - unsure * max(0.0, population.high - rest)
        high = max(_between(change, at, over), found.over) + unsure * max(0.0, rest - population.low)
        return change + low, change + high

    def _evidence(self, numbers: Numbers, seen: float, episode: Episode, now_ns: int) -> dict[str, float]:
        """The figures behind the value."""
        units = numbers.units.tolist()
        both = np.array([units, numbers.deviation.tolist()]).round(3).ravel().tolist()
        figures = dict(zip((*LABELS, *_SPREADS), both, strict=True))
        figures |= {
            "pspi": pspi_of(units),
            "smile_discount": smile_discount_of(units, self._settings.smile_share),
            "box_px": float(numbers.box_px),
            "unknown": round(1.0 - seen, 3),
            "reference_version": float(self.rest.version),
            "reference_s": float(self.rest.seconds),
            "reference_needed_s": float(self.rest.needed_s),
            "episode": round(episode.probability, 4),
            "intensity": round(episode.intensity, 3),
        }
        if episode.onset_ns is not None:
            figures["episode_s"] = round((now_ns - episode.onset_ns) / NS_PER_S, 2)
            figures |= {f"made_{name}": round(value, 3) for name, value in episode.made_by}
        return figures


def _credit(episode: Episode) -> float:
    """How much of a rise the episode filter leaves: all of it at even odds, and where it has seen too little to say."""
    taken_back = max(0.0, 1.0 - 2.0 * episode.probability)
    return 1.0 - episode.filled * taken_back


def _between(at: float, points: tuple[float, ...], values: tuple[float, ...]) -> float:
    """Straight lines between rising points, level beyond them (`np.interp` of one number, five times as fast)."""
    above = bisect_right(points, at)
    if above == 0 or above == len(points):
        return values[max(0, above - 1)]
    share = (at - points[above - 1]) / (points[above] - points[above - 1])
    return values[above - 1] + share * (values[above] - values[above - 1])


def _cosine(one: Floats, other: Floats) -> float:
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length > 0 else 0.0


def clipped(units: Floats) -> Floats:
    """Intensities within 0..5."""
    return np.asarray(np.clip(units, 0.0, INTENSITY_MAX), dtype=np.float32)


def judged(judge: Judge, read: FaceReading) -> Estimate:
    """What a reading amounts to that came without a picture; the descriptor is always the same person's."""
    if read.absence is not None:
        return Estimate.absent(Modality.FACE, read.absence, read.measured_ns)
    reading = Reading(0.0, 0.0, 0.0, 0.0, 1.0, read.visible, _NOBODY)
    return judge.step(Numbers(read.units, read.deviation, reading, read.trust, _READ_PX), read.measured_ns)


_SPREADS = tuple(f"{name}_sd" for name in LABELS)
_NOBODY = np.eye(1, 16, dtype=np.float32)[0]
_READ_PX = 120.0
