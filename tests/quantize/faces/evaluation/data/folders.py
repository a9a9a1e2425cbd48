"""Tiny folders in the layouts of the data sets, with frames of the demonstration's rendered patient."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.demo.setup import FACE_CLIP
from quantize.faces.evaluation.data.disfa import CODED


@cache
def patient() -> NDArray[np.uint8]:
    """(height, width, 3) picture with a face in it."""
    source = cv2.VideoCapture(str(FACE_CLIP))
    _, picture = source.read()
    source.release()
    return np.asarray(picture, dtype=np.uint8)


def unbc(root: Path) -> Path:
    """Two subjects, one sequence each, two frames: a calm one and one with AU4, AU43 and PSPI 4."""
    for subject, sequence in (("042-ll042", "ll042t1aaaff"), ("043-jh043", "jh043t1aeaff")):
        folders = [root / part / subject / sequence for part in ("Images", "Frame_Labels/FACS", "Frame_Labels/PSPI")]
        for folder in folders:
            folder.mkdir(parents=True)
        for frame, codes, pspi in (("001", "", "0"), ("002", "4.0e+00 3.0e+00 0 0\n43 1 0 0\n50 1 0 0\n", "4")):
            cv2.imwrite(str(folders[0] / f"{sequence}{frame}.png"), patient())
            (folders[1] / f"{sequence}{frame}_facs.txt").write_text(codes)
            (folders[2] / f"{sequence}{frame}_facs.txt").write_text(f"   {pspi}.0000000e+00\n")
    return root


def disfa(root: Path, frames: int = 4) -> Path:
    """One subject of a few frames; AU12 rises from frame to frame."""
    labels = root / "ActionUnit_Labels" / "SN001"
    labels.mkdir(parents=True)
    for name in CODED:
        rows = [f"{k},{min(k - 1, 5) if name == 'AU12' else 0}" for k in range(1, frames + 1)]
        (labels / f"SN001_{name.lower()}.txt").write_text("\n".join(rows) + "\n")
    (root / "Videos_LeftCamera").mkdir()
    height, width = patient().shape[:2]
    path = str(root / "Videos_LeftCamera" / "LeftVideoSN001_comp.avi")
    video = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (width, height))
    for _ in range(frames):
        video.write(patient())
    video.release()
    return root


def table(root: Path, rows: str = "a.png,Ann,0,,neutral,f\na.png,Ann,3,5,,f\nb.png,Ben,,,smile,m\n") -> Path:
    """Two subjects; one row of a smile on which AU4 was not coded."""
    root.mkdir(exist_ok=True)
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(root / name), patient())
    (root / "labels.csv").write_text("file,subject,AU4,pspi,kind,sex\n" + rows)
    return root
