"""Plots as PNG files in memory."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from quantize.evaluation.bootstrap import Value
from quantize.evaluation.calibration import Bin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INT8, FLOAT, BAD = "#1b6ca8", "#9dbbd0", "#d1603d"
"""Colours of the exported network, of its float form, and of what is bad or was not trained on."""


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty picture of so many inches with one pair of axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def png(figure: Figure) -> bytes:
    """The picture as a PNG file."""
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def whisker(value: Value) -> tuple[float, float]:
    """Distances from the value to the ends of its interval; 0 where there is none."""
    ends = (value.value - value.low, value.high - value.value)
    return (max(0.0, ends[0]), max(0.0, ends[1])) if all(math.isfinite(end) for end in ends) else (0.0, 0.0)


def reliability_curve(axes: Axes, bins: Sequence[Bin], colour: str, label: str = "") -> None:
    """Stated against found probability; dots as large as their share."""
    stated, found = [one.stated for one in bins], [one.found for one in bins]
    axes.plot([0, 1], [0, 1], color="#999", lw=0.8, ls="--")
    axes.plot(stated, found, color=colour, lw=1, label=label or None)
    axes.scatter(stated, found, s=[20 + 400 * one.weight for one in bins], color=colour, alpha=0.7)
