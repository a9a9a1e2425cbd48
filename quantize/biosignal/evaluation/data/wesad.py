"""WESAD, Wearable Stress and Affect Detection (Schmidt et al., ICMI 2018), as its archive unpacks.

<subject>/<subject>.pkl    a pickled dictionary: signal -> wrist -> BVP (64 Hz), EDA (4 Hz, µS), ACC (32 Hz, 1/64 g);
                           label (700 Hz): 1 baseline, 2 stress, 3 amusement, 4 meditation, others: nothing
"""

from __future__ import annotations

import pickle  # the data set comes so; `_Numbers` lets nothing but arrays out of it
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.types import Channel
from quantize.biosignal.evaluation.data.recordings import (
    ACC_HZ,
    E4_PER_G,
    GSR_HZ,
    PPG_HZ,
    Recording,
    RecordingReader,
    Track,
    per_second,
)
from quantize.evaluation.data import DataError, folder_of

NAME = "WESAD"

NOTES = (
    "WESAD: young adults with an Empatica E4 who read, watch films, are put under social stress and meditate. Aroused "
    "is the stress test, calm are baseline, amusement and meditation; what lies between is not judged.",
)

_LABEL_HZ = 700.0
_CALM, _STRESS = (1, 3, 4), 2

_KNOWN = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}
"""What a pickled array is made of; anything else in the file is refused, as a pickle may run code."""


class _Numbers(pickle.Unpickler):
    """Reads dictionaries, text and arrays, and nothing that could run."""

    def find_class(self, module: str, name: str) -> object:
        """A part of an array.

        Raises:
            UnpicklingError: it is something else.
        """
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"{module}.{name} is no array")
        found: object = super().find_class(module, name)
        return found


def read(root: Path) -> Iterator[Recording]:
    """Each subject's recording.

    Raises:
        DataError: there are no subjects, or a file is not what the archive holds.
    """
    paths = sorted(folder_of(root).glob("S*/S*.pkl"), key=lambda path: (len(path.stem), path.stem))
    if not paths:
        raise DataError(f"{root} holds no <subject>/<subject>.pkl such as S2/S2.pkl: unpack the WESAD archive there")
    for path in paths:
        yield _recording(path)


def _recording(path: Path) -> Recording:
    stored = _stored(path)
    wrist = _part(_part(stored, "signal", path), "wrist", path)
    ppg, gsr, acc = (_array(wrist, name, path) for name in ("BVP", "EDA", "ACC"))
    codes = per_second(_array(stored, "label", path).ravel(), _LABEL_HZ)
    labels = np.where(codes == _STRESS, 1, np.where(np.isin(codes, _CALM), 0, -1)).astype(np.int64)
    tracks = {
        Channel.PPG: Track(ppg.ravel(), PPG_HZ),
        Channel.GSR_US: Track(gsr.ravel(), GSR_HZ),
        Channel.ACC_G: Track(acc.reshape(-1, 3) / E4_PER_G, ACC_HZ),
    }
    return Recording(path.stem, tracks, labels)


def _stored(path: Path) -> object:
    try:
        with path.open("rb") as file:
            found: object = _Numbers(file, encoding="latin1").load()
    except (pickle.UnpicklingError, EOFError, ValueError, IndexError, KeyError, AttributeError) as error:
        raise DataError(f"{path} is no pickled recording of WESAD: {error}") from error
    return found


def _part(of: object, name: str, path: Path) -> object:
    if not isinstance(of, dict) or name not in of:
        raise DataError(f'{path} has no "{name}" where WESAD has it')
    found: object = of[name]
    return found


def _array(of: object, name: str, path: Path) -> NDArray[np.float64]:
    part = _part(of, name, path)
    if not isinstance(part, np.ndarray):
        raise DataError(f'{path}: "{name}" is no array')
    return part.astype(np.float64)


READER = RecordingReader(NAME, NOTES, read)
"""The data set."""
