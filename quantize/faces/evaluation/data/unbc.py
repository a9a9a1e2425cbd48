"""UNBC-McMaster Shoulder Pain Expression Archive (Lucey et al., FG 2011), as its holders unpack it.

    Images/<subject>/<sequence>/<frame>.png
    Frame_Labels/FACS/<subject>/<sequence>/<frame>_facs.txt    rows "unit intensity onset offset"; empty: nothing moves
    Frame_Labels/PSPI/<subject>/<sequence>/<frame>_facs.txt    one number

Coded are AU 4, 6, 7, 9, 10, 12, 20, 25, 26, 27 and 43; all with intensities 1 to 5, AU43 as there or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from quantize.evaluation.data import DataError, folder_of
from quantize.faces.evaluation.data.coded import Coded, Reader, intensity, read_grey

NAME = "UNBC-McMaster Shoulder Pain Expression Archive"
CODED = ("AU4", "AU6", "AU7", "AU9", "AU10", "AU12", "AU20", "AU25", "AU26", "AU27", "AU43")

NOTES = (
    "UNBC-McMaster: adults with shoulder pain who move the arm, filmed from the front in good light; their faces are "
    "not those of dying or demented people.",
    "Action units by certified coders, PSPI as the archive states it; each subject's reference is the mean of their "
    "own frames on which nothing moves.",
)

_SUFFIXES = (".png", ".jpg", ".jpeg")


def read(root: Path, every: int) -> Iterator[Coded]:
    """Every `every`-th coded frame of each sequence.

    Raises:
        DataError: a folder or picture is missing, or a file of labels is not readable.
    """
    images, codes = folder_of(root, "Images"), folder_of(root, "Frame_Labels", "FACS")
    scores = folder_of(root, "Frame_Labels", "PSPI")
    sequences = sorted(path for path in codes.glob("*/*") if path.is_dir())
    if not sequences:
        raise DataError(f"{codes} holds no <subject>/<sequence> folders")
    for sequence in sequences:
        below = sequence.relative_to(codes)
        for labels in sorted(sequence.glob("*_facs.txt"))[::every]:
            frame = labels.name.removesuffix("_facs.txt")
            picture = _picture(images / below, frame)
            pspi = _pspi(scores / below / labels.name)
            yield Coded(below.parts[0], str(picture), read_grey(picture), _units(labels), pspi)


def _picture(folder: Path, frame: str) -> Path:
    for suffix in _SUFFIXES:
        if (folder / (frame + suffix)).is_file():
            return folder / (frame + suffix)
    raise DataError(f"{folder / frame}.png is missing, although it has labels")


def _units(path: Path) -> dict[str, float]:
    units = dict.fromkeys(CODED, 0.0)
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip():
            continue
        words = line.split()
        where = f"{path}, line {number}"
        if len(words) < 2:
            raise DataError(f'{where}: "unit intensity onset offset" is expected, not "{line.strip()}"')
        try:
            name = f"AU{int(float(words[0]))}"
        except ValueError:
            raise DataError(f'{where}: "{words[0]}" is no action unit') from None
        if name in units:
            units[name] = max(units[name], intensity(words[1], where, unit=name))
    return units


def _pspi(path: Path) -> float:
    if not path.is_file():
        raise DataError(f"{path} is missing, although the frame has FACS labels")
    try:
        return float(path.read_text())
    except ValueError:
        raise DataError(f"{path} holds no single number") from None


READER = Reader(NAME, NOTES, read)
"""The archive."""
