"""The looks of a soak as a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from tests.soak.gauges import Sample

_PANELS: tuple[tuple[str, Callable[[Sample], float]], ...] = (
    ("resident memory, MiB", lambda one: one.resident_kib / 1024),
    ("descriptors", lambda one: float(one.descriptors)),
    ("threads", lambda one: float(one.threads)),
    ("tasks", lambda one: float(one.tasks)),
    ("state file and log, MB", lambda one: one.database_bytes / 1e6),
    ("written since the start, MB", lambda one: one.written_bytes / 1e6),
)


def draw(samples: Sequence[Sample], warm_up_s: float, title: str, path: Path) -> None:
    """Draw every gauge over time into a PNG.

    Args:
        samples: in order.
        warm_up_s: drawn as a line.
        title: what was soaked.
        path: of the picture.
    """
    figure = Figure(figsize=(11, 10), layout="constrained")
    all_axes = figure.subplots(len(_PANELS), 1, sharex=True)
    hours = [one.at_s / 3600 for one in samples]
    for axes, (words, value) in zip(all_axes, _PANELS, strict=True):
        axes.plot(hours, [value(one) for one in samples], lw=1.0, color="#1f5f8b")
        axes.axvline(warm_up_s / 3600, color="#888888", lw=0.8, ls="--")
        axes.set_ylabel(words, fontsize=8)
        axes.grid(color="#e3e3e3", lw=0.6)
        axes.margins(x=0)
    all_axes[-1].set_xlabel("hours")
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    figure.savefig(path, dpi=110)
