"""One face from frame to frame: where its box is, how it is moved on, and when two boxes are of one head."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.face.align import FaceBox
from edge.face.find import Reading
from edge.face.scan import Candidate

CONFIRM_SCANS = 3
"""A new face counts once it was found this often in a row, 0.3 s at 10 fps: a crease that looks like a face does not
stay one while the picture's noise changes."""

SURE = 0.5
"""Probability of a face in the crop from which a reading counts: even odds."""

NEAR = 0.6
"""A candidate this near to a track, in sides of the larger box, may be the same head: heads move less than a third of
their width in 0.1 s (measured on the real clips), and two heads cannot be nearer than one width."""

ALIKE_SIZE = 0.45
"""Natural logarithm of the ratio of sides up to which two boxes may be of one head at one place (a factor of 1.6)."""

SURE_AT_FIRST = 0.9
"""A new face is judged once its first readings (`REFUTE_READINGS`) show one with this mean probability. In painted
rooms of clutter this halves what is judged without anybody there, and costs one face of a hundred."""

REFUTE_READINGS = 3
"""After so many readings the action unit network's word counts on whether something is a face at all: a picture on the
wall that the detector takes for one does not keep the patient's from being chosen."""

CALM_MOVE = 0.06
"""Offsets below this share of the box are mostly the networks' own jitter: only a part of them is followed."""

_CALM_SHARE = 0.4

STEADY = 0.2
"""Share by which stability follows each reading and each scan."""

FAR_YAW = 0.45
"""Distance of the nose's tip from the line through the middles of eyes and mouth, in distances of those middles, beyond
which a face is turned too far: rendered heads at 40 to 50 degrees of yaw lie below 0.47 (99 of 100), at 0 to 40 below
0.37; the action unit network was trained up to 50."""


@dataclass(slots=True)
class Track:
    """A face that is there, or what the detector takes for one.

    Attributes:
        box: in pixels of the frame.
        seen_ns: when a network last saw it.
        scans: how often the detector has found it.
        stability: 0..1, share of the last looks that saw it.
        fresh: the box is the detector's of just now.
        low, low_ns: the last crop showed no face, and since when.
        far: it is turned too far sideways.
        visible: how many of its five regions are uncovered.
        likeness, readings: mean cosine with the patient's descriptor, and of how many readings.
        asked_ns: when its crop was last asked for.
        sure, looked: mean probability that its crop shows a face, and of how many readings.
        trusted: it has been sure enough once to be judged.
    """

    box: FaceBox
    seen_ns: int
    scans: int = 1
    stability: float = 0.5
    fresh: bool = True
    low: bool = False
    far: bool = False
    visible: float = 5.0
    likeness: float = 0.0
    readings: int = 0
    asked_ns: int = 0
    sure: float = 0.0
    looked: int = 0
    low_ns: int = 0
    trusted: bool = False

    @property
    def refuted(self) -> bool:
        """The action unit network says that it is no face."""
        return self.judged and self.sure < SURE

    @property
    def judged(self) -> bool:
        """It was read often enough to say whether it is a face."""
        return self.looked >= REFUTE_READINGS

    def hear(self, face: float, now_ns: int) -> None:
        """Take the probability that its crop shows a face."""
        if face < SURE and not self.low:
            self.low_ns = now_ns
        self.low = face < SURE
        self.looked += 1
        self.sure += (face - self.sure) / min(self.looked, REFUTE_READINGS)
        self.trusted |= self.judged and self.sure >= SURE_AT_FIRST


def yaw_measure(points: NDArray[np.float32]) -> float:
    """How far a face is turned sideways, from its landmarks (5, 2): see `FAR_YAW`."""
    eyes, mouth = points[0:2].mean(axis=0), points[3:5].mean(axis=0)
    along = mouth - eyes
    length = max(float(np.hypot(*along)), 1e-3)
    nose = points[2] - eyes
    return abs(float(along[0] * nose[1] - along[1] * nose[0])) / length**2


def gap(one: FaceBox, other: FaceBox) -> float:
    """Distance of two centres, in sides of the larger box."""
    return float(np.hypot(one.x - other.x, one.y - other.y)) / max(one.side, other.side, 1e-3)


def one_head(track: FaceBox, found: FaceBox) -> bool:
    """Whether a found box may be of the head in a track's box."""
    return gap(track, found) < NEAR and abs(np.log(track.side / found.side)) < 2 * ALIKE_SIZE


def one_place(found: FaceBox, place: FaceBox) -> bool:
    """Whether a face lies where another one lay, and is as large."""
    return gap(found, place) < 2 * NEAR and abs(np.log(found.side / place.side)) < ALIKE_SIZE


def begun(face: Candidate, now_ns: int) -> Track:
    """A track that begins with what the detector found."""
    track = Track(face.box, now_ns)
    look(track, face)
    return track


def look(track: Track, face: Candidate) -> None:
    """Take pose and visibility from the detector; once a face is read, its own network tells what is visible."""
    track.far = yaw_measure(face.points) > FAR_YAW
    track.visible = float((face.visible >= SURE).sum()) if track.scans < CONFIRM_SCANS else track.visible


def anchor(track: Track, face: Candidate, now_ns: int) -> None:
    """The detector sees the face of a track again."""
    track.scans += 1
    track.seen_ns = now_ns
    track.fresh = True
    track.stability += STEADY * (1 - track.stability)
    share = 1.0 if gap(track.box, face.box) > CALM_MOVE else _CALM_SHARE
    track.box = replace(
        face.box,
        x=track.box.x + share * (face.box.x - track.box.x),
        y=track.box.y + share * (face.box.y - track.box.y),
        side=track.box.side + _CALM_SHARE * (face.box.side - track.box.side),
        roll_deg=track.box.roll_deg + share * turn(track.box.roll_deg, face.box.roll_deg),
    )
    look(track, face)


def turn(start: float, end: float) -> float:
    """Shortest way from one roll to another, degrees."""
    return (end - start + 180.0) % 360.0 - 180.0


def move(track: Track, reading: Reading, now_ns: int) -> None:
    """The action unit network sees the face in the track's crop, a little off."""
    box = track.box
    angle = np.deg2rad(box.roll_deg)
    share = 1.0 if np.hypot(reading.right, reading.down) > CALM_MOVE else _CALM_SHARE
    right, down = share * reading.right * box.side, share * reading.down * box.side
    track.box = FaceBox(
        box.x + float(right * np.cos(angle) - down * np.sin(angle)),
        box.y + float(right * np.sin(angle) + down * np.cos(angle)),
        box.side * float(np.exp(_CALM_SHARE * np.clip(reading.log_size, -0.2, 0.2))),
        box.roll_deg + _CALM_SHARE * reading.roll_deg,
    )
    track.stability += STEADY * (1 - track.stability)
    track.seen_ns = now_ns
    track.fresh = False
