"""Pairs of classes that a collapsed network confuses although its figures against neutral faces look good."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge.face.units import LABELS
from quantize.faces.kinds import Kind

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_PSPI_UNITS = ("AU4", "AU6", "AU7", "AU9", "AU10", "AU43")

STRONG, ABSENT = 3.0, 1.0
"""An action unit is strong from FACS level C, absent below A."""

PAIN_AGAINST = (
    *(Kind.NEUTRAL, Kind.SMILE, Kind.TALK, Kind.CHEW, Kind.YAWN, Kind.SLEEP, Kind.SNEEZE, Kind.SQUINT),
    *(Kind.MOUTH_BREATHING, Kind.SURPRISE, Kind.ANGER, Kind.DISGUST, Kind.SADNESS, Kind.FEAR),
)
"""What pain must not be taken for. Anger, disgust and squints truly raise PSPI: PSPI alone cannot part them."""

HARD_NEGATIVES = (
    *(Kind.SMILE, Kind.TALK, Kind.CHEW, Kind.YAWN, Kind.SLEEP, Kind.SNEEZE, Kind.SQUINT, Kind.MOUTH_BREATHING),
)
"""Everyday faces of somebody who does not hurt."""


def only(truth: Floats, name: str) -> Mask:
    """(n,) faces on which of PSPI's action units `name` is strong and every other absent; (n, 17) truth."""
    others = [LABELS.index(other) for other in _PSPI_UNITS if other != name]
    with np.errstate(invalid="ignore"):
        return np.asarray((truth[:, LABELS.index(name)] >= STRONG) & (truth[:, others] < ABSENT).all(axis=1))


def cross_pairs(
    kind: NDArray[np.str_], truth: Floats, units: Floats, change: Floats, hurts: Mask
) -> Mapping[str, tuple[Mask, Mask, Floats]]:
    """Name to (faces that should lie above, faces that should lie below, (n,) score).

    Args:
        kind: (n,) of the faces.
        truth: (n, 17) true intensities.
        units: (n, 17) read ones.
        change: (n,) read PSPI change.
        hurts: (n,) faces in pain.
    """

    def au(name: str) -> Floats:
        return units[:, LABELS.index(name)]

    def of(one: Kind) -> Mask:
        return np.asarray(kind == str(one))

    pairs: dict[str, tuple[Mask, Mask, Floats]] = {
        "only AU4 > only AU9, by AU4 - AU9": (only(truth, "AU4"), only(truth, "AU9"), au("AU4") - au("AU9")),
        "only AU4 > only AU43, by AU4 - AU43": (only(truth, "AU4"), only(truth, "AU43"), au("AU4") - au("AU43")),
        "smile > pain, by AU12": (of(Kind.SMILE), hurts, au("AU12")),
        "pain > smile, by PSPI change": (hurts, of(Kind.SMILE), change),
        "pain > sleep, by PSPI change": (hurts, of(Kind.SLEEP), change),
        "anger > surprise, by PSPI change": (of(Kind.ANGER), of(Kind.SURPRISE), change),
        "disgust > fear, by AU9|10": (of(Kind.DISGUST), of(Kind.FEAR), np.maximum(au("AU9"), au("AU10"))),
        "surprise > anger, by AU1 - AU4": (of(Kind.SURPRISE), of(Kind.ANGER), au("AU1") - au("AU4")),
        "yawn > talk, by AU26|27": (of(Kind.YAWN), of(Kind.TALK), np.maximum(au("AU26"), au("AU27"))),
    }
    return {name: pair for name, pair in pairs.items() if pair[0].any() and pair[1].any()}
