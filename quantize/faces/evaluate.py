"""What the network can do on people it never saw, float and int8 side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.face.units import INTENSITY_MAX, LABELS, pspi, smile_discount
from quantize.faces.collection import Faces
from quantize.faces.kinds import Kind

Floats = NDArray[np.float32]

PAIN_PSPI = 4.0
"""PSPI from which a face counts as in pain, for AUC and calibration."""

PAIN_KINDS = (Kind.PAIN, Kind.PARTIAL_PAIN)
"""Expressions that were drawn as pain."""

_PSPI_UNITS = ("AU4", "AU6", "AU7", "AU9", "AU10", "AU43")


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Predictions for faces, with each face's own resting level.

    Attributes:
        units: (n, 9) predicted intensities, 0..5.
        level: (n,) predicted PSPI, a smile's share taken out.
        change: (n,) `level` minus the mean level of the same identity's neutral faces (without the face itself).
    """

    units: Floats
    level: Floats
    change: Floats


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of one network on one set of faces.

    Attributes:
        r, error: Pearson correlation and mean absolute error of each action unit.
        pspi_r, pspi_error: the same for PSPI.
        change_r, change_error: the same for the change of PSPI against the person's own rest.
        rank, true_rank: effective rank of the predictions and of the truth (at most 9).
        pain_auc: pain (true PSPI >= 4) against calm kinds (neutral, talk, sleep, yawn), by change.
        smile_auc: pain against smiles, by change.
        smile_auc_plain: the same without the smile discount.
        sleep_over: share of sleeping faces whose change passes half of `PAIN_PSPI`.
        only_4, only_9: mean (AU4, AU9) predictions where only AU4, or only AU9, is truly strong.
        by_kind: mean change of each kind.
    """

    r: dict[str, float]
    error: dict[str, float]
    pspi_r: float
    pspi_error: float
    change_r: float
    change_error: float
    rank: float
    true_rank: float
    pain_auc: float
    smile_auc: float
    smile_auc_plain: float
    sleep_over: float
    only_4: tuple[float, float]
    only_9: tuple[float, float]
    by_kind: dict[str, float]


def auc(positive: Floats, negative: Floats) -> float:
    """Chance that a positive lies above a negative (area under the ROC curve; ties count half)."""
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left")
    equal = np.searchsorted(ordered, positive, "right") - below
    return float((below + 0.5 * equal).mean() / max(len(negative), 1))


def effective_rank(values: Floats) -> float:
    """Exponential of the entropy of the eigenvalues of the correlation matrix (Roy & Vetterli 2007).

    It is the number of columns when they are independent, 1 when they all say the same: a network whose hidden units
    have died shows here before it shows in its errors.
    """
    spread = values.std(axis=0)
    alive = values[:, spread > 1e-6]
    if alive.shape[1] < 2:
        return float(alive.shape[1])
    eigenvalues = np.clip(np.linalg.eigvalsh(np.corrcoef(alive.T)), 1e-12, None)
    share = eigenvalues / eigenvalues.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def read(predict: Callable[[Faces], Floats], faces: Faces, smile_share: float) -> Readings:
    """Predictions clipped to 0..5, and each face's change against the same identity's neutral faces."""
    return readings(predict(faces), faces, smile_share)


def readings(raw: Floats, faces: Faces, smile_share: float) -> Readings:
    """As `read`, from raw (n, 9) predictions."""
    units = np.clip(raw, 0, INTENSITY_MAX).astype(np.float32)
    level = pspi(units) - smile_discount(units, smile_share)
    change = np.empty_like(level)
    neutral = faces.kind == str(Kind.NEUTRAL)
    for identity in np.unique(faces.identity):
        own = np.flatnonzero(faces.identity == identity)
        rest = own[neutral[own]]
        for k in own:
            others = rest[rest != k]
            change[k] = level[k] - level[others].mean()
    return Readings(units, level.astype(np.float32), change.astype(np.float32))


def true_change(faces: Faces, smile_share: float) -> Floats:
    """True PSPI with a smile's share taken out: what `Readings.change` should be (true rest is 0)."""
    return np.asarray(pspi(faces.units) - smile_discount(faces.units, smile_share), dtype=np.float32)


def groups(faces: Faces) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Which faces are in pain (drawn so, true PSPI >= 4), which smile, and which are calm otherwise."""
    hurts = np.isin(faces.kind, [str(kind) for kind in PAIN_KINDS]) & (pspi(faces.units) >= PAIN_PSPI)
    smiles = faces.kind == str(Kind.SMILE)
    calm = np.isin(faces.kind, [str(kind) for kind in (Kind.NEUTRAL, Kind.TALK, Kind.SLEEP, Kind.YAWN)])
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


def _only(units: Floats, faces: Faces, name: str) -> tuple[float, float]:
    """Mean predicted AU4 and AU9 where `name` is at least 3 and every other unit of PSPI below 1."""
    column = LABELS.index(name)
    others = [LABELS.index(other) for other in _PSPI_UNITS if other != name]
    chosen = (faces.units[:, column] >= 3) & (faces.units[:, others].max(axis=1) < 1)
    if not chosen.any():
        return (float("nan"), float("nan"))
    return (
        float(units[chosen, LABELS.index("AU4")].mean()),
        float(units[chosen, LABELS.index("AU9")].mean()),
    )


def _r(truth: Floats, guess: Floats) -> float:
    return float(np.corrcoef(truth, guess)[0, 1])


def measure(raw: Floats, faces: Faces, smile_share: float) -> Scores:
    """All figures of raw (n, 9) predictions on faces."""
    seen = readings(raw, faces, smile_share)
    plain = readings(raw, faces, 0.0)
    truth = pspi(faces.units)
    change = true_change(faces, smile_share)
    guess = pspi(seen.units)
    hurts, smiles, calm = groups(faces)
    sleeping = faces.kind == str(Kind.SLEEP)
    return Scores(
        r={name: _r(faces.units[:, k], seen.units[:, k]) for k, name in enumerate(LABELS)},
        error={name: float(np.abs(faces.units[:, k] - seen.units[:, k]).mean()) for k, name in enumerate(LABELS)},
        pspi_r=_r(truth, guess),
        pspi_error=float(np.abs(truth - guess).mean()),
        change_r=_r(change, seen.change),
        change_error=float(np.abs(change - seen.change).mean()),
        rank=effective_rank(seen.units),
        true_rank=effective_rank(faces.units),
        pain_auc=auc(seen.change[hurts], seen.change[calm]),
        smile_auc=auc(seen.change[hurts], seen.change[smiles]),
        smile_auc_plain=auc(plain.change[hurts], plain.change[smiles]),
        sleep_over=float((seen.change[sleeping] > PAIN_PSPI / 2).mean()),
        only_4=_only(seen.units, faces, "AU4"),
        only_9=_only(seen.units, faces, "AU9"),
        by_kind={
            str(kind): float(seen.change[faces.kind == str(kind)].mean()) for kind in Kind if str(kind) in faces.kind
        },
    )


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
