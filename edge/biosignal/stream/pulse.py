"""The pulse wave as a stream: samples in, one row of measures per second out."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.median import mean, median
from edge.biosignal.stream import signs, variability
from edge.biosignal.stream.bridge import StepFree
from edge.biosignal.stream.canceller import MotionCanceller
from edge.biosignal.stream.detector import BeatDetector
from edge.biosignal.stream.filters import Fir, Ring, band_pass_kernel
from edge.biosignal.stream.pleth import PlethIndex
from edge.biosignal.stream.pulse_faults import PulseFault, pulse_faults
from edge.biosignal.stream.pulse_quality import pulse_quality
from edge.biosignal.stream.respiration import LOOK_BACK_S as RESPIRATION_S
from edge.biosignal.stream.respiration import respiration_per_min
from edge.biosignal.stream.signs import PulseSigns

Signal = NDArray[np.float64]

NAN = float("nan")

_SIGMA_S = 0.055
"""Width of the band-pass: its response is highest at 1 / (2 pi sigma) = 2.9 Hz, falls with 6 dB per octave
below (breathing at 0.25 Hz: -19 dB) and is 0 at rest, so the fundamental and the first harmonics of any pulse between
40 and 200 bpm pass."""

_RATE_S = 8.0
"""Heart rate and amplitude rest on the beats of this long."""

_FOOT_S, _TOP_S = 0.25, 0.35
"""The foot lies at most this long before, the systolic peak at most this long after the steepest point."""

_NEAR_GAP_S = 0.15
"""A beat this close to a missing sample was not measured."""

_BREATHING_EVERY = 4
"""Seconds between two estimates of breathing: they share seven eighths of their beats."""

_RING_S = 10.0
"""Samples are kept for this long: eight seconds of signs and what the filters lag."""

_BEATS = 240
"""Beats kept: a minute at 200 bpm, with room for false ones."""

_STEADY_G = 0.06
"""Band-passed acceleration from which heights are not read: they are taken from the wave as measured, with the movement
in it. A wrist at rest has 0.004 g, one that walks 0.15 g."""

_DC_SHARE = 3.0
"""A wave whose mean is at least this multiple of its amplitude carries its DC level; others are AC-coupled."""

_USUAL_S, _RESEATED_S = 60.0, 600.0
"""Memory of the patient's usual slope over trusted seconds, and over others."""

USABLE = 0.5
"""Quality from which a second teaches the patient's own amplitudes."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A beat.

    Attributes:
        time_s: steepest point of the upstroke, seconds from the first sample.
        amplitude: systolic peak minus foot, unit of the band.
        baseline: height of the foot, unit of the band, shifted at gaps.
        whole: whether everything from the beat before to this one was measured.
    """

    time_s: float
    amplitude: float
    baseline: float
    whole: bool


@dataclass(frozen=True, slots=True)
class PulseSecond:
    """Measures of one second. NaN where they are not known; nothing here is known of a second with quality 0.

    Attributes:
        end_s: end of the second, seconds from the first sample.
        quality: calibrated trust 0..1 (`pulse_quality`).
        signs: what the quality rests on.
        faults: reasons for doubt.
        beats: beats that have become certain in this second (up to 1.5 s old).
        heart_rate_bpm: over valid intervals of about 8 s.
        rmssd_s, sdnn_s: over valid intervals of 60 s.
        amplitude: median of 8 s, unit of the band; NaN, as all that rests on it, while the wrist moves.
        amplitude_change: against the patient's median, -0.5 for half.
        pleth_index: 0..100, the idea of the Surgical Pleth Index.
        perfusion_percent: amplitude over DC level; NaN where the band sends no DC.
        respiration_per_min: breaths per minute of 32 s.
    """

    end_s: float
    quality: float
    signs: PulseSigns
    faults: frozenset[PulseFault]
    beats: tuple[Beat, ...]
    heart_rate_bpm: float
    rmssd_s: float
    sdnn_s: float
    amplitude: float
    amplitude_change: float
    pleth_index: float
    perfusion_percent: float
    respiration_per_min: float


class PulseStream:
    """Measures of a pulse wave.

    Args:
        rate_hz: sampling rate, at least 20 Hz.

    Raises:
        ValueError: the rate is too low for a pulse.
    """

    def __init__(self, rate_hz: float) -> None:
        """Nothing has been yet."""
        if rate_hz < 20.0:
            raise ValueError(f"{rate_hz:g} Hz is too slow for a pulse wave: 20 Hz or more are needed")
        self._rate_hz = rate_hz
        kernel = band_pass_kernel(_SIGMA_S, rate_hz)
        self._bridge = StepFree()
        self._band_pass = Fir(kernel)
        self._acc_pass = [Fir(kernel) for _ in range(3)]
        self._canceller = MotionCanceller(rate_hz)
        self._detector = BeatDetector(rate_hz)
        size = round(_RING_S * rate_hz)
        self._wave, self._raw, self._present = Ring(size), Ring(size), Ring(size)
        self._slope, self._taken, self._acc = Ring(size), Ring(size), Ring(size, 3)
        self._beats: deque[Beat] = deque(maxlen=_BEATS)
        self._pleth = PlethIndex()
        self._usual_slope: float | None = None
        self._has_acc = False
        self._breaths_per_min = NAN
        self._count = 0
        self._cleaned = 0
        self._seconds = 0
        self._new: list[Beat] = []

    def push(self, ppg: Signal, acc_g: Signal | None = None) -> list[PulseSecond]:
        """Take in samples.

        Args:
            ppg: (n,) pulse wave, upstrokes go up, NaN where a sample is missing.
            acc_g: (n, 3) acceleration at the same moments, g; None without an accelerometer.

        Returns:
            A row for each second of signal that has been completed.
        """
        rows: list[PulseSecond] = []
        self._has_acc = acc_g is not None
        for first, end in self._parts(ppg.size):
            self._take(ppg[first:end], None if acc_g is None else acc_g[first:end])
            if self._count == round((self._seconds + 1) * self._rate_hz):
                self._seconds += 1
                rows.append(self._row())
        return rows

    def forget(self) -> None:
        """Forget what is the patient's own: usual amplitudes and the usual slope. The signal itself goes on."""
        self._pleth = PlethIndex()
        self._usual_slope = None

    def _parts(self, count: int) -> Iterator[tuple[int, int]]:
        """Pieces that end where seconds end."""
        first = 0
        while first < count:
            left = round((self._seconds + 1) * self._rate_hz) - self._count
            yield first, min(count, first + left)
            first += left

    def _take(self, ppg: Signal, acc_g: Signal | None) -> None:
        wave, present = self._bridge.push(ppg)
        self._wave.push(wave)
        self._raw.push(np.where(present, ppg, wave))
        self._present.push(present.astype(np.float64))
        slope = self._band_pass.push(wave)
        moves = np.zeros((ppg.size, 3)) if acc_g is None else np.where(np.isnan(acc_g), 0.0, acc_g)
        acc = np.stack([fir.push(axis) for fir, axis in zip(self._acc_pass, moves.T, strict=True)], axis=1)
        self._acc.push(acc)
        self._count += ppg.size
        cleaned, taken = self._canceller.push(slope, acc)
        self._slope.push(cleaned)
        self._taken.push(taken)
        self._cleaned += cleaned.size
        for upstroke in self._detector.push(cleaned):
            self._add(upstroke.sample - self._band_pass.delay)

    def _add(self, sample: float) -> None:
        """Measure the beat at a sample of the input and keep it."""
        place = self._wave.values.size - self._count + round(sample)
        if place < round(_FOOT_S * self._rate_hz):
            return
        ahead = self._wave.values[place : place + round(_TOP_S * self._rate_hz) + 1]
        behind = self._wave.values[place - round(_FOOT_S * self._rate_hz) : place + 1]
        time_s = sample / self._rate_hz
        foot = float(behind.min())
        beat = Beat(time_s, float(ahead.max()) - foot, foot, self._measured(time_s, place))
        self._beats.append(beat)
        self._new.append(beat)

    def _measured(self, time_s: float, place: int) -> bool:
        """Whether nothing is missing between the beat before and this one."""
        if not self._beats:
            return False
        margin = round(_NEAR_GAP_S * self._rate_hz)
        span = round((time_s - self._beats[-1].time_s) * self._rate_hz)
        first = place - span - margin
        return first >= 0 and bool(self._present.values[first : place + margin + 1].all())

    def _row(self) -> PulseSecond:
        now_s = self._count / self._rate_hz
        beats = self._beats_since(now_s - variability.VARIABILITY_S - 5.0)
        times_s = np.array([beat.time_s for beat in beats])
        whole = np.array([beat.whole for beat in beats], dtype=np.bool_)
        minute = variability.train(times_s, whole).since(now_s - variability.VARIABILITY_S)
        recent = minute.since(now_s - _RATE_S - 1.0)
        rate_bpm = variability.heart_rate_bpm(recent)
        seen = self._signs(times_s, recent, rate_bpm)
        louder = self._louder()
        quality = pulse_quality(seen, louder) if np.isfinite(rate_bpm) else 0.0
        self._learn_loudness(quality)
        fresh, self._new = tuple(self._new), []
        if quality <= 0.0:
            self._breaths_per_min = NAN
            return PulseSecond(now_s, 0.0, seen, pulse_faults(seen, louder), fresh, *[NAN] * 8)
        return self._measures(now_s, quality, seen, fresh, rate_bpm, minute)

    def _beats_since(self, start_s: float) -> list[Beat]:
        """Beats at or after `start_s`, in order."""
        found = list(takewhile(lambda beat: beat.time_s >= start_s, reversed(self._beats)))
        found.reverse()
        return found

    def _louder(self) -> float | None:
        """The slope against the patient's usual one; None with an accelerometer, which sees movement itself."""
        if self._has_acc or self._usual_slope is None:
            return None
        return self._loudness() / self._usual_slope

    def _loudness(self) -> float:
        slope = self._slope.values[-round(signs.LOOK_BACK_S * self._rate_hz) :]
        return math.sqrt(mean(slope * slope))

    def _learn_loudness(self, quality: float) -> None:
        """Follow the slope: quickly where it is trusted, slowly elsewhere, for a band that was moved on the arm."""
        loudness = self._loudness()
        if loudness <= 0.0 or (self._usual_slope is None and quality < USABLE):
            return
        share = 1.0 / (_USUAL_S if quality >= USABLE else _RESEATED_S)
        usual = loudness if self._usual_slope is None else self._usual_slope
        self._usual_slope = usual * (loudness / usual) ** share

    def _measures(
        self,
        now_s: float,
        quality: float,
        seen: PulseSigns,
        fresh: tuple[Beat, ...],
        rate_bpm: float,
        minute: variability.Train,
    ) -> PulseSecond:
        since_s = now_s - _RATE_S - 1.0
        heights = [beat.amplitude for beat in self._beats_since(since_s) if beat.whole and beat.time_s > since_s]
        steady = seen.moving_g < _STEADY_G
        amplitude = median(np.array(heights)) if heights and steady else NAN
        if quality >= USABLE and steady:
            valid = dict(zip(minute.ends_s[minute.good].tolist(), minute.seconds[minute.good].tolist(), strict=True))
            for beat in fresh:
                if beat.time_s in valid:
                    self._pleth.add(now_s, valid[beat.time_s], beat.amplitude)
        return PulseSecond(
            end_s=now_s,
            quality=quality,
            signs=seen,
            faults=pulse_faults(seen, self._louder()),
            beats=fresh,
            heart_rate_bpm=rate_bpm,
            rmssd_s=variability.rmssd_s(minute),
            sdnn_s=variability.sdnn_s(minute),
            amplitude=amplitude,
            amplitude_change=self._pleth.amplitude_change(amplitude),
            pleth_index=self._pleth.value(60.0 / rate_bpm, amplitude),
            perfusion_percent=self._perfusion(amplitude),
            respiration_per_min=self._breathing(now_s, minute),
        )

    def _perfusion(self, amplitude: float) -> float:
        """Amplitude over DC level in percent (perfusion index); NaN for an AC-coupled wave."""
        level = mean(self._raw.values[-round(_RATE_S * self._rate_hz) :])
        return 100.0 * amplitude / level if level > _DC_SHARE * amplitude else NAN

    def _breathing(self, now_s: float, minute: variability.Train) -> float:
        if self._seconds % _BREATHING_EVERY == 0:
            self._breaths_per_min = self._respiration(now_s, minute)
        return self._breaths_per_min

    def _respiration(self, now_s: float, minute: variability.Train) -> float:
        half = minute.since(now_s - RESPIRATION_S)
        good = set(half.ends_s[half.good].tolist())
        kept = [beat for beat in self._beats if beat.time_s in good]
        spans = half.seconds[half.good]
        heights, baselines = np.array([beat.amplitude for beat in kept]), np.array([beat.baseline for beat in kept])
        return respiration_per_min(half.ends_s[half.good], (spans, heights, baselines), now_s)

    def _signs(self, times_s: Signal, recent: variability.Train, rate_bpm: float) -> PulseSigns:
        size = round(signs.LOOK_BACK_S * self._rate_hz)
        slope, taken = self._slope.values[-size:], self._taken.values[-size:]
        wave, present = self._wave.values[-size:], self._present.values[-size:] > 0.0
        known = np.isfinite(rate_bpm)
        heart_hz = rate_bpm / 60.0 if known else 1.2
        offset = self._cleaned - slope.size - self._band_pass.delay
        places = np.rint(times_s * self._rate_hz - offset).astype(np.int64)
        power, removed = float(slope @ slope), float(taken @ taken)
        measured = wave[present]
        return PulseSigns(
            coverage=mean(present),
            stuck=signs.stuck_share(measured),
            repeats=signs.repetition(slope, self._rate_hz, 1.0 / heart_hz) if known else 0.0,
            alike=signs.likeness(slope, places[places >= 0], self._rate_hz),
            explained=min(1.0, float(recent.seconds[recent.good].sum()) / signs.LOOK_BACK_S),
            skewness=signs.skewness(slope),
            tone=signs.tone_share(slope, self._rate_hz, heart_hz),
            noise=signs.noise_ratio(wave),
            hum=signs.hum_share(wave, self._rate_hz),
            moving_g=signs.spread(self._acc.values[-size:]) if self._has_acc else 0.0,
            taken=removed / (power + removed) if power + removed > 0.0 else 0.0,
        )
