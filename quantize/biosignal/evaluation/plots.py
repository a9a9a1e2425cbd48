"""Plots of the figures, as PNG files in memory."""

from __future__ import annotations

import numpy as np

from quantize.biosignal.evaluation.figures import Figures, Separation
from quantize.evaluation.canvas import BAD, FLOAT, INT8, canvas, png, reliability_curve, whisker

_COLOURS = (INT8, "#2a8c4a", BAD, "#7b3fa0")
"""One per subset."""


def plots(figures: Figures) -> dict[str, bytes]:
    """Title to PNG; plots with nothing to show are left out."""
    made = {
        "Area under the ROC curve, by what a band sends": _areas(figures),
        "Person by person: area within each": _persons(figures),
        "Stated against found share of aroused seconds": _reliability(figures),
        "False alarms per calm hour": _alarms(figures),
        "Responses of the skin, by threshold": _reactions(figures),
    }
    return {title: picture for title, picture in made.items() if picture is not None}


def _areas(figures: Figures) -> bytes | None:
    if not figures.subsets:
        return None
    figure, axes = canvas(8, 3.6)
    kinds: dict[str, tuple[str, list[Separation | None]]] = {
        "int8": (INT8, [one.int8 for one in figures.subsets]),
        "float": (FLOAT, [one.float32 for one in figures.subsets]),
        "yardstick": ("#999999", [one.yardstick for one in figures.subsets]),
    }
    shown = {kind: (colour, values) for kind, (colour, values) in kinds.items() if any(values)}
    for k, (kind, (colour, values)) in enumerate(shown.items()):
        found = {at: one.pooled for at, one in enumerate(values) if one is not None}
        ends = np.array([whisker(value) for value in found.values()]).T
        places = np.array(list(found)) + (k - (len(shown) - 1) / 2) * 0.26
        heights = [value.value for value in found.values()]
        axes.bar(places, heights, 0.25, color=colour, label=kind, yerr=ends, error_kw={"lw": 0.8, "ecolor": "#333"})
    axes.axhline(0.5, color="#999", lw=0.8)
    axes.set_xticks(range(len(figures.subsets)), [one.name for one in figures.subsets])
    axes.set_ylim(0.4, 1)
    axes.set_ylabel("AUC, pooled")
    axes.legend(frameon=False, ncols=3, loc="upper left")
    return png(figure)


def _persons(figures: Figures) -> bytes | None:
    if not figures.subsets:
        return None
    figure, axes = canvas(8, 3.2)
    for at, (subset, colour) in enumerate(zip(figures.subsets, _COLOURS, strict=False)):
        values = np.array([person.areas[subset.name] for person in figures.persons])
        values = np.sort(values[np.isfinite(values)])
        across = at + np.linspace(-0.3, 0.3, values.size) if values.size > 1 else np.full(values.size, float(at))
        axes.plot(across, values, "o", color=colour, ms=4, alpha=0.75)
    axes.axhline(0.5, color="#999", lw=0.8)
    axes.set_xticks(range(len(figures.subsets)), [one.name for one in figures.subsets])
    axes.set_ylabel("AUC within a person")
    return png(figure)


def _reliability(figures: Figures) -> bytes | None:
    shown = [one for one in figures.subsets if one.reliability]
    if not shown:
        return None
    figure, axes = canvas(5, 4.6)
    for one, colour in zip(shown, _COLOURS, strict=False):
        reliability_curve(axes, one.reliability, colour, f"{one.name}, ECE {one.ece.value:.3f}")
    axes.set_xlabel("probability of arousal as stated")
    axes.set_ylabel("share truly aroused, both classes alike")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    return png(figure)


def _alarms(figures: Figures) -> bytes | None:
    if not figures.subsets:
        return None
    figure, axes = canvas(7, 0.8 + 0.35 * len(figures.subsets))
    at = np.arange(len(figures.subsets))[::-1]
    ends = np.array([whisker(one.false_per_hour) for one in figures.subsets]).T
    values = [one.false_per_hour.value for one in figures.subsets]
    axes.barh(at, values, color=BAD, xerr=ends, error_kw={"lw": 0.8})
    axes.set_yticks(at, [f"{one.name} ({one.calm_hours:.1f} h)" for one in figures.subsets], fontsize=9)
    axes.set_xlabel("false alarms per calm hour")
    return png(figure)


def _reactions(figures: Figures) -> bytes | None:
    if not figures.reactions:
        return None
    figure, axes = canvas(6, 3.6)
    one = figures.reactions[0]
    for place, level in enumerate(one.levels):
        limits = [float(limit) for limit in level.above]
        shares = [100 * value.value for value in level.above.values()]
        strength = 0.3 + 0.7 * (place + 1) / len(one.levels)
        axes.plot(limits, shares, "o-", color=INT8, alpha=strength, lw=1 + place * 0.5, ms=4, label=level.name)
    axes.set_xlabel("threshold, µS")
    axes.set_ylabel("stimuli with a larger response, %")
    axes.set_ylim(0, 100)
    axes.legend(frameon=False, fontsize=9)
    return png(figure)
