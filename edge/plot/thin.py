"""Fewer points than samples, and no extreme or gap lost: each bin keeps its lowest and its highest sample."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]

MOST_POINTS = 6_000
"""Points of one line: several per pixel of the widest picture; more only make the file large."""


def thin(times_s: Series, values: Series, most: int = MOST_POINTS) -> tuple[Series, Series]:
    """Reduce a line to at most `most` points.

    Args:
        times_s: (n,) rising.
        values: (n,); NaN breaks the line, before and after.
        most: of points.

    Returns:
        Times and values of the kept samples, in order.
    """
    if times_s.size <= most:
        return times_s, values
    bins = most // 3
    edges = np.linspace(0, times_s.size, bins + 1).astype(np.int64)
    kept: list[int] = []
    for low, high in pairwise(edges):
        piece = values[low:high]
        holes = np.flatnonzero(np.isnan(piece))
        if holes.size == piece.size:
            kept.append(int(low))
            continue
        chosen = {int(low + np.nanargmin(piece)), int(low + np.nanargmax(piece))}
        if holes.size:
            chosen.add(int(low + holes[0]))
        kept.extend(sorted(chosen))
    return times_s[kept], values[kept]


def broken(times_s: Series, values: Series, gaps: list[tuple[float, float]]) -> tuple[Series, Series]:
    """The line with a NaN in the middle of every gap, so that nothing is drawn across.

    Args:
        times_s: (n,) rising.
        values: (n,).
        gaps: spans without samples.
    """
    middles = np.array([(start_s + end_s) / 2 for start_s, end_s in gaps])
    places = np.searchsorted(times_s, middles)
    return np.insert(times_s, places, middles), np.insert(values, places, np.nan)


def merged(spans: list[tuple[float, float]], apart_s: float) -> list[tuple[float, float]]:
    """Spans at least `apart_s` wide and apart: what is narrower than a pixel is widened, not dropped."""
    out: list[tuple[float, float]] = []
    for start_s, end_s in sorted(spans):
        wide_s = max(end_s, start_s + apart_s)
        if out and start_s - out[-1][1] < apart_s:
            out[-1] = (out[-1][0], max(out[-1][1], end_s))
        else:
            out.append((start_s, wide_s))
    return out
