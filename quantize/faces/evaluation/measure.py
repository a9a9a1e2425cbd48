"""The whole evaluation: from faces and outputs to `Figures`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.face.align import FaceBox
from edge.face.certainty import knowable, known, level, spread
from edge.face.find import Sighting
from edge.face.quality import GOOD_SIDE_PX, parts
from edge.face.units import LABELS, REGIONS
from edge.fusion.evidence import FULL_WEIGHT_QUALITY
from quantize.evaluation.bootstrap import ROUNDS, draws
from quantize.evaluation.calibration import coverage, even_weights, reliability
from quantize.faces.collection import Faces
from quantize.faces.evaluate import PAIN_PSPI, Chosen, Readings, readings, within
from quantize.faces.evaluation.cases import Cases
from quantize.faces.evaluation.descriptor import descriptor
from quantize.faces.evaluation.figures import FORMAT, Calibration, Figures, Scores
from quantize.faces.evaluation.groups import Group, axes, compare
from quantize.faces.evaluation.metrics import auc
from quantize.faces.evaluation.scores import discount, score
from quantize.faces.evaluation.tracks import Track, Watch, episodes
from quantize.faces.heads import Outputs

Floats = NDArray[np.float32]

UNSEEN_SCULPT = "facs"
"""The sculpt that no training face has (`quantize.faces.sculpt.Sculpt.FACS`)."""

FALSE_FROM = PAIN_PSPI / 2
"""A change from here on in a face without pain counts as false: half way to pain."""

PAINLESS_BELOW = 1.0
"""True change below which a face counts as without pain: less than a trace of any one sign."""

_MOST_SPREAD = 3000
"""Faces of which the interval is computed; each takes a fifth of a millisecond, and more say nothing further."""


def figures(
    test: Faces | Cases,
    float_outputs: Outputs | None,
    int8_outputs: Outputs,
    chosen: Chosen,
    *,
    tracks: Sequence[Track] = (),
    watch: Watch | None = None,
    hidden_alive: tuple[int, int] | None = None,
    identity_mean: Floats | None = None,
    seed: int = 1,
    rounds: int = ROUNDS,
) -> Figures:
    """Measure everything.

    Args:
        test: faces of people that nobody trained or tuned on; crops without a face, and faces of the sculpt that is
            not trained on, may be among them.
        float_outputs: of the network before it was quantised, for the same rows; None: not measured.
        int8_outputs: of the exported network, for the same rows.
        chosen: smile discount, interval and calibration, from the tuning identities.
        tracks: faces over time as the exported network read them.
        watch: the episode filter, see `tracks.filtered`; needed with tracks.
        hidden_alive: how many hidden units answer, of how many.
        identity_mean: (16,) mean descriptor of the tuning people; needed to measure the descriptor on tracks.
        seed: of the bootstrap over identities.
        rounds: of the bootstrap.
    """
    cases = test if isinstance(test, Cases) else Cases("rendered people that the network never saw", test)
    face = cases.faces.rows["face"]
    cases, int8_outputs = cases.where(face), int8_outputs.where(face)
    float_outputs = None if float_outputs is None else float_outputs.where(face)
    unseen = cases.faces.rows["sculpt"] == UNSEEN_SCULPT
    seen = _read(cases, int8_outputs, chosen)

    def scored(of: Readings, which: NDArray[np.bool_]) -> Scores | None:
        if not which.any():
            return None
        part = Readings(of.units[which], of.level[which], of.change[which], of.own[which])
        return score(cases.where(which), part, chosen.smile_share, seed=seed, rounds=rounds)

    main = scored(seen, ~unseen)
    if main is None:
        raise ValueError("there are no faces to measure on")
    known_part, known_seen = cases.where(~unseen), _part(seen, ~unseen)
    plain = None if float_outputs is None else scored(_read(cases, float_outputs, chosen), ~unseen)
    error, false = _errors(known_part, known_seen, chosen)
    return Figures(
        format=FORMAT,
        name=cases.name,
        notes=(*cases.notes, *_notes(cases, seen)),
        seed=seed,
        rounds=rounds,
        int8=main,
        float32=plain,
        unseen_sculpt=scored(seen, unseen),
        well_seen=scored(seen, ~unseen & well_seen(cases.faces, int8_outputs)),
        pspi_groups=_grouped(known_part.faces, error, seed=seed, rounds=rounds),
        false_groups=_grouped(known_part.faces, false, seed=seed, rounds=rounds),
        calibration=_calibration(known_part, int8_outputs.where(~unseen), known_seen, chosen),
        episodes=episodes(tracks, watch, seed=seed, rounds=rounds) if len(tracks) and watch else None,
        hidden_alive=hidden_alive,
        descriptor=None if identity_mean is None else descriptor(tracks, identity_mean),
    )


def well_seen(faces: Faces, outputs: Outputs) -> NDArray[np.bool_]:
    """(n,) faces whose picture the box counts in full: quality of light, contrast and sharpness times what it can know.

    How large a face is, and how steadily it is followed, the crop does not tell: both are taken for good.
    """
    sighting = Sighting(FaceBox(0, 0, GOOD_SIDE_PX), 0, 1.0, fresh=True)
    chance = 1 / (1 + np.exp(-np.clip(outputs.visible, -30, 30)))
    trust = np.array([min(parts(face, sighting).values()) for face in faces.crops])
    share = np.array([knowable(known(np.asarray(one, dtype=np.float32))) for one in chance])
    return np.asarray(trust * share >= FULL_WEIGHT_QUALITY)


def _read(cases: Cases, outputs: Outputs, chosen: Chosen) -> Readings:
    """Readings of the action units that the truth has as well, so that both sides sum the same."""
    return readings(cases.comparable(outputs.au), cases.faces, chosen.smile_share)


def _part(seen: Readings, which: NDArray[np.bool_]) -> Readings:
    return Readings(seen.units[which], seen.level[which], seen.change[which], seen.own[which])


def _notes(cases: Cases, seen: Readings) -> tuple[str, ...]:
    notes = []
    if cases.uncoded and cases.pspi is None:
        notes.append(
            f"Nobody coded {', '.join(cases.uncoded)}: PSPI is the sum of its other action units, on both sides."
        )
    without = len(np.unique(cases.faces.identity[~seen.own]))
    if without:
        notes.append(
            f"{without} people have a face without a neutral one of their own: compared with everybody's rest."
        )
    return tuple(notes)


def _true_change(cases: Cases, chosen: Chosen) -> Floats:
    return np.asarray(cases.truth - discount(cases, chosen.smile_share), dtype=np.float32)


def _errors(cases: Cases, seen: Readings, chosen: Chosen) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n,) absolute error of the change, and (n,) whether a painless face passes for pain (NaN for others)."""
    truth = _true_change(cases, chosen)
    with np.errstate(invalid="ignore"):
        false = np.where(truth < PAINLESS_BELOW, seen.change >= FALSE_FROM, np.nan)
    return np.abs(truth - seen.change).astype(np.float64), false.astype(np.float64)


def _grouped(faces: Faces, error: NDArray[np.float64], *, seed: int, rounds: int) -> tuple[Group, ...]:
    identity = faces.identity
    counts = draws(len(np.unique(identity)), rounds=rounds, seed=seed)
    ones = np.ones(len(error))
    return tuple(
        group
        for axis, names in axes(faces).items()
        for group in compare(error, ones, names, identity, axis=axis, counts=counts)
    )


def _calibration(cases: Cases, outputs: Outputs, seen: Readings, chosen: Chosen) -> Calibration:
    truth = _true_change(cases, chosen)
    there = np.isfinite(truth)
    hurts = truth[there] >= PAIN_PSPI
    chance = 1 / (1 + np.exp(-(chosen.slope * seen.change[there] + chosen.intercept)))
    bins, ece = reliability(chance, hurts, even_weights(hurts))
    units, deviation = cases.faces.units, np.exp(outputs.deviation)
    held, width, hidden = _intervals(cases, outputs, chosen)
    return Calibration(
        units={
            name: coverage(units[:, k], seen.units[:, k], deviation[:, k])
            for k, name in enumerate(LABELS)
            if cases.coded[k]
        },
        change=_mean(within(seen.change, truth, chosen)[there]),
        pspi=_mean(held),
        pspi_hidden=_mean(held[hidden]),
        pspi_width=_mean(width[~hidden]),
        pspi_width_hidden=_mean(width[hidden]),
        reliability=bins,
        ece=ece,
        visible=_visible(cases, outputs),
    )


def _intervals(
    cases: Cases, outputs: Outputs, chosen: Chosen
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.bool_]]:
    """For some faces: whether the true level lies within the box's interval, its width, whether a part is hidden."""
    truth = _true_change(cases, chosen)
    usable = np.flatnonzero(np.isfinite(truth))
    some = usable[:: max(1, len(usable) // _MOST_SPREAD)]
    chance = 1 / (1 + np.exp(-np.clip(outputs.visible[some], -30, 30)))
    units = np.clip(outputs.au[some], 0, 5).astype(np.float32)
    deviation = np.exp(outputs.deviation[some])
    held, width = np.zeros(len(some), np.bool_), np.zeros(len(some))
    for k, face in enumerate(some):
        share = known(np.asarray(chance[k], dtype=np.float32))
        middle = level(units[k], share, chosen.smile_share)
        around = spread(units[k], deviation[k], share, chosen.smile_share)
        held[k] = middle - around.under <= truth[face] <= middle + around.over
        width[k] = around.under + around.over
    return held, width, np.asarray(cases.faces.rows["visible"][some].min(axis=1) < 0.5)


def _visible(cases: Cases, outputs: Outputs) -> dict[str, float]:
    share = cases.faces.rows["visible"]
    found = {}
    for k, region in enumerate(REGIONS):
        seen = share[:, k] >= 0.5
        found[region] = auc(outputs.visible[seen, k], outputs.visible[~seen, k])
    return found


def _mean(values: NDArray[np.bool_] | NDArray[np.float64]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
