"""From the network's outputs to what the box makes of them: level, change against rest, and the choices of tuning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.face.align import normalise
from edge.face.units import INTENSITY_MAX, pspi, smile_discount
from edge.inference import Interpreter
from quantize.faces.collection import Faces
from quantize.faces.evaluation.metrics import auc
from quantize.faces.heads import HEADS, Outputs
from quantize.faces.kinds import Kind

Floats = NDArray[np.float32]

PAIN_PSPI = 4.0
"""PSPI from which a face counts as in pain, for AUC and calibration."""

PAIN_KINDS = (Kind.PAIN, Kind.PARTIAL_PAIN)
"""Expressions that were drawn as pain."""

CALM_KINDS = (Kind.NEUTRAL, Kind.TALK, Kind.SLEEP, Kind.YAWN)
"""Expressions of people who do not hurt, smiles left out: they have figures of their own."""

RESIDUAL_AT = (0.0, 1.0, 2.5, 5.0, 8.0)
"""Changes at which the 90 % interval is stated; between them it is interpolated."""

_FEWEST = 20
"""Readings that a 5th and a 95th percentile need: one on either side."""

FEWEST_NEAR = 40
"""With fewer faces near a change than this its percentiles would rest on two of them: all faces are taken instead."""


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Predictions for faces, with each face's own resting level.

    Attributes:
        units: (n, 17) predicted intensities, 0..5.
        level: (n,) predicted PSPI, a smile's share taken out.
        change: (n,) `level` minus the mean level of the same identity's neutral faces (without the face itself); where
            there are none, minus the mean over all people's.
        own: (n,) whether there was a reference of the same identity.
    """

    units: Floats
    level: Floats
    change: Floats
    own: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the tuning identities decide, beside the weights of the network.

    Attributes:
        smile_share: how much of a smile is taken out of PSPI.
        tried: each share tried, with AUC of pain against smiles and against calm.
        rest: 5th, 50th and 95th percentile of the level of neutral faces.
        residual_low, residual_high: 5th and 95th percentile of true minus read change around each of `RESIDUAL_AT`.
        slope, intercept: log-odds of pain from change, both classes weighing the same.
    """

    smile_share: float
    tried: dict[float, tuple[float, float]]
    rest: tuple[float, float, float]
    residual_low: tuple[float, ...]
    residual_high: tuple[float, ...]
    slope: float
    intercept: float


def read_outputs(network: Interpreter, faces: Faces) -> Outputs:
    """What the exported network says of the crops, exactly as the box would compute it.

    Raises:
        ValueError: the network has other outputs than `HEADS`.
    """
    if [spec.name for spec in network.model.outputs] != list(HEADS):
        raise ValueError(f"{network.model.path}: its outputs are not {', '.join(HEADS)}")
    answers = [network.run(normalise(crop)) for crop in faces.crops]
    columns = [np.concatenate(column) for column in zip(*answers, strict=True)]
    return Outputs(*columns) if columns else Outputs(*(np.zeros((0, width), np.float32) for width in HEADS.values()))


def readings(raw: Floats, faces: Faces, smile_share: float) -> Readings:
    """Clip raw (n, 17) intensities, and compare each face with the same identity's neutral faces."""
    units = np.clip(raw, 0, INTENSITY_MAX).astype(np.float32)
    level = np.asarray(pspi(units) - smile_discount(units, smile_share), dtype=np.float32)
    neutral = faces.kind == str(Kind.NEUTRAL)
    _, who = np.unique(faces.identity, return_inverse=True)
    people = int(who.max()) + 1 if len(who) else 0
    total = np.bincount(who[neutral], level[neutral], people)[who] - np.where(neutral, level, 0)
    count = np.bincount(who[neutral], minlength=people)[who] - neutral
    everybody = float(level[neutral].mean()) if neutral.any() else 0.0
    rest = np.where(count > 0, total / np.maximum(count, 1), everybody)
    return Readings(units, level, np.asarray(level - rest, dtype=np.float32), count > 0)


def true_change(faces: Faces, smile_share: float) -> Floats:
    """True PSPI with a smile's share taken out: what `Readings.change` should be (true rest is 0)."""
    return np.asarray(pspi(faces.units) - smile_discount(faces.units, smile_share), dtype=np.float32)


def groups(faces: Faces) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Which faces are in pain (drawn so, true PSPI >= 4), which smile, and which are calm otherwise."""
    hurts = np.isin(faces.kind, [str(kind) for kind in PAIN_KINDS]) & (pspi(faces.units) >= PAIN_PSPI)
    smiles = faces.kind == str(Kind.SMILE)
    calm = np.isin(faces.kind, [str(kind) for kind in CALM_KINDS])
    return hurts, smiles, calm


def choose_smile_share(raw: Floats, faces: Faces) -> tuple[float, dict[float, tuple[float, float]]]:
    """The share of a smile to take out: the one that tells pain best from smiles and from calm together.

    Returns:
        The share, and for each share tried (AUC pain against smiles, AUC pain against calm).
    """
    hurts, smiles, calm = groups(faces)
    tried: dict[float, tuple[float, float]] = {}
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        change = readings(raw, faces, share).change
        tried[share] = (auc(change[hurts], change[smiles]), auc(change[hurts], change[calm]))
    return max(tried, key=lambda share: sum(tried[share])), tried


def choose(raw: Floats, tune: Faces) -> Chosen:
    """Everything that is chosen on the tuning identities, from raw (n, 17) intensities of the int8 network."""
    share, tried = choose_smile_share(raw, tune)
    seen, truth = readings(raw, tune, share), true_change(tune, share)
    low, median, high = (
        float(value) for value in np.quantile(seen.level[tune.kind == str(Kind.NEUTRAL)], [0.05, 0.5, 0.95])
    )
    under, over = residuals(seen.change, truth)
    slope, intercept = logistic(seen.change, truth >= PAIN_PSPI)
    return Chosen(share, tried, (low, median, high), under, over, slope, intercept)


def residuals(change: Floats, truth: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """5th and 95th percentile of true minus read change, around each of `RESIDUAL_AT`."""
    low, high = [], []
    for at in RESIDUAL_AT:
        distance = np.abs(change - at)
        # A network trained for a minute may read no such change at all: then the readings nearest to it.
        near = distance <= max(0.4 + 0.2 * at, float(np.sort(distance)[:_FEWEST][-1]))
        if near.sum() < FEWEST_NEAR:
            near = np.ones_like(near)
        under, over = np.quantile(truth[near] - change[near], [0.05, 0.95])
        low.append(float(under))
        high.append(float(over))
    return tuple(low), tuple(high)


def within(change: Floats, truth: Floats, chosen: Chosen) -> NDArray[np.bool_]:
    """(n,) whether each true change lies within the interval that the table of residuals states."""
    under, over = (np.interp(change, RESIDUAL_AT, table) for table in (chosen.residual_low, chosen.residual_high))
    off = truth - change
    return np.asarray((off >= under) & (off <= over))


def logistic(change: Floats, hurts: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and intercept of log-odds of pain from change, both classes weighing the same (Newton's method).

    The weights make the prior even: how often people hurt is not something that rendered faces can say.
    """
    x = np.stack([change.astype(np.float64), np.ones(len(change))], axis=1)
    y = hurts.astype(np.float64)
    weight = np.where(hurts, 0.5 / max(hurts.sum(), 1), 0.5 / max((~hurts).sum(), 1)) * len(change)
    beta = np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (weight * (y - p)) - 1e-3 * beta
        curvature = (x * (weight * p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        beta += step
        if np.abs(step).max() < 1e-9:
            break
    return float(beta[0]), float(beta[1])
