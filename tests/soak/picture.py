"""The looks of a soak as a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from tests.soak.gauges import Sample

_PANELS: tuple[tuple[str, Callable[[Sample], float], float], ...] = (
    ("resident memory, MiB", lambda one: one.resident_kib / 1024, 4.0),
    ("descriptors", lambda one: float(one.descriptors), 8.0),
    ("threads", lambda one: float(one.threads), 8.0),
    ("tasks", lambda one: float(one.tasks), 8.0),
    ("state file and log, MB", lambda one: one.database_bytes / 1e6, 4.0),
    ("written since the start, MB", lambda one: one.written_bytes / 1e6, 4.0),
)
"""Words, value, and the least span of the axis: what moves by a page is to look like nothing."""


def draw(samples: Sequence[Sample], warm_up_s: float, title: str, path: Path) -> None:
    """Draw every gauge over time into a PNG.

    Args:
        samples: in order.
        warm_up_s: drawn as a line.
        title: what was soaked.
        path: of the picture.
    """
    figure = Figure(figsize=(9, 9), layout="constrained")
    all_axes = figure.subplots(len(_PANELS), 1, sharex=True)
    hours = [one.at_s / 3600 for one in samples]
    for axes, (words, value, span) in zip(all_axes, _PANELS, strict=True):
        values = [value(one) for one in samples]
        axes.plot(hours, values, lw=1.0, color="#1f5f8b")
        axes.axvline(warm_up_s / 3600, color="#888888", lw=0.8, ls="--")
        axes.set_ylabel(words, fontsize=8)
        axes.grid(color="#e3e3e3", lw=0.6)
        axes.margins(x=0)
        spare = max(0.0, span - (max(values) - min(values))) / 2
        axes.set_ylim(max(0.0, min(values) - spare - span / 20), max(values) + spare + span / 20)
    all_axes[-1].set_xlabel("hours")
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    figure.savefig(path, dpi=90)
