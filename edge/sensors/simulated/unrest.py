"""What moves pulse and skin of somebody who is at rest and not in pain: vessels, breath, a turned hand, a cough.

Without it every rise of the heart rate would be pain, and any box would look good. The sizes are set so that changes
over seconds to minutes are as large as those of the calmer of the 35 wrists of Stress-Predict in their hours of rest
(docs/scenes.md has both side by side): whoever lies in bed moves less than people on a chair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.sensors.simulated.course import GRID_HZ, Course, wander

Signal = NDArray[np.float64]

STIRS_PER_HOUR = 10.0
"""How often something stirs the patient for moments: a sigh, a cough, a noise, a thought. Chosen."""

STIR_S = (3.0, 20.0)
"""How long, seconds."""

SETTLES_S = 120.0
"""Time in which a band that was pressed or loosened by a turned hand is back where it was. Chosen."""

TURNS_PER_HOUR = 12.0
"""How often the hand is turned or the band shifts a little."""


@dataclass(frozen=True, slots=True, eq=False)
class Unrest:
    """A resting body's own ups and downs, at `GRID_HZ`.

    Attributes:
        stir: (n,) 0..about 2, how much something stirs the patient.
        heart_bpm: (n,) slow changes of the heart rate.
        pulse: (n,) natural logarithm of a factor on the pulse's height.
        skin: (n,) natural logarithm of a factor on the conductance.
    """

    stir: Signal
    heart_bpm: Signal
    pulse: Signal
    skin: Signal


def unrest(course: Course) -> Unrest:
    """Draw them: a pure function of the course's seed and length."""
    rng = np.random.default_rng([course.seed, 311])
    size = course.size
    lively = float(rng.lognormal(0.0, 0.3))
    stir = np.zeros(size)
    for at, _ in _moments(STIRS_PER_HOUR, course, rng):
        last = at + round(float(rng.uniform(*STIR_S)) * GRID_HZ)
        stir[at:last] = np.maximum(stir[at:last], lively * float(rng.lognormal(-0.3, 0.6)))
    turned, pressed = np.zeros(size), np.zeros(size)
    for at, since_s in _moments(TURNS_PER_HOUR, course, rng):
        back = np.exp(-since_s / SETTLES_S)
        turned[at:] += float(rng.normal(0.0, 0.35)) * back
        pressed[at:] += float(rng.normal(0.0, 0.1)) * back
    heart_bpm = lively * (2.5 * wander(size, 90.0, rng) + 1.5 * wander(size, 30.0, rng))
    pulse = turned + 0.1 * wander(size, 300.0, rng) + lively * 0.15 * wander(size, 25.0, rng)
    skin = pressed + 0.08 * wander(size, 600.0, rng) + 0.03 * wander(size, 30.0, rng)
    return Unrest(np.minimum(stir, 2.5), heart_bpm, pulse, skin)


def _moments(per_hour: float, course: Course, rng: np.random.Generator) -> list[tuple[int, Signal]]:
    """Places of a Poisson process, each with the seconds since then to the course's end."""
    count = int(rng.poisson(per_hour * course.scene.duration_s / 3600.0))
    places = np.sort(rng.integers(0, course.size, count)).tolist()
    return [(at, np.arange(course.size - at) / GRID_HZ) for at in places]
