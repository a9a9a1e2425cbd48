"""Plots of the figures, as PNG files in memory."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from quantize.evaluation.bootstrap import Value
from quantize.evaluation.canvas import BAD, FLOAT, INT8, canvas, png, reliability_curve, whisker
from quantize.faces.evaluation.figures import Figures
from quantize.faces.evaluation.groups import UNFAIR, Group
from quantize.faces.evaluation.pairs import HARD_NEGATIVES


def plots(figures: Figures) -> dict[str, bytes]:
    """Title to PNG; plots with nothing to show are left out."""
    made = {
        "Correlation with the truth, by action unit": _units(figures),
        "Stated against found probability of pain": _reliability(figures),
        "PSPI error of each group against the mean of its axis": _ratios(figures.pspi_groups),
        "Painless faces that pass for pain: each group against the mean of its axis": _ratios(figures.false_groups),
        "Pain against other kinds of face: AUC by change": _separation(figures.int8.pain_against),
        "False episodes per hour, by kind": _episodes(figures),
    }
    return {title: picture for title, picture in made.items() if picture is not None}


def _units(figures: Figures) -> bytes | None:
    names = list(figures.int8.units)
    if not names:
        return None
    figure, axes = canvas(11, 3.6)
    series = (
        ("int8", figures.int8, INT8),
        ("float", figures.float32, FLOAT),
        ("unseen sculpt, int8", figures.unseen_sculpt, BAD),
    )
    shown = [(label, scores, colour) for label, scores, colour in series if scores is not None]
    width = 0.8 / len(shown)
    for k, (label, scores, colour) in enumerate(shown):
        values = [scores.units[name].r if name in scores.units else None for name in names]
        heights = [value.value if value is not None else float("nan") for value in values]
        whiskers = np.array([whisker(value) if value is not None else (0.0, 0.0) for value in values]).T
        at = np.arange(len(names)) + (k - (len(shown) - 1) / 2) * width
        axes.bar(at, heights, width, color=colour, label=label, yerr=whiskers, error_kw={"lw": 0.8, "ecolor": "#333"})
    axes.axhline(0.8, color="#999", lw=0.8, ls="--")
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_ylim(min(0.0, axes.get_ylim()[0]), 1)
    axes.set_ylabel("Pearson r")
    axes.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, 1.17))
    return png(figure)


def _reliability(figures: Figures) -> bytes | None:
    bins = figures.calibration.reliability
    if not bins:
        return None
    figure, axes = canvas(4.2, 4)
    reliability_curve(axes, bins, INT8)
    axes.set_xlabel("probability of pain as stated")
    axes.set_ylabel("share truly in pain")
    axes.set_title(f"ECE {figures.calibration.ece:.3f}", fontsize=10)
    return png(figure)


def _ratios(groups: Sequence[Group]) -> bytes | None:
    shown = [group for group in groups if math.isfinite(group.ratio.value)]
    if not shown:
        return None
    figure, axes = canvas(7.5, 0.6 + 0.21 * len(shown))
    at = np.arange(len(shown))[::-1]
    for y, group in zip(at, shown, strict=True):
        colour = BAD if group.over else INT8
        ends = np.array(whisker(group.ratio))[:, None]
        axes.errorbar(group.ratio.value, y, xerr=ends, fmt="o", ms=4, lw=1, color=colour)
    axes.axvline(1, color="#999", lw=0.8)
    axes.axvline(UNFAIR, color=BAD, lw=0.8, ls="--")
    axes.set_yticks(at, [f"{group.axis}: {group.name} ({group.identities})" for group in shown], fontsize=8)
    axes.set_ylim(-0.7, len(shown) - 0.3)
    axes.set_xlabel("ratio to the mean of the axis; in brackets: people")
    return png(figure)


def _separation(against: dict[str, Value]) -> bytes | None:
    if not against:
        return None
    figure, axes = canvas(7, 0.6 + 0.26 * len(against))
    at = np.arange(len(against))[::-1]
    whiskers = np.array([whisker(value) for value in against.values()]).T
    axes.barh(at, [value.value for value in against.values()], color=INT8, xerr=whiskers, error_kw={"lw": 0.8})
    axes.set_yticks(at, list(against), fontsize=9)
    axes.axvline(0.5, color="#999", lw=0.8)
    axes.set_xlim(0, 1)
    return png(figure)


def _episodes(figures: Figures) -> bytes | None:
    if figures.episodes is None:
        return None
    rows = [row for row in figures.episodes.rows if row.kind in [str(kind) for kind in HARD_NEGATIVES]]
    if not rows:
        return None
    figure, axes = canvas(7, 0.6 + 0.28 * len(rows))
    at = np.arange(len(rows))[::-1]
    whiskers = np.array([whisker(row.per_hour) for row in rows]).T
    axes.barh(at, [row.per_hour.value for row in rows], color=BAD, xerr=whiskers, error_kw={"lw": 0.8})
    axes.set_yticks(at, [f"{row.kind} ({row.hours:.1f} h)" for row in rows], fontsize=9)
    axes.set_xlabel("false episodes per hour of it")
    return png(figure)
