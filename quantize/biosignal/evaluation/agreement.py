"""Agreement of the box's detectors with other packages on the same recordings, by the box's own signal quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.grid import Grid, bridge
from edge.biosignal.stream.whole import seconds_of
from quantize.biosignal.evaluation.detectors import OWN, Tool, quietly
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
    own = [quietly(OWN.beats, one.ppg.values, one.ppg.rate_hz) if one.ppg else np.empty(0) for one in stretches]
    trust = [_qualities(stretches[k]) for k in with_pulse]
    made: list[Peer] = []
    for tool in tools:
        theirs = [quietly(tool.beats, one.ppg.values, one.ppg.rate_hz) if one.ppg else np.empty(0) for one in stretches]
        tables = [_pieces(own[k], aligned(theirs[k], own[k]), len(trust[i])) for i, k in enumerate(with_pulse)]
        rates = _responses(stretches, tool)
        for low, high, label in _QUALITIES:
            chosen = [(quality >= low) & (quality < high) for quality in trust]
            sums = np.array([table[kept].sum(axis=0) for table, kept in zip(tables, chosen, strict=True)])
            made.append(_peer(tool.name, label, sums, counts[:, with_pulse], rates if label == "all" else None))
    return tuple(made)


def _qualities(stretch: Stretch) -> Floats:
    """(pieces,) the box's quality of each piece of ten seconds."""
    ppg = stretch.ppg
    if ppg is None:
        return np.empty(0)
    count = int(ppg.values.shape[0] / ppg.rate_hz / PIECE_S)
    acc_g = stretch.acc_g.values if stretch.acc_g is not None else None
    rows = seconds_of(np.where(ppg.present, ppg.values, np.nan), ppg.rate_hz, acc_g)
    return np.array([rows[round((k + 1) * PIECE_S) - 1].quality for k in range(count)])


def _pieces(own: Floats, theirs: Floats, count: int) -> Floats:
    """(pieces, 6): hits, own beats, their beats, difference of heart rates, pieces with both rates, pieces."""
    hits = matched(theirs, own)
    rows = []
    for k in range(count):
        ours, others = inside(own, k * PIECE_S), inside(theirs, k * PIECE_S)
        off = abs(rate_bpm(own[ours]) - rate_bpm(theirs[others]))
        known = bool(np.isfinite(off))
        rows.append((hits[others].sum(), ours.sum(), others.sum(), off if known else 0.0, known, 1.0))
    return np.array(rows, dtype=np.float64).reshape(-1, 6)


def _responses(stretches: Sequence[Stretch], tool: Tool) -> tuple[float, float]:
    """Responses per minute that the tool and the box find."""
    grids = [one.gsr_us for one in stretches if one.gsr_us is not None]
    minutes = sum(grid.values.size / grid.rate_hz for grid in grids) / 60.0
    if tool.responses is None or OWN.responses is None or not minutes:
        return float("nan"), float("nan")
    found = [
        sum(quietly(one, grid.values, grid.rate_hz).size for grid in grids) for one in (tool.responses, OWN.responses)
    ]
    return found[0] / minutes, found[1] / minutes


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
