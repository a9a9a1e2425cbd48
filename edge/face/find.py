"""What the estimator knows of the face's place: where it is now, or why there is none to judge.

A finder looks for faces now and then; in between the action unit network says how the face has moved in its crop, and
the finder follows. It keeps boxes and a few numbers between frames, never a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.face.align import FaceBox
from edge.types import Absence

STAYS_S = 10 * 60
"""A face that was called another's, but lies alone at the patient's place for so long, is taken for the patient's after
all (chosen: no visitor lies there for ten minutes). After so long without the patient's face the reference is kept only
where the descriptor is alike."""

LONG_ABSENCE_S = 30 * 60
"""After so long without any face the patient may be another one. Chosen: longer than washing, shorter than changing a
bed between two patients."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where the face is, and how sure that is.

    Attributes:
        box: in pixels of the frame.
        seen_ns: when a network last confirmed it; older than the frame where the face is missed for a moment.
        stability: 0..1, share of the last pictures in which one did.
        fresh: the box comes from the detector just now, not from following.
        doubt: None for the patient's face. Otherwise the crop may be read, so that `follow` learns what it shows, and
            nothing more: the frame's outcome is this absence.
    """

    box: FaceBox
    seen_ns: int
    stability: float
    fresh: bool
    doubt: Absence | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the action unit network says of the place of the face in the crop that it was given.

    Attributes:
        right, down: where the face's centre lies against the box's, in sides of the box along the crop's own axes.
        log_size: natural logarithm of the face's side over the box's.
        roll_deg: how much further the face is turned than the box, degrees clockwise.
        face: 0..1, probability that the crop shows a face at all.
        visible: (5,) 0..1, probabilities that at least half of brows, left eye, right eye, nose and mouth is uncovered.
        identity: (16,) descriptor whose cosine similarity is high for the same person; it lives in memory only.
    """

    right: float
    down: float
    log_size: float
    roll_deg: float
    face: float
    visible: NDArray[np.float32]
    identity: NDArray[np.float32]


class Finder(Protocol):
    """Finds and follows one patient's face through the frames of one camera."""

    def find(self, pixels: NDArray[np.uint8], now_ns: int) -> Sighting | Absence:
        """Where the patient's face is in a frame.

        Args:
            pixels: (height, width) uint8 luminance.
            now_ns: when the picture was taken.

        Returns:
            The face; or why there is none that may be judged: NO_FACE, FACE_TURNED, FACE_COVERED, TWO_FACES or
            OTHER_FACE.
        """
        ...

    def follow(self, reading: Reading, now_ns: int) -> None:
        """Take what the action unit network said of the crop of the last sighting.

        Args:
            reading: offsets against the box of that sighting.
            now_ns: when the picture was taken.
        """
        ...

    def ease(self, stretch: float, threads: int) -> None:
        """Look `stretch` times rarer where it is looked at intervals, with so many inference threads."""
        ...

    def forget(self) -> None:
        """Somebody else lies in the bed now: the next face that stays is the patient's."""
        ...
