"""DISFA, Denver Intensity of Spontaneous Facial Action (Mavadati et al., IEEE T-AFFC 2013), as its holders unpack it.

ActionUnit_Labels/<subject>/<subject>_au<unit>.txt    rows "frame,intensity", frames counted from 1
Videos_LeftCamera/LeftVideo<subject>_comp.avi         (any folder `Video*`, any file that names the subject)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from quantize.evaluation.data import DataError, folder_of
from quantize.faces.evaluation.data.coded import Coded, Reader, intensity

NAME = "DISFA"
CODED = ("AU1", "AU2", "AU4", "AU5", "AU6", "AU9", "AU12", "AU15", "AU17", "AU20", "AU25", "AU26")

NOTES = (
    "DISFA: young adults who watch films, filmed from the front. Nobody is in pain: its figures are of action units; "
    "PSPI without AU7, AU10 and AU43 is a partial sum.",
    "Each subject's reference is the mean of their own frames on which nothing moves.",
)


def read(root: Path, every: int) -> Iterator[Coded]:
    """Every `every`-th coded frame of each subject.

    Raises:
        DataError: a folder, a file of labels or a video is missing or not readable.
    """
    labels = folder_of(root, "ActionUnit_Labels")
    subjects = sorted(path for path in labels.iterdir() if path.is_dir())
    if not subjects:
        raise DataError(f"{labels} holds no <subject> folders such as SN001")
    for subject in subjects:
        codes = {name: _codes(subject / f"{subject.name}_au{name[2:]}.txt", name) for name in CODED}
        frames = sorted(set.intersection(*(set(one) for one in codes.values())))
        yield from _frames(_video(root, subject.name), subject.name, codes, set(frames[::every]))


def _codes(path: Path, name: str) -> dict[int, float]:
    if not path.is_file():
        raise DataError(f"{path} is missing")
    codes = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip():
            continue
        frame, _, value = line.partition(",")
        where = f"{path}, line {number}"
        if not frame.strip().isdigit():
            raise DataError(f'{where}: "frame,intensity" is expected, not "{line.strip()}"')
        codes[int(frame)] = intensity(value.strip(), where, unit=name)
    return codes


def _video(root: Path, subject: str) -> Path:
    found = sorted(path for path in root.glob(f"Video*/*{subject}*") if path.is_file())
    left = [path for path in found if "Left" in path.name]
    if not found:
        raise DataError(f"no video of {subject} below {root}/Videos_LeftCamera (LeftVideo{subject}_comp.avi)")
    return (left or found)[0]


def _frames(video: Path, subject: str, codes: dict[str, dict[int, float]], wanted: set[int]) -> Iterator[Coded]:
    source = cv2.VideoCapture(str(video))
    if not source.isOpened():
        raise DataError(f"{video} cannot be read as a video")
    try:
        for frame in range(1, max(wanted, default=0) + 1):
            if not source.grab():
                raise DataError(f"{video} ends after {frame - 1} frames, its labels go to {max(wanted)}")
            if frame in wanted:
                _, picture = source.retrieve()
                grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
                yield Coded(subject, f"{video}, frame {frame}", grey, {name: one[frame] for name, one in codes.items()})
    finally:
        source.release()


READER = Reader(NAME, NOTES, read)
"""The data set."""
