"""What a network like the box's would read of the simulated face: true action units, then its errors.

The errors follow the model card of `face_au` (models/cards/face_au.md, faces seen well): each unit is read with a slope
below 1 and a residual whose size gives the card's mean absolute error. How that residual divides into the person's own
bias, slow changes (light, pose) and frame-to-frame noise is not measured; it is chosen, and docs/scenes.md says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.sensors.simulated.course import GRID_HZ, Course, Floats, lagged, wander
from edge.sensors.simulated.expressions import UNITS, truth

CARD: dict[str, tuple[float, float]] = {
    "AU1": (0.53, 0.28),
    "AU2": (0.30, 0.23),
    "AU4": (0.60, 0.57),
    "AU5": (0.16, 0.14),
    "AU6": (0.59, 0.58),
    "AU7": (0.39, 0.66),
    "AU9": (0.58, 0.37),
    "AU10": (0.56, 0.35),
    "AU12": (0.72, 0.30),
    "AU15": (0.10, 0.18),
    "AU17": (0.08, 0.18),
    "AU20": (0.20, 0.29),
    "AU24": (0.07, 0.10),
    "AU25": (0.75, 0.52),
    "AU26": (0.58, 0.41),
    "AU27": (0.55, 0.17),
    "AU43": (0.75, 0.61),
}
"""Slope of the reading over the truth, and mean absolute error. The error is the card's. The slope is r x (spread of
the readings / spread of the truth), that ratio solved from the card's ICC(3,1) and r; where ICC is far below r the
network hardly moves."""

REST_SHARE = 0.35
"""A face at rest is misread by less: the card's neutral faces rise 0.24 on average and its resting PSPI spans 0 to 1.9
(5th to 95th percentile), which this share reproduces."""

SHARES = {"person": 0.45, "slow": 0.4, "frame": 0.15}
"""How the variance of the residual divides. Chosen: errors of one face in one light are alike from frame to frame."""

SLOW_S = 25.0
"""Seconds over which the slow part changes."""

TOGETHER, SCALE = 0.6, 1.8
"""Correlation of the residuals of two units of one face (a shadow falls on all of it), and a factor on all of them.
Both are set so that PSPI as a whole agrees with the truth as in the card (r 0.80): unit by unit, with independent
errors, r would be 0.93. Over 60 simulated people r is 0.82, the mean error 1.7, resting PSPI 0.5 to 1.6."""

_PER_MAE = 1.2533
"""Standard deviation of a normal error over its mean absolute value: sqrt(pi / 2)."""


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What is read at every moment of `GRID_HZ`.

    Attributes:
        truth: (n, 17) true intensities.
        units: (n, 17) as read.
        deviation: (17,) what the network says of its own errors.
        visible: (n, 5) of brows, left eye, right eye, nose, mouth.
        trust: (n,) of the picture.
    """

    truth: Floats
    units: Floats
    deviation: Floats
    visible: Floats
    trust: Floats


def readings(course: Course) -> Readings:
    """Read the whole life of a face."""
    true = truth(course)
    rng = np.random.default_rng([course.seed, 202])
    slope = np.array([CARD[name][0] for name in UNITS], np.float32)
    spread = np.array([CARD[name][1] for name in UNITS], np.float32) * np.float32(_PER_MAE)
    size = course.size
    bias = np.abs(_alike(rng.standard_normal((1, len(UNITS))), rng.standard_normal((1, 1))))
    slow = _alike(np.stack([wander(size, SLOW_S, rng) for _ in UNITS], axis=1), wander(size, SLOW_S, rng)[:, None])
    frame = _alike(rng.standard_normal((size, len(UNITS))), rng.standard_normal((size, 1)))
    parts = {"person": bias, "slow": slow, "frame": frame}
    residual = sum((np.float32(SHARES[name] ** 0.5) * part for name, part in parts.items()), np.float32(0.0))
    strength = (REST_SHARE + (1.0 - REST_SHARE) * np.clip(true / 2.0, 0.0, 1.0)).astype(np.float32)
    units = np.clip(slope * true + strength * np.float32(SCALE) * spread * residual, 0.0, 5.0).astype(np.float32)
    return Readings(true, units, spread, _visible(course, rng), _trust(course, rng))


def _alike(own: NDArray[np.float64], common: NDArray[np.float64]) -> Floats:
    return np.asarray(np.sqrt(1 - TOGETHER) * own + np.sqrt(TOGETHER) * common, dtype=np.float32)


def _visible(course: Course, rng: np.random.Generator) -> Floats:
    """Sure of what is free, less sure of what is hidden."""
    visible = np.full((course.size, 5), 0.96, np.float32)
    visible[course.failing("mask"), 3:] = 0.08
    visible[course.failing("face_covered")] = 0.06
    hand = lagged(course.doing("care").astype(np.float32), 0.2, 0.2, 0.0) > 0.5
    passing = hand & (wander(course.size, 4.0, rng) > 1.2)  # the nurse's arm before the face, now and then
    visible[passing] = 0.1
    return np.clip(visible + 0.02 * rng.standard_normal(visible.shape), 0.0, 1.0).astype(np.float32)


def _trust(course: Course, rng: np.random.Generator) -> Floats:
    trust = 0.85 + 0.06 * wander(course.size, 60.0, rng)
    trust = trust - 0.25 * course.doing("delirium")  # a restless head is blurred
    return np.clip(trust, 0.05, 1.0).astype(np.float32)


def turned(course: Course, seed: int) -> NDArray[np.bool_]:
    """(n,) where the head is turned away: as a fault, and for moments while somebody is cared for or restless."""
    rng = np.random.default_rng([seed, 203])
    away = (wander(course.size, 6.0, rng) > 1.6) & course.doing("care", "delirium", "visitor", "grandchild")
    return np.asarray(away | course.failing("face_turned"))


RATE_HZ = GRID_HZ
"""Readings per second."""
