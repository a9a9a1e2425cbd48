"""What pays in fusion, on simulated lives that were not fitted on; and what a late wristband costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from edge.types import Modality
from quantize.fusion.alarmed import Found, choose, judge, together
from quantize.fusion.learnt import Early, Network, used
from quantize.fusion.lives import Floats, Life
from quantize.fusion.thresholds import Budget
from quantize.fusion.weigh import Lines, courses, reliabilities, summed

FOLDS = 3
"""Parts that the seeds fall into; each is judged by what was fitted on the others."""

LATE_S = (0, 1, 3)
"""By so many seconds the wristband is late against the face when lateness is measured."""

ALL: tuple[Modality, ...] = (Modality.FACE, Modality.PPG, Modality.GSR)
BAND: tuple[Modality, ...] = (Modality.PPG, Modality.GSR)

Judged = dict[str, dict[tuple[Modality, ...], Found]]
"""By variant and mode."""

Fit = Callable[[list[Life]], Callable[[Life], Floats]]
"""From lives to fit on, to a course of evidence of any life."""


def compare(lives: Sequence[Life], lines: Lines, budget: Budget, seed: int) -> Judged:
    """Every variant in three modes, each fold of seeds judged by what was fitted on the other folds."""
    variants: dict[str, Callable[[tuple[Modality, ...]], Fit]] = {
        "log-odds of the moment, added": lambda mode: _added(lines, mode, figure="value", weighed=False),
        "and the face's mean of 6 s": lambda mode: _added(lines, mode, weighed=False),
        "and reliabilities (the box)": lambda mode: _added(lines, mode),
        "early: logistic over all figures": _early(lines),
        "learnt: int8 network over 30 s": lambda mode: _network(lines, mode, seed),
    }
    found: Judged = {}
    for name, variant in variants.items():
        found[name] = {mode: _across(lives, variant(mode), budget) for mode in ((Modality.FACE,), ALL, BAND)}
    for late_s in LATE_S:
        found[f"the box, wristband {late_s} s late"] = {ALL: _across(lives, _added(lines, ALL, late_s=late_s), budget)}
    return found


def _across(lives: Sequence[Life], variant: Fit, budget: Budget) -> Found:
    seeds = sorted({_seed(life) for life in lives})
    found: list[Found] = []
    for fold in range(min(FOLDS, len(seeds))):
        apart = set(seeds[fold::FOLDS])
        fitted = [life for life in lives if _seed(life) not in apart]
        course = variant(fitted)
        threshold, _ = choose(
            fitted, [course(life) for life in fitted], budget.alarm, budget.false_per_hour, budget.most_alarmed
        )
        found += [judge(life, course(life), threshold, budget.alarm) for life in lives if _seed(life) in apart]
    return together(found)


def _seed(life: Life) -> str:
    return life.name.split("-")[1]


def _added(
    lines: Lines, mode: tuple[Modality, ...], *, figure: str = "change_6s", weighed: bool = True, late_s: int = 0
) -> Fit:
    def fitted(lives: list[Life]) -> Callable[[Life], Floats]:
        evidence = [courses(life, lines, figure) for life in lives]
        shares = reliabilities(lives, evidence) if weighed else dict.fromkeys(Modality, 1.0)
        return lambda life: summed(_late(courses(life, lines, figure), late_s), mode, shares)

    return fitted


def _late(course: Mapping[Modality, Floats], seconds: int) -> Mapping[Modality, Floats]:
    """The wristband's evidence as if its clock were so many seconds behind."""
    if not seconds:
        return course
    shifted = {modality: np.r_[np.full(seconds, np.nan), row[:-seconds]] for modality, row in course.items()}
    return {**shifted, Modality.FACE: course[Modality.FACE]}


def _early(lines: Lines) -> Callable[[tuple[Modality, ...]], Fit]:
    def of_mode(mode: tuple[Modality, ...]) -> Fit:
        def fitted(lives: list[Life]) -> Callable[[Life], Floats]:
            early = Early(lives, mode)
            return lambda life: early.course(life, used(_of(life, lines, mode)))

        return fitted

    return of_mode


def _network(lines: Lines, mode: tuple[Modality, ...], seed: int) -> Fit:
    def fitted(lives: list[Life]) -> Callable[[Life], Floats]:
        network = Network([_of(life, lines, mode) for life in lives], lives, seed)
        kept: dict[str, Floats] = {}

        def course(life: Life) -> Floats:
            if life.name not in kept:
                kept[life.name] = network.course(_of(life, lines, mode))
            return kept[life.name]

        return course

    return fitted


def _of(life: Life, lines: Lines, mode: tuple[Modality, ...]) -> Floats:
    """(n, k) log-odds of a mode's modalities."""
    course = courses(life, lines, "value")
    return np.stack([course[modality] for modality in mode], axis=1)


def table(judged: Judged) -> str:
    """In Markdown."""
    modes = ((Modality.FACE,), ALL, BAND)
    head = "| | " + " | ".join("+".join(mode) for mode in modes) + " |\n|---|" + "---|" * len(modes)
    rows = []
    for name, by_mode in judged.items():
        cells = [_cell(by_mode[mode]) if mode in by_mode else "" for mode in modes]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([head, *rows])


def _cell(found: Found) -> str:
    return f"{found.raised}/{found.episodes}, {found.false_per_hour:.2f}/h"
