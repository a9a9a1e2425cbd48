"""Agreement of the box's detectors with other packages on the same recordings, by the box's own signal quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.grid import Grid, bridge
from edge.biosignal.stream.whole import seconds_of
from quantize.biosignal.evaluation.detectors import OWN, Attempt, Tool, beats_of, responses_of
from quantize.biosignal.evaluation.figures import Peer
from quantize.biosignal.evaluation.matching import PIECE_S, aligned, f1, inside, matched, rate_bpm
from quantize.evaluation.bootstrap import Value, interval

Floats = NDArray[np.float64]

STRETCH_S = 120.0
"""Pulse wave that is taken of each recording, from its middle; of skin conductance twice as much is."""

_QUALITIES = ((0.0, 1.01, "all"), (0.8, 1.01, "0.8 and more"), (0.3, 0.8, "0.3 to 0.8"), (0.0, 0.3, "below 0.3"))


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A part of one person's recording.

    Attributes:
        ppg: the pulse wave; None where there is none.
        acc_g: (n, 3) acceleration over the same seconds, where the band has it.
        gsr_us: skin conductance; None where there is none.
    """

    ppg: Grid | None
    acc_g: Grid | None
    gsr_us: Grid | None


def grid(values: Floats, rate_hz: float) -> Grid:
    """Samples on a grid, NaN bridged by straight lines and marked absent.

    Args:
        values: (n,) or (n, axes) samples.
        rate_hz: their rate.
    """
    present: NDArray[np.bool_] = np.asarray(np.isfinite(values).reshape(len(values), -1).all(axis=1))
    if not present.any():
        return Grid(np.zeros_like(values), present, rate_hz)
    filled = bridge(values.reshape(len(values), -1), present)
    return Grid(filled.reshape(values.shape), present, rate_hz)


def compare(stretches: Sequence[Stretch], tools: Sequence[Tool], counts: Floats) -> tuple[Peer, ...]:
    """Every tool against the box.

    Args:
        stretches: one per person.
        tools: of other packages.
        counts: draws of the people.
    """
    with_pulse = [k for k, one in enumerate(stretches) if one.ppg is not None]
    heard = [_heard(stretches[k]) for k in with_pulse]
    made: list[Peer] = []
    for tool in tools:
        found = [_theirs(tool, stretches[k]) for k in with_pulse]
        kept = [i for i, attempt in enumerate(found) if not attempt.fault]
        tables = [_pieces(heard[i], found[i].times_s) for i in kept]
        drawn = counts[:, [with_pulse[i] for i in kept]]
        rates = _responses(stretches, tool)
        for low, high, label in _QUALITIES:
            chosen = [(heard[i].quality >= low) & (heard[i].quality < high) for i in kept]
            sums = np.array([table[inside].sum(axis=0) for table, inside in zip(tables, chosen, strict=True)])
            peer = _peer(tool.name, label, sums, drawn, rates if label == "all" else None)
            made.append(replace(peer, gave_up=len(found) - len(kept)) if label == "all" else peer)
    return tuple(made)


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """What the box's stream makes of a pulse wave.

    Attributes:
        beats_s: (k,) upstrokes.
        quality: (pieces,) mean quality of each whole piece of ten seconds.
    """

    beats_s: Floats
    quality: Floats


def _heard(stretch: Stretch) -> _Heard:
    ppg = stretch.ppg
    if ppg is None:
        return _Heard(np.empty(0), np.empty(0))
    acc_g = None if stretch.acc_g is None else stretch.acc_g.values
    rows = seconds_of(np.where(ppg.present, ppg.values, np.nan), ppg.rate_hz, acc_g)
    quality = np.array([row.quality for row in rows])
    count = quality.size // round(PIECE_S)
    pieces = quality[: count * round(PIECE_S)].reshape(count, -1).mean(axis=1)
    return _Heard(np.array([beat.time_s for row in rows for beat in row.beats]), pieces)


def _theirs(tool: Tool, stretch: Stretch) -> Attempt:
    if stretch.ppg is None:
        return Attempt(np.empty(0))
    return beats_of(tool, stretch.ppg.values, stretch.ppg.rate_hz)


def _pieces(heard: _Heard, found: Floats) -> Floats:
    """(pieces, 6): hits, own beats, their beats, difference of heart rates, pieces with both rates, pieces."""
    own, theirs = heard.beats_s, aligned(found, heard.beats_s)
    hits = matched(theirs, own)
    rows = []
    for k in range(heard.quality.size):
        ours, others = inside(own, k * PIECE_S), inside(theirs, k * PIECE_S)
        off = abs(rate_bpm(own[ours]) - rate_bpm(theirs[others]))
        known = bool(np.isfinite(off))
        rows.append((hits[others].sum(), ours.sum(), others.sum(), off if known else 0.0, known, 1.0))
    return np.array(rows, dtype=np.float64).reshape(-1, 6)


def _responses(stretches: Sequence[Stretch], tool: Tool) -> tuple[float, float]:
    """Responses per minute that the tool and the box find, where the tool did not give up."""
    if tool.responses is None or OWN.responses is None:
        return float("nan"), float("nan")
    minutes = theirs = ours = 0.0
    for one in (stretch.gsr_us for stretch in stretches if stretch.gsr_us is not None):
        attempt = responses_of(tool.responses, one.values, one.rate_hz)
        if not attempt.fault:
            minutes += one.values.size / one.rate_hz / 60.0
            theirs += attempt.times_s.size
            ours += responses_of(OWN.responses, one.values, one.rate_hz).times_s.size
    return (theirs / minutes, ours / minutes) if minutes else (float("nan"), float("nan"))


def _peer(tool: str, quality: str, sums: Floats, counts: Floats, rates: tuple[float, float] | None) -> Peer:
    theirs, ours = rates or (float("nan"), float("nan"))
    nothing = Value(float("nan"), float("nan"), float("nan"))
    return Peer(
        tool=tool,
        quality=quality,
        pieces=int(sums[:, 5].sum()) if sums.size else 0,
        f1=interval(partial(_f1, sums), counts) if sums.size else nothing,
        rate_mae_bpm=interval(partial(_off, sums), counts) if sums.size else nothing,
        scr_per_min=theirs,
        own_scr_per_min=ours,
    )


def _f1(sums: Floats, count: Floats) -> float:
    hits, ours, theirs = (count @ sums[:, :3]).tolist()
    return f1(hits, theirs, ours)


def _off(sums: Floats, count: Floats) -> float:
    off, pieces = (count @ sums[:, 3:5]).tolist()
    return off / pieces if pieces else float("nan")
