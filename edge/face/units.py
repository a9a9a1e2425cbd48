"""Facial action units (AUs) and the pain score made of them.

AUs are the movements of the Facial Action Coding System (Ekman, Friesen & Hager 2002), here with an intensity from 0
to 5. PSPI is the Prkachin and Solomon Pain Intensity: AU4 + max(AU6, AU7) + max(AU9, AU10) + AU43, with AU43 (eyes
closed) counted 0 or 1 (Prkachin & Solomon, Pain 2008;139:267-274), so it runs from 0 to 16.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

LABELS = (
    *("AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU9", "AU10", "AU12", "AU15", "AU17", "AU20", "AU24", "AU25"),
    *("AU26", "AU27", "AU43"),
)
"""The action units of the network's output, in its order: inner and outer brow raiser, brow lowerer, upper lid raiser,
cheek raiser, lid tightener, nose wrinkler, upper lip raiser, lip corner puller (smile), lip corner depressor, chin
raiser, lip stretcher, lip pressor, lips part, jaw drop, mouth stretch, eyes closed."""

REGIONS = ("brows", "left_eye", "right_eye", "nose", "mouth")
"""Parts of a face whose visibility the network tells (the person's own left and right)."""

_EYES, _MOUTH = ("left_eye", "right_eye"), ("mouth",)

REGIONS_OF: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("AU1", "AU2", "AU4"), ("brows",)),
    **dict.fromkeys(("AU5", "AU6", "AU7", "AU43"), _EYES),
    "AU9": ("nose",),
    "AU10": ("nose", "mouth"),
    **dict.fromkeys(("AU12", "AU15", "AU17", "AU20", "AU24", "AU25", "AU26", "AU27"), _MOUTH),
}
"""Where each action unit is seen: one of these regions is enough, as one eye or one side shows what both do."""

INTENSITY_MAX = 5.0
"""Highest intensity of an action unit (FACS level E)."""

CLOSED_FROM = 2.5
"""AU43 intensity from which the eyes count as closed: the middle of its scale."""

_AU4, _AU6, _AU7, _AU9, _AU10, _AU12, _AU43 = (
    LABELS.index(name) for name in ("AU4", "AU6", "AU7", "AU9", "AU10", "AU12", "AU43")
)


def eyes_closed(units: NDArray[np.float32]) -> NDArray[np.float32]:
    """AU43 as PSPI counts it, 0 or 1, from (..., len(LABELS)) intensities."""
    return np.asarray(units[..., _AU43] >= CLOSED_FROM, dtype=np.float32)


def pspi(units: NDArray[np.float32]) -> NDArray[np.float32]:
    """PSPI (Prkachin & Solomon 2008) of (..., len(LABELS)) intensities in the order of `LABELS`: (...), 0..16."""
    orbit = np.maximum(units[..., _AU6], units[..., _AU7])
    levator = np.maximum(units[..., _AU9], units[..., _AU10])
    total = units[..., _AU4] + orbit + levator + eyes_closed(units)
    return np.asarray(total, dtype=np.float32)


def smile_discount(units: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """What a smile adds to PSPI without any pain, PSPI units, from (..., len(LABELS)) intensities: (...).

    A felt smile raises the cheeks (AU6), and a wide one lifts the upper lip, which looks like AU10; PSPI counts both.
    The part of either that the lip corners explain is taken out, unless the brow is lowered or the nose wrinkled as
    well (those do not belong to a smile):
    `share` x (min(orbit, AU12) + min(levator, AU12)) x (1 - max(AU4, AU9) / 5).

    Args:
        units: intensities in the order of `LABELS`.
        share: how much of it to take out, 0..1, chosen on held-out faces (in the bundle).
    """
    orbit = np.maximum(units[..., _AU6], units[..., _AU7])
    levator = np.maximum(units[..., _AU9], units[..., _AU10])
    corners = units[..., _AU12]
    against = np.maximum(units[..., _AU4], units[..., _AU9]) / INTENSITY_MAX
    explained = np.minimum(orbit, corners) + np.minimum(levator, corners)
    return np.asarray(share * explained * (1.0 - against), dtype=np.float32)


def pspi_of(units: Sequence[float]) -> float:
    """`pspi` of one face in plain numbers: ten times as fast as on an array of 17."""
    orbit, levator = max(units[_AU6], units[_AU7]), max(units[_AU9], units[_AU10])
    return units[_AU4] + orbit + levator + (units[_AU43] >= CLOSED_FROM)


def smile_discount_of(units: Sequence[float], share: float) -> float:
    """`smile_discount` of one face in plain numbers."""
    orbit, levator, corners = max(units[_AU6], units[_AU7]), max(units[_AU9], units[_AU10]), units[_AU12]
    against = max(units[_AU4], units[_AU9]) / INTENSITY_MAX
    return share * (min(orbit, corners) + min(levator, corners)) * (1.0 - against)
