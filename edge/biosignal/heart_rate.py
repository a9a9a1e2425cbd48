"""Arousal from heart rate alone: bands with the standard Heart Rate Service, without a waveform.

It is weak, and says so. On Stress-Predict the heart rate's rank among the person's own past reaches a pooled AUC
of 0.70 on unseen people (the model card has the figures), but there the rate came from a pulse wave that was checked.
Here nobody can look at the pulse behind the number: a band that lost the skin may hold its last value or follow steps,
a pacemaker or a beta blocker leaves nothing to see, and whoever turns in bed looks aroused. So its quality ends at one
half, falls with intervals that cannot be beats, and a value that stands still is no heart.
"""

from __future__ import annotations

import numpy as np

from edge.biosignal import intervals, verdict
from edge.biosignal.features import PulseHistory
from edge.biosignal.stream.variability import VARIABILITY_S
from edge.bundle import Parameters
from edge.types import NS_PER_S, Absence, Estimate, Modality, Window


class HeartRateSense:
    """Arousal from heart rate alone: a logistic of its rank among the person's own past.

    It has no waveform to check, so its quality never exceeds `_HIGHEST_QUALITY` and it is used only where there is no
    PPG.

    Args:
        calibration: `calibration.hr` of the bundle: `weight_rank` per unit of 4 x rank - 2, `bias`, `scatter`.
    """

    _HIGHEST_QUALITY = 0.5
    """Below the 0.6 from which evidence counts in full: nobody can look at the pulse behind the number."""

    SMOOTH_S = 30
    """Seconds over which the rank is averaged; the logistic was fitted on the same mean."""

    HELD_S = 60.0
    """A rate without intervals that has not changed for this long is held, not measured. A resting heart's rate moves
    by 2 bpm with every breath; over a minute, seven breaths or more, even an average of ten seconds passes a whole
    number."""

    def __init__(self, calibration: Parameters) -> None:
        """Read the logistic; nothing is known of the person yet."""
        self._weight = calibration.number("weight_rank")
        self._bias = calibration.number("bias")
        self._scatter = calibration.number("scatter")
        self.forget()

    def forget(self, now_ns: int = 0) -> None:
        """Begin anew: another person, or the same one after a change that the past does not tell of."""
        self._began_ns = now_ns
        self._history = PulseHistory()
        self._bpm = float("nan")

    def step(self, now_ns: int, seconds: range, rate_bpm: Window | None, ibi_s: Window | None) -> Estimate:
        """Take in the seconds that have passed and judge the present."""
        for second in seconds:
            bpm = heart_rate_at(second, rate_bpm, ibi_s)
            if np.isfinite(bpm):
                self._bpm = bpm
                self._history.push_rate(second, bpm)
        times = [time for window in (rate_bpm, ibi_s) if (time := verdict.newest_ns(window)) is not None]
        window = rate_bpm if rate_bpm is not None else ibi_s
        if window is None or not times or now_ns - max(times) > verdict.STALE_S * NS_PER_S:
            return Estimate.absent(Modality.HEART_RATE, Absence.STALE, max(times, default=now_ns))
        if no_pulse(rate_bpm, ibi_s):
            return Estimate.absent(Modality.HEART_RATE, Absence.POOR_SIGNAL, max(times))
        if held(rate_bpm, ibi_s, self.HELD_S):
            return Estimate.absent(Modality.HEART_RATE, Absence.FIXED_RATE, max(times))
        return self._judge(now_ns, window, max(times), ibi_s)

    def _judge(self, now_ns: int, window: Window, newest: int, ibi_s: Window | None) -> Estimate:
        recent = self._history.sequence(now_ns // NS_PER_S)[-self.SMOOTH_S :]
        valid = recent[:, 0] > 0.0
        if verdict.recent_rows(recent) < verdict.FEWEST_ROWS:
            absence = verdict.lack(window, self._began_ns) if window.times_ns.size else Absence.WARMING_UP
            return Estimate.absent(Modality.HEART_RATE, absence, newest)
        log_odds = self._weight * float(recent[valid, 1].mean()) + self._bias
        quality = self._HIGHEST_QUALITY * float(valid.mean()) ** 0.5 * verdict.maturity(self._history.known_s)
        evidence = {"heart_rate_bpm": self._bpm, "resting_heart_rate_bpm": self._history.resting_bpm}
        spans_s = _between(ibi_s, now_ns // NS_PER_S, VARIABILITY_S)
        if spans_s.size:
            kept = intervals.reject(spans_s, np.cumsum(spans_s))
            quality *= kept.kept
            evidence |= {"rmssd_ms": 1000.0 * intervals.rmssd_s(kept), "valid_intervals": kept.kept}
        return verdict.present(Modality.HEART_RATE, log_odds, quality, self._scatter, newest, evidence)


def no_pulse(rate_bpm: Window | None, ibi_s: Window | None) -> bool:
    """Whether the band's newest word is a rate of 0: it finds no pulse now, whatever the past half minute held.

    Args:
        rate_bpm: heart rates as the band computed them.
        ibi_s: intervals; one that is newer than the rate proves a pulse.
    """
    if rate_bpm is None or not rate_bpm.values.size or rate_bpm.values[-1] > 0.0:
        return False
    beat_ns = verdict.newest_ns(ibi_s)
    return beat_ns is None or beat_ns <= int(rate_bpm.times_ns[-1])


def held(rate_bpm: Window | None, ibi_s: Window | None, seconds: float) -> bool:
    """Whether a band has been sending one and the same rate, and no intervals, for so long that no heart is behind it.

    Args:
        rate_bpm: heart rates as the band computed them.
        ibi_s: intervals; where there are any they speak for themselves.
        seconds: how long.
    """
    if rate_bpm is None or rate_bpm.times_ns.size < 2 or (ibi_s is not None and ibi_s.times_ns.size):
        return False
    changes = np.flatnonzero(np.diff(rate_bpm.values))
    since_ns = rate_bpm.times_ns[changes[-1] + 1] if changes.size else rate_bpm.times_ns[0]
    return bool(rate_bpm.times_ns[-1] - since_ns >= (seconds - 2.0) * NS_PER_S)


def heart_rate_at(second: int, rate_bpm: Window | None, ibi_s: Window | None) -> float:
    """Heart rate of the ten seconds before `second`: from intervals where there are enough, else the band's own.

    Returns:
        Beats per minute, or NaN.
    """
    spans_s = _between(ibi_s, second, 10.0)
    kept = intervals.reject(spans_s, np.arange(spans_s.size, dtype=np.float64))
    from_intervals = intervals.heart_rate_bpm(kept)
    if np.isfinite(from_intervals) and kept.kept >= 0.5:
        return from_intervals
    newest = _between(rate_bpm, second, 5.0)
    plausible = newest[(newest >= 60.0 / intervals.LONGEST_S) & (newest <= 60.0 / intervals.SHORTEST_S)]
    return float(plausible[-1]) if plausible.size else float("nan")


def _between(window: Window | None, second: int, seconds: float) -> intervals.Signal:
    """Values measured in the `seconds` before `second`."""
    if window is None:
        return np.empty(0)
    end_ns = second * NS_PER_S
    inside = (window.times_ns > end_ns - round(seconds * NS_PER_S)) & (window.times_ns <= end_ns)
    return window.values[inside].astype(np.float64)
