"""Made-up lives: episodes of pain that a face, a pulse and a skin follow, each as well as it is told to."""

from __future__ import annotations

import numpy as np

from edge.types import Modality
from quantize.fusion.lives import Floats, Life

SECONDS = 3600


def life(seed: int, *, face: float = 3.0, band: float = 1.0) -> Life:
    """An hour with six episodes.

    Args:
        seed: of the noise.
        face: rise of the face's evidence in pain, in standard deviations of its noise.
        band: the same of pulse, skin and heart rate.
    """
    rng = np.random.default_rng(seed)
    pain = np.zeros(SECONDS)
    for start in range(300, SECONDS - 200, 550):
        pain[start : start + 90] = 8.0
    hurts = np.convolve(pain > 0, np.ones(3), "full")[:SECONDS] > 2.5
    figures: dict[str, Floats] = {
        "face.change_6s": face * hurts + smooth(rng),
        "face.quality": np.full(SECONDS, 0.9),
        "face.value": face * hurts + smooth(rng),
    }
    for modality in (Modality.PPG, Modality.GSR, Modality.HEART_RATE):
        figures[f"{modality}.value"] = 1.0 / (1.0 + np.exp(-(band * hurts + smooth(rng))))
        figures[f"{modality}.quality"] = np.full(SECONDS, 0.9)
    return Life(f"made_up-{seed}", pain, figures)


def smooth(rng: np.random.Generator) -> Floats:
    """(SECONDS,) noise of unit variance that changes over some seconds."""
    noise = np.convolve(rng.standard_normal(SECONDS + 8), np.ones(9) / 3.0, "valid")
    return np.asarray(noise)
