"""The streams of one wristband, fed from the timeline's windows, and the evidence that their seconds are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.grid import Grid, on_grid
from edge.biosignal.stream.pulse import PulseSecond, PulseStream
from edge.biosignal.stream.skin import SkinSecond, SkinStream
from edge.types import NS_PER_S, Channel, Window

Signal = NDArray[np.float64]

_LATE_S = 5
"""A second of samples is awaited this long; then what is missing of it counts as lost (`verdict.STALE_S`)."""

_LONGEST_GAP_S = 30
"""Missing seconds that are played into the streams as missing; a longer silence is cut to this."""

FRESH_S = 8
"""Rows older than this say nothing of now: five seconds that one may be awaited, three for late steps."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """Seconds that have become complete, or were given up, since the step before; in order, each once.

    Attributes:
        pulse, skin: (k, row): second k ended at k * 1e9 ns.
    """

    pulse: tuple[tuple[int, PulseSecond], ...]
    skin: tuple[tuple[int, SkinSecond], ...]


class _Turn:
    """Which whole seconds of a channel are ready to be taken, each once and in order."""

    def __init__(self) -> None:
        self._next: int | None = None

    def ready(self, now_ns: int, window: Window) -> range:
        """Numbers k of the seconds that end at k * 1e9 ns and are complete, or will never be."""
        if window.times_ns.size == 0 and self._next is None:
            return range(0)
        given_up = now_ns // NS_PER_S - _LATE_S
        arrived = int(window.times_ns[-1] + round(NS_PER_S / window.rate_hz)) // NS_PER_S if window.times_ns.size else 0
        newest = max(given_up, min(arrived, now_ns // NS_PER_S))
        first = int(window.times_ns[0]) // NS_PER_S + 1 if self._next is None else self._next
        first = max(first, newest - _LONGEST_GAP_S + 1)
        self._next = max(first, newest + 1)
        return range(first, newest + 1)


class BandStreams:
    """Pulse and skin of one band as streams."""

    def __init__(self) -> None:
        """Nothing has arrived yet."""
        self._pulse: PulseStream | None = None
        self._skin: SkinStream | None = None
        self._pulse_turn, self._skin_turn = _Turn(), _Turn()
        self._rates = (0.0, 0.0)
        self._pulse_row: tuple[int, PulseSecond] | None = None
        self._skin_row: tuple[int, SkinSecond] | None = None

    def step(self, now_ns: int, windows: Mapping[Channel, Window]) -> Fresh:
        """Take in the seconds that have become complete.

        Args:
            now_ns: monotonic time.
            windows: the newest minute of each channel.

        Returns:
            Their rows. None of a pulse wave below 20 Hz or a conductance below 2 Hz: too slow to be measured.
        """
        pulse: list[tuple[int, PulseSecond]] = []
        skin: list[tuple[int, SkinSecond]] = []
        ppg, gsr, moves = windows.get(Channel.PPG), windows.get(Channel.GSR_US), _Movement(windows.get(Channel.ACC_G))
        if ppg is not None and ppg.rate_hz >= 20.0:
            pulse = self._step_pulse(now_ns, ppg, moves)
        if gsr is not None and gsr.rate_hz >= 2.0:
            skin = self._step_skin(now_ns, gsr, moves, windows.get(Channel.SKIN_TEMPERATURE_C))
        self._pulse_row = pulse[-1] if pulse else self._pulse_row
        self._skin_row = skin[-1] if skin else self._skin_row
        return Fresh(tuple(pulse), tuple(skin))

    def forget(self) -> None:
        """Forget what is the patient's own; the signals go on."""
        if self._pulse is not None:
            self._pulse.forget()

    def pulse(self, now_ns: int) -> PulseSecond | None:
        """The newest second of pulse, unless it is too old."""
        return self._pulse_row[1] if self._pulse_row and now_ns // NS_PER_S - self._pulse_row[0] <= FRESH_S else None

    def skin(self, now_ns: int) -> SkinSecond | None:
        """The newest second of skin conductance, unless it is too old."""
        return self._skin_row[1] if self._skin_row and now_ns // NS_PER_S - self._skin_row[0] <= FRESH_S else None

    def _step_pulse(self, now_ns: int, ppg: Window, moves: _Movement) -> list[tuple[int, PulseSecond]]:
        if self._pulse is None or self._rates[0] != ppg.rate_hz:
            self._pulse, self._rates = PulseStream(ppg.rate_hz), (ppg.rate_hz, self._rates[1])
        return [
            (second, row)
            for second in self._pulse_turn.ready(now_ns, ppg)
            for row in self._pulse.push(_second(ppg, second), moves.beside(second, ppg.rate_hz))
        ]

    def _step_skin(
        self, now_ns: int, gsr: Window, moves: _Movement, temperature_c: Window | None
    ) -> list[tuple[int, SkinSecond]]:
        rows: list[tuple[int, SkinSecond]] = []
        if self._skin is None or self._rates[1] != gsr.rate_hz:
            self._skin, self._rates = SkinStream(gsr.rate_hz), (self._rates[0], gsr.rate_hz)
        for second in self._skin_turn.ready(now_ns, gsr):
            values = _second(gsr, second)
            warmth = _newest(temperature_c, second, values.size)
            moved = moves.beside(second, gsr.rate_hz)
            rows += [(second, row) for row in self._skin.push(values, moved, warmth)]
        return rows


def _second(window: Window, second: int) -> Signal:
    """(n,) samples of the second that ends at `second`, NaN where missing.

    A single missing sample is bridged: with a band's clock a little slow, one slot in some minutes stays empty although
    nothing is lost.
    """
    grid = on_grid(window, second * NS_PER_S, 1.0)
    present = grid.present.copy()
    alone = ~present[1:-1] & present[:-2] & present[2:]
    present[1:-1] |= alone
    return np.where(present, grid.values, np.nan)


class _Movement:
    """Acceleration beside other channels, second by second.

    Args:
        acc_g: the newest minute; None without an accelerometer.
    """

    def __init__(self, acc_g: Window | None) -> None:
        self._acc_g = acc_g if acc_g is not None and acc_g.rate_hz > 0.0 else None
        self._grids: dict[int, Grid] = {}

    def beside(self, second: int, rate_hz: float) -> Signal | None:
        """(n, 3) acceleration at the samples of another channel; None where there is none or too little."""
        if self._acc_g is None:
            return None
        grid = self._grids.get(second)
        if grid is None:
            grid = self._grids[second] = on_grid(self._acc_g, second * NS_PER_S, 2.0)
        if grid.last(1.0).coverage < 0.5:
            return None
        before, share = _places(grid.present.size, grid.rate_hz, rate_hz)
        return grid.values[before] + share * (grid.values[before + 1] - grid.values[before])


@lru_cache(maxsize=16)
def _places(count: int, own_hz: float, rate_hz: float) -> tuple[NDArray[np.int64], Signal]:
    """Where the samples of a second at `rate_hz` lie among the `count` of two seconds at `own_hz`.

    Returns:
        (n,) the sample before each, and (n, 1) how far it lies towards the next, 0..1.
    """
    places = np.minimum((1.0 + np.arange(round(rate_hz)) / rate_hz) * own_hz, count - 1.0)
    before = np.minimum(places.astype(np.int64), count - 2)
    return before, (places - before)[:, None]


def _newest(window: Window | None, second: int, count: int) -> Signal | None:
    """(count,) the newest value of a slow channel at the end of a second; None without one of the last minute."""
    if window is None:
        return None
    before = window.times_ns <= second * NS_PER_S
    return np.full(count, float(window.values[before][-1])) if before.any() else None


def pulse_evidence(row: PulseSecond | None) -> dict[str, float]:
    """Named figures of a second of pulse; none where it is not usable."""
    if row is None or row.quality <= 0.0:
        return {}
    figures = {
        "heart_rate_bpm": row.heart_rate_bpm,
        "pulse_amplitude_change": row.amplitude_change,
        "rmssd_ms": 1000.0 * row.rmssd_s,
        "pulse_sqi": row.quality,
        "sdnn_ms": 1000.0 * row.sdnn_s,
        "pleth_index": row.pleth_index,
        "perfusion_percent": row.perfusion_percent,
        "respiration_per_min": row.respiration_per_min,
    }
    return {name: value for name, value in figures.items() if np.isfinite(value)}


def skin_evidence(row: SkinSecond | None) -> dict[str, float]:
    """Named figures of a second of skin conductance; none where it is not usable."""
    if row is None or row.quality <= 0.0:
        return {}
    figures = {
        "skin_sqi": row.quality,
        "scl_us": row.scl_us,
        "phasic_us": row.phasic_us,
        "scr_per_min": row.scr_per_min,
        "scr_amplitude_us": row.scr_amplitude_us,
        "scr_rise_s": row.scr_rise_s,
    }
    return {name: value for name, value in figures.items() if np.isfinite(value)}
