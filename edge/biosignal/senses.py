"""One sense per signal: windows in, estimate out, with the person's history in between."""

from __future__ import annotations

from collections import deque

import numpy as np

from edge.biosignal import verdict
from edge.biosignal.features import USABLE, PulseHistory, SkinHistory, Vector
from edge.biosignal.grid import Grid, on_grid
from edge.biosignal.quality import GSR_LOWEST_US
from edge.biosignal.rows import LOOK_BACK_S, NO_PULSE, NO_SKIN, pulse_row, skin_row
from edge.bundle import Bundle
from edge.inference import Interpreter
from edge.types import NS_PER_S, Absence, Estimate, Modality, Window

_CATCH_UP_S = 30
"""Seconds that are made good when steps were late or rare: a 60 s window less what a row looks back."""

_QUALITY_S = 10
"""Seconds over which an estimate's quality is averaged."""


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
    """Quality of the newest seconds; a second without a row counts as 0."""

    def __init__(self) -> None:
        self._rows: deque[float] = deque(maxlen=_QUALITY_S)

    def put(self, quality: float) -> None:
        self._rows.append(quality)

    @property
    def mean(self) -> float:
        return sum(self._rows) / len(self._rows) if self._rows else 0.0


class _Net:
    """An arousal network: half a minute of vectors to log-odds."""

    def __init__(self, bundle: Bundle, name: str, threads: int) -> None:
        model = bundle.model(name)
        self._interpreter = Interpreter(model, threads)
        self.scatter = model.parameters.number("scatter")

    def log_odds(self, sequence: Vector) -> float:
        return float(self._interpreter.run(sequence[None, None])[0].ravel()[0])


def _piece(window: Window | None, second: int) -> Grid | None:
    """The look-back that ends with `second`, or with the newest sample if that is a little earlier.

    Blocks arrive up to a second late; without this a band's latency would look like a gap.
    """
    newest = verdict.newest_ns(window)
    if window is None or newest is None:
        return None
    end_ns = min(second * NS_PER_S, newest + round(NS_PER_S / window.rate_hz))
    if second * NS_PER_S - end_ns > verdict.STALE_S * NS_PER_S:
        return None
    return on_grid(window, end_ns, LOOK_BACK_S)


class PulseSense:
    """Arousal from the pulse wave.

    Args:
        bundle: holds `arousal_ppg`.
        threads: inference threads.
    """

    def __init__(self, bundle: Bundle, threads: int) -> None:
        """Load the network; nothing is known of the person yet."""
        self._net = _Net(bundle, "arousal_ppg", threads)
        self._history = PulseHistory()
        self._trust = _Trust()
        self._row = NO_PULSE

    def step(self, now_ns: int, seconds: range, ppg: Window, acc_g: Window | None) -> Estimate:
        """Take in the seconds that have passed and judge the present."""
        for second in seconds:
            grid = _piece(ppg, second)
            row = NO_PULSE if grid is None else pulse_row(grid, _piece(acc_g, second))
            self._trust.put(row.quality)
            self._history.push(second, row)
            self._row = row if row.quality >= USABLE else self._row
        return self._judge(now_ns, ppg)

    @property
    def usable(self) -> bool:
        """Whether the newest seconds hold a pulse."""
        return self._trust.mean >= USABLE

    def _judge(self, now_ns: int, ppg: Window) -> Estimate:
        newest = verdict.newest_ns(ppg)
        if newest is None or verdict.stale(ppg, now_ns):
            return Estimate.absent(Modality.PPG, Absence.STALE, ppg.start_ns if newest is None else newest)
        sequence = self._history.sequence(now_ns // NS_PER_S)
        quality = self._trust.mean * verdict.maturity(self._history.known_s)
        if verdict.recent_rows(sequence) < verdict.FEWEST_ROWS or quality <= 0.0:
            return Estimate.absent(Modality.PPG, verdict.lack(ppg), newest)
        evidence = {
            "heart_rate_bpm": self._row.heart_rate_bpm,
            "resting_heart_rate_bpm": self._history.resting_bpm,
            "pulse_amplitude_change": self._history.amplitude_change,
            "rmssd_ms": 1000.0 * self._row.rmssd_s,
            "sqi": self._trust.mean,
        }
        log_odds = self._net.log_odds(sequence)
        return verdict.present(Modality.PPG, log_odds, quality, self._net.scatter, newest, evidence)


class SkinSense:
    """Arousal from skin conductance.

    Args:
        bundle: holds `arousal_gsr`.
        threads: inference threads.
    """

    def __init__(self, bundle: Bundle, threads: int) -> None:
        """Load the network; nothing is known of the person yet."""
        self._net = _Net(bundle, "arousal_gsr", threads)
        self._history = SkinHistory()
        self._trust = _Trust()
        self._row = NO_SKIN

    def step(self, now_ns: int, seconds: range, gsr: Window, acc_g: Window | None) -> Estimate:
        """Take in the seconds that have passed and judge the present."""
        for second in seconds:
            grid = _piece(gsr, second)
            row = NO_SKIN if grid is None else skin_row(grid, _piece(acc_g, second))
            self._trust.put(row.quality)
            self._history.push(second, row)
            self._row = row if row.quality >= USABLE else self._row
        return self._judge(now_ns, gsr)

    def _judge(self, now_ns: int, gsr: Window) -> Estimate:
        newest = verdict.newest_ns(gsr)
        if newest is None or verdict.stale(gsr, now_ns):
            return Estimate.absent(Modality.GSR, Absence.STALE, gsr.start_ns if newest is None else newest)
        sequence = self._history.sequence(now_ns // NS_PER_S)
        quality = self._trust.mean * verdict.maturity(self._history.known_s)
        if verdict.recent_rows(sequence) < verdict.FEWEST_ROWS or quality <= 0.0:
            return Estimate.absent(Modality.GSR, verdict.lack(gsr), newest)
        evidence = {
            "scl_us": self._row.scl_us,
            "resting_scl_us": self._history.resting_us,
            "scr_per_min": self._row.scr_per_min,
            "sqi": self._trust.mean,
        }
        log_odds = self._net.log_odds(sequence)
        return verdict.present(Modality.GSR, log_odds, quality, self._net.scatter, newest, evidence)


def off_the_skin(contact: Window | None, gsr: Window | None, pulse_usable: bool) -> bool:
    """Whether the band is not worn.

    The band's own contact flag decides. Without one: conductance below what skin can have (`GSR_LOWEST_US`), unless
    the pulse proves a very dry skin.
    """
    if contact is not None and contact.values.size:
        return bool(contact.values[-1] == 0.0)
    if gsr is None or not gsr.values.size or pulse_usable:
        return False
    newest = gsr.values[-max(1, round(10.0 * gsr.rate_hz)) :]
    return bool(np.median(newest) < GSR_LOWEST_US)
