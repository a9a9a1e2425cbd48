"""One sense per signal: seconds of its stream in, estimate out, with the person's history in between."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from edge.biosignal import verdict
from edge.biosignal.features import PULSE_USABLE, PulseHistory, SkinHistory, Vector, filled
from edge.biosignal.median import median
from edge.biosignal.rows import PulseRow, SkinRow
from edge.biosignal.stream import PulseSecond, SkinSecond
from edge.biosignal.stream.band import FRESH_S, pulse_evidence, skin_evidence
from edge.biosignal.stream.skin_signs import LOWEST_US
from edge.bundle import Bundle
from edge.inference import Interpreter
from edge.types import NS_PER_S, Absence, Estimate, Modality, Window

_CATCH_UP_S = 30
"""Seconds that are made good when steps were late or rare: half of a window."""

_QUALITY_S = 10
"""Seconds over which an estimate's quality is averaged."""


_DOUBT_S = 3
"""Seconds that are enough to doubt a signal."""

_CERTAIN_S, _MISSED_BEATS = 1.5, 2.5
"""A beat is certain after this long. When the next one is this many intervals late beyond that, there is no pulse any
more, although most of the eight seconds that the quality looks back on still hold one."""


_LIFTED_FROM_US = 4.0 * LOWEST_US
"""A skin that had this much over ten seconds does not fall below `LOWEST_US` for a whole one: an electrode has lifted.
Below it a dry skin may, and the pulse is asked."""


class Seconds:
    """The whole seconds that have passed since the last step, newest last."""

    def __init__(self) -> None:
        """Nothing has been stepped yet."""
        self._last: int | None = None

    def passed(self, now_ns: int) -> range:
        """Numbers k of the seconds that ended at k * 1e9 ns, not handed out before and not too long ago."""
        newest = now_ns // NS_PER_S
        first = newest if self._last is None else max(self._last + 1, newest - _CATCH_UP_S + 1)
        self._last = newest
        return range(first, newest + 1)


class _Trust:
    """Mean quality of the ten seconds up to the newest row, and no more than that of the newest three.

    Seconds without a row count as 0. Trust comes slowly and goes at once: a band that was taken off has nothing to say
    for the next ten seconds.
    """

    def __init__(self) -> None:
        self._rows: deque[tuple[int, float]] = deque(maxlen=_QUALITY_S)

    def put(self, second: int, quality: float) -> None:
        self._rows.append((second, quality))

    def mean(self, now_ns: int) -> float:
        """The mean; 0 where the newest row is too old to speak of now."""
        if not self._rows or now_ns // NS_PER_S - self._rows[-1][0] > FRESH_S:
            return 0.0
        return min(self._over(_QUALITY_S), self._over(_DOUBT_S))

    def _over(self, seconds: int) -> float:
        since = self._rows[-1][0] - seconds
        return sum(quality for second, quality in self._rows if second > since) / seconds


class _Net:
    """An arousal network: half a minute of vectors to log-odds."""

    def __init__(self, bundle: Bundle, name: str, threads: int) -> None:
        model = bundle.model(name)
        self._interpreter = Interpreter(model, threads)
        self.scatter = model.parameters.number("scatter")

    def log_odds(self, sequence: Vector) -> float:
        return float(self._interpreter.run(filled(sequence)[None, None])[0].ravel()[0])


class PulseSense:
    """Arousal from the pulse wave.

    Args:
        bundle: holds `arousal_ppg`.
        threads: inference threads.
    """

    def __init__(self, bundle: Bundle, threads: int) -> None:
        """Load the network; nothing is known of the person yet."""
        self._net = _Net(bundle, "arousal_ppg", threads)
        self.forget()

    def forget(self, now_ns: int = 0) -> None:
        """Begin anew: another person, or the same one after a change that the past does not tell of."""
        self._history, self._trust, self._began_ns = PulseHistory(), _Trust(), now_ns
        self._newest: PulseSecond | None = None
        self._beat_s, self._interval_s = 0.0, float("nan")

    def take(self, rows: Sequence[tuple[int, PulseSecond]]) -> None:
        """Take in the seconds that the stream has completed, in order."""
        for second, row in rows:
            self._trust.put(second, row.quality)
            self._history.push(second, PulseRow.of(row))
            self._newest = row
            self._beat_s = row.beats[-1].time_s if row.beats else self._beat_s
            if row.quality >= PULSE_USABLE:
                self._interval_s = 60.0 / row.heart_rate_bpm

    def usable(self, now_ns: int) -> bool:
        """Whether the newest seconds hold a pulse."""
        return self._trusted(now_ns) >= PULSE_USABLE

    def _trusted(self, now_ns: int) -> float:
        """Mean quality; 0 where the next beat is long overdue."""
        waited_s = self._newest.end_s - self._beat_s if self._newest is not None else 0.0
        overdue = waited_s > _CERTAIN_S + _MISSED_BEATS * self._interval_s
        return 0.0 if overdue else self._trust.mean(now_ns)

    def judge(self, now_ns: int, ppg: Window) -> Estimate:
        """The present, from the seconds taken in.

        Args:
            now_ns: monotonic time.
            ppg: the newest minute of samples.
        """
        trust = self._trusted(now_ns)
        sequence = self._history.sequence(now_ns // NS_PER_S)
        if (absence := _absence(now_ns, ppg, sequence, trust, self._began_ns)) is not None:
            return Estimate.absent(Modality.PPG, absence, _measured_ns(ppg))
        evidence = pulse_evidence(self._newest) | {"resting_heart_rate_bpm": self._history.resting_bpm, "sqi": trust}
        quality = trust * verdict.maturity(self._history.known_s)
        log_odds = self._net.log_odds(sequence)
        return verdict.present(Modality.PPG, log_odds, quality, self._net.scatter, _measured_ns(ppg), evidence)


class SkinSense:
    """Arousal from skin conductance.

    Args:
        bundle: holds `arousal_gsr`.
        threads: inference threads.
    """

    def __init__(self, bundle: Bundle, threads: int) -> None:
        """Load the network; nothing is known of the person yet."""
        self._net = _Net(bundle, "arousal_gsr", threads)
        self.forget()

    def forget(self, now_ns: int = 0) -> None:
        """Begin anew: another person, or the same one after a change that the past does not tell of."""
        self._history, self._trust, self._began_ns = SkinHistory(), _Trust(), now_ns
        self._newest: SkinSecond | None = None

    def take(self, rows: Sequence[tuple[int, SkinSecond]]) -> None:
        """Take in the seconds that the stream has completed, in order."""
        for second, row in rows:
            self._trust.put(second, row.quality)
            self._history.push(second, SkinRow.of(row))
            self._newest = row

    def judge(self, now_ns: int, gsr: Window) -> Estimate:
        """The present, from the seconds taken in.

        Args:
            now_ns: monotonic time.
            gsr: the newest minute of samples.
        """
        trust = self._trust.mean(now_ns)
        sequence = self._history.sequence(now_ns // NS_PER_S)
        if (absence := _absence(now_ns, gsr, sequence, trust, self._began_ns)) is not None:
            return Estimate.absent(Modality.GSR, absence, _measured_ns(gsr))
        evidence = skin_evidence(self._newest) | {"resting_scl_us": self._history.resting_us, "sqi": trust}
        quality = trust * verdict.maturity(self._history.known_s)
        log_odds = self._net.log_odds(sequence)
        return verdict.present(Modality.GSR, log_odds, quality, self._net.scatter, _measured_ns(gsr), evidence)


def _measured_ns(window: Window) -> int:
    newest = verdict.newest_ns(window)
    return window.start_ns if newest is None else newest


def _absence(now_ns: int, window: Window, sequence: Vector, trust: float, began_ns: int) -> Absence | None:
    """Why nothing can be said of now; None where something can."""
    if verdict.stale(window, now_ns):
        return Absence.STALE
    if verdict.recent_rows(sequence) < verdict.FEWEST_ROWS or trust <= 0.0:
        return verdict.lack(window, began_ns)
    return None


def off_the_skin(contact: Window | None, gsr: Window | None, pulse_usable: bool) -> bool:
    """Whether the band is not worn.

    The band's own contact flag decides. Without one: conductance below what skin can have (`LOWEST_US`), unless
    the pulse proves a very dry skin. Conductance that vanishes from one second to the next is a band that was taken
    off: the pulse of the seconds before proves nothing then.
    """
    if contact is not None and contact.values.size:
        return bool(contact.values[-1] == 0.0)
    if gsr is None or not gsr.values.size:
        return False
    usual = median(gsr.values[-max(1, round(10.0 * gsr.rate_hz)) :].astype(np.float64))
    if usual >= _LIFTED_FROM_US:
        return bool((gsr.values[-max(1, round(gsr.rate_hz)) :] < LOWEST_US).all())
    return not pulse_usable and usual < LOWEST_US
