"""How well the descriptor tells people apart, as the box uses it: averaged over time, compared with a few readings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.face.follow import ALIKE, ASK_READINGS, UNLIKE
from quantize.faces.evaluation.figures import Cosines, Descriptor
from quantize.faces.evaluation.metrics import auc
from quantize.faces.evaluation.tracks import Track

Floats = NDArray[np.float32]


def descriptor(tracks: Sequence[Track], mean: Floats) -> Descriptor | None:
    """Cosines of the descriptors of tracks.

    Args:
        tracks: several films of each person, each in another light and under other things worn.
        mean: (16,) mean descriptor of the tuning people, which is taken out.

    Returns:
        None where nobody has two films, or there is one person only.
    """
    whole = [_mean(track.outputs.identity - mean) for track in tracks]
    some = [_mean((track.outputs.identity - mean)[:ASK_READINGS]) for track in tracks]
    late = [_mean((track.outputs.identity - mean)[-ASK_READINGS:]) for track in tracks]
    who = [int(track.row["identity"]) for track in tracks]
    pairs = [(k, m, who[k] == who[m]) for k in range(len(tracks)) for m in range(len(tracks)) if k != m]
    own = np.array([whole[k] @ some[m] for k, m, alike in pairs if alike], dtype=np.float32)
    others = np.array([whole[k] @ some[m] for k, m, alike in pairs if not alike], dtype=np.float32)
    if not len(own) or not len(others):
        return None
    same = np.array([one @ other for one, other in zip(whole, late, strict=True)], dtype=np.float32)
    return Descriptor(_cosines(same), _cosines(own), _cosines(others), auc(own, others))


def _mean(identity: Floats) -> Floats:
    """The mean of (n, 16) descriptors, each of length one, again of length one."""
    mean = (identity / np.maximum(np.linalg.norm(identity, axis=1, keepdims=True), 1e-6)).mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-6), dtype=np.float32)


def _cosines(values: Floats) -> Cosines:
    low, middle, high = (float(value) for value in np.percentile(values, (5, 50, 95)))
    not_unlike, alike = (float((values >= least).mean()) for least in (UNLIKE, ALIKE))
    return Cosines(len(values), low, middle, high, not_unlike, alike)
