"""Whose face is followed, from one frame to the next: a state machine of boxes and a few numbers, no pictures.

The detector's answers make tracks; the action unit network's readings move them on. One track may become the patient's:
the only face, the much larger of two, or, once the patient has been seen for a while, the one with a like descriptor.
Whatever is doubtful is an absence with its reason, never a low reading. Time is the caller's, in nanoseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from edge.face.align import FaceBox
from edge.face.find import LONG_ABSENCE_S, Reading, Sighting
from edge.face.scan import Candidate
from edge.types import NS_PER_S, Absence

CHECK_NS = 2 * NS_PER_S
"""While a face is followed, the detector looks this often: to set the box anew and to count faces."""

CONFIRM_SCANS = 3
"""A new face counts once it was found this often in a row, 0.3 s at 10 fps: a crease that looks like a face does not
stay one while the picture's noise changes."""

LOST_NS = NS_PER_S
"""A face not seen for this long has left: the box promises to notice within two seconds."""

LONELY_NS = 3 * NS_PER_S
LONELY_EVERY_NS = NS_PER_S // 5
"""After three seconds without any head, five looks a second leave the processor alone and lose nothing."""

CROWD_EVERY_NS = NS_PER_S // 2
"""How often is looked while there are faces and none is known to be the patient's."""

SURE = 0.5
"""Probability of a face in the crop from which a reading counts: even odds."""

NEAR = 0.6
"""A candidate this near to a track, in sides of the larger box, may be the same head: heads move less than a third of
their width in 0.1 s (measured on the real clips), and two heads cannot be nearer than one width."""

ALIKE_SIZE = 0.45
"""Natural logarithm of the ratio of sides up to which two boxes may be of one head at one place (a factor of 1.6)."""

MUCH_LARGER = 1.5
"""One of two unknown faces whose box has this many sides of the other is taken for the patient's: the camera is pointed
at the patient's pillow, a visitor who is nearer to it than the patient would hide the patient (chosen)."""

LEARN_READINGS = 600
"""Readings, a minute at 10 fps, after which it is settled whose face is the patient's: longer than whoever sets the
camera up looks into it. Until then the only face, or the much larger of two, is taken for it."""

LEARN_S = 60.0
"""Time constant with which it is then adapted: a mask put on or a lamp switched on is learnt, a swap is not."""

ALIKE = 0.8
"""Cosine similarity from which a face is the patient's, wherever it is. The network's card says how many other people
reach it."""

UNLIKE = 0.0
"""Below it the face is somebody else's, even at the patient's place: a patient's own face never lies there while the
light stays and rarely after a mask was put on, and about half of other people's do (the card has all three)."""

STAYS_NS = 600 * NS_PER_S
"""A face that was called another's, but lies alone at the patient's place for so long, is the patient's after all,
under a mask or in a light that made it unlike (chosen: no visitor lies there for ten minutes)."""

STAY_PAUSE_NS = 60 * NS_PER_S
"""It may have been out of sight for this long in between."""

ASK_READINGS = 4
"""So many readings of a returning face are averaged before it is called the patient's or another's."""

REFUTE_READINGS = 3
"""After so many readings the action unit network's word counts on whether something is a face at all: a picture on the
wall that the detector takes for one does not keep the patient's from being chosen."""

ASK_EVERY_NS = NS_PER_S
"""A face that was called another's, or none, is asked again this often."""

CALM_MOVE = 0.06
"""Offsets below this share of the box are mostly the networks' own jitter: only a part of them is followed."""

_CALM_SHARE = 0.4
_LIKENESS_S = 2.0
_VISIBLE_S = 0.5
_STEADY = 0.2
_LEAST_VISIBLE = 2
"""With fewer visible regions out of five (brows, eyes, nose, mouth) no action unit pair of PSPI can be read."""

FAR_YAW = 0.45
"""Distance of the nose's tip from the line through the middles of eyes and mouth, in distances of those middles, beyond
which a face is turned too far: rendered heads at 40 to 50 degrees of yaw lie below 0.47 (99 of 100), at 0 to 40 below
0.37; the action unit network was trained up to 50."""


@dataclass(slots=True)
class Track:
    """A face that is there: its box and what is known of it."""

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

    @property
    def refuted(self) -> bool:
        """The action unit network says that it is no face."""
        return self.looked >= REFUTE_READINGS and self.sure < SURE


@dataclass(slots=True)
class _Known:
    """What is remembered of the patient."""

    box: FaceBox | None = None
    descriptor: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    readings: int = 0
    learnt_ns: int = 0

    @property
    def well(self) -> bool:
        return self.readings >= LEARN_READINGS

    def likeness(self, identity: NDArray[np.float32]) -> float | None:
        """Cosine similarity with the patient's descriptor; None while it cannot be told."""
        unit = _unit(identity)
        return None if unit is None or not self.readings else float(unit @ self.descriptor)

    def learn(self, identity: NDArray[np.float32], now_ns: int) -> None:
        unit = _unit(identity)
        if unit is None:
            return
        gap_s = max(0.0, (now_ns - self.learnt_ns) / NS_PER_S)
        share = max(1 / (self.readings + 1) if not self.well else 0.0, min(gap_s, 1.0) / LEARN_S)
        mixed = unit if not self.readings else self.descriptor + np.float32(share) * (unit - self.descriptor)
        self.descriptor = unit if (kept := _unit(mixed)) is None else kept
        self.readings += 1
        self.learnt_ns = now_ns


class Follower:
    """Follows one patient's face; see the module. Not for use by two threads at once."""

    def __init__(self) -> None:
        """Nobody is there, nobody is known."""
        self._tracks: list[Track] = []
        self._patient: Track | None = None
        self._asked: Track | None = None
        self._known = _Known()
        self._turned = False
        self._scan_ns: int | None = None
        self._head_ns: int | None = None
        self._face_ns: int | None = None
        self._stay: tuple[int, int] | None = None
        self._now_ns = 0

    def forget(self) -> None:
        """Nobody is known any more: the next face that stays is the patient's."""
        self._tracks, self._patient, self._asked, self._known, self._stay = [], None, None, _Known(), None

    def due(self, now_ns: int) -> bool:
        """Whether the detector should look at the frame of `now_ns`."""
        if self._scan_ns is None or now_ns < self._now_ns:
            return True
        since = now_ns - self._scan_ns
        if self._patient is not None:
            missed = self._patient.low or self._patient.seen_ns < self._now_ns
            return missed or self._far_from(self._patient) or since >= CHECK_NS
        if any(track.scans < CONFIRM_SCANS for track in self._tracks):
            return True
        if self._tracks:
            return since >= CROWD_EVERY_NS
        lonely = self._head_ns is None or now_ns - self._head_ns > LONELY_NS
        return since >= LONELY_EVERY_NS if lonely else True

    @staticmethod
    def _far_from(track: Track) -> bool:
        return track.far or track.visible < _LEAST_VISIBLE

    def scanned(self, heads: Sequence[Candidate], now_ns: int) -> None:
        """Take what the detector found in the frame of `now_ns`: match it with the tracks."""
        self._turn_back(now_ns)
        self._scan_ns = now_ns
        if heads:
            self._head_ns = now_ns
        faces = [head for head in heads if head.face >= head.turned]
        self._turned = len(faces) < len(heads)
        free = list(self._tracks)
        if self._patient is not None:  # first choice among the faces
            free.sort(key=lambda track: track is not self._patient)
        for track in free:
            near = [face for face in faces if _one_head(track.box, face.box)]
            if not near:
                if track.scans < CONFIRM_SCANS:
                    self._tracks.remove(track)
                continue
            face = min(near, key=lambda one: _gap(track.box, one.box))
            faces.remove(face)
            _anchor(track, face, now_ns)
        self._tracks += [_begun(face, now_ns) for face in faces]

    def read(self, reading: Reading, now_ns: int) -> None:
        """Take what the action unit network said of the crop of the sighting that `outcome` gave last."""
        track = self._asked
        self._asked = None
        if track is None:
            return
        was_low, track.low = track.low, reading.face < SURE
        if track.low and not was_low:
            track.low_ns = now_ns
        track.looked += 1
        track.sure += (reading.face - track.sure) / min(track.looked, REFUTE_READINGS)
        if track.low:
            track.stability *= 1 - _STEADY
            return
        gap_s = min(1.0, max(0.0, (now_ns - track.seen_ns) / NS_PER_S)) or 0.1
        _move(track, reading, now_ns)
        shown = float((reading.visible >= SURE).sum())
        track.visible += min(1.0, gap_s / _VISIBLE_S) * (shown - track.visible)
        alike = self._known.likeness(reading.identity)
        if track is self._patient:
            self._see_patient(track, reading, alike, gap_s, now_ns)
        elif alike is not None:
            track.readings += 1
            track.likeness += (alike - track.likeness) / min(track.readings, ASK_READINGS)

    def _see_patient(self, track: Track, reading: Reading, alike: float | None, gap_s: float, now_ns: int) -> None:
        self._known.box = track.box
        if alike is not None and self._known.well:
            share = min(1.0, gap_s / _LIKENESS_S) if track.readings else 1.0
            track.likeness += share * (alike - track.likeness)
            track.readings += 1
            if track.likeness < UNLIKE:
                track.readings = ASK_READINGS
                self._patient = None
                return
        if track.visible >= _LEAST_VISIBLE + 1 and not track.far:
            self._known.learn(reading.identity, now_ns)

    def outcome(self, now_ns: int) -> Sighting | Absence:
        """Where the patient's face is in the frame of `now_ns`, or why there is none to judge."""
        self._turn_back(now_ns)
        self._now_ns = now_ns
        self._tracks = [track for track in self._tracks if self._alive(track, now_ns)]
        if self._patient is not None and self._patient not in self._tracks:
            self._patient = None
        if self._patient is not None and self._given_up(self._patient):
            self._patient = None
        if self._patient is None:
            self._patient = self._elected()
        if self._tracks:
            self._face_ns = now_ns
        elif self._face_ns is not None and now_ns - self._face_ns > LONG_ABSENCE_S * NS_PER_S:
            self._known, self._face_ns = _Known(), None  # an empty bed: whoever comes next may be another patient
        track = self._patient
        if track is None:
            return self._nobody(now_ns)
        self._stay = None
        return self._asked_for(track, now_ns, self._doubt(track))

    def _alive(self, track: Track, now_ns: int) -> bool:
        """A face that is followed must be seen each second; the others as often as the detector looks."""
        span = LOST_NS if track is self._patient or self._patient is None else 2 * CHECK_NS
        return now_ns - track.seen_ns <= span

    def _given_up(self, track: Track) -> bool:
        """The patient's track shows no face any more: at once while nobody is known, else after a second of it."""
        return track.refuted and (not self._known.well or self._now_ns - track.low_ns > LOST_NS)

    def _elected(self) -> Track | None:
        """Which of the faces is the patient's, if that can be told."""
        faces = self._faces()
        if not faces:
            return None
        if self._known.well:
            return self._recognised(faces) or self._stayed(faces)
        faces.sort(key=lambda track: -track.box.side)
        if len(faces) > 1 and faces[0].box.side < MUCH_LARGER * faces[1].box.side:
            return None
        return faces[0]

    def _faces(self) -> list[Track]:
        """What was found often enough, and is a face as far as was read."""
        return [track for track in self._tracks if track.scans >= CONFIRM_SCANS and not track.refuted]

    def _recognised(self, faces: Sequence[Track]) -> Track | None:
        asked = [track for track in faces if track.readings >= ASK_READINGS]
        place = self._known.box
        alike = [
            track
            for track in asked
            if track.likeness >= ALIKE
            or (track.likeness >= UNLIKE and place is not None and len(faces) == 1 and _one_place(track.box, place))
        ]
        return max(alike, key=lambda track: track.likeness, default=None)

    def _stayed(self, faces: Sequence[Track]) -> Track | None:
        """The only face, where it has lain at the patient's place for so long that it must be the patient's."""
        place = self._known.box
        if len(faces) != 1 or place is None or not _one_place(faces[0].box, place):
            return None
        since, last = self._stay or (self._now_ns, self._now_ns)
        self._stay = (since if self._now_ns - last < STAY_PAUSE_NS else self._now_ns, self._now_ns)
        if self._now_ns - self._stay[0] < STAYS_NS:
            return None
        self._known, self._stay = _Known(box=place), None  # what was learnt no longer fits
        return faces[0]

    def _doubt(self, track: Track) -> Absence | None:
        if track.far:
            return Absence.FACE_TURNED
        return Absence.FACE_COVERED if track.visible < _LEAST_VISIBLE else None

    def _nobody(self, now_ns: int) -> Sighting | Absence:
        """No patient: why, and whose crop to read in order to find out."""
        faces = self._faces()
        if not faces:
            covered = any(track.visible < _LEAST_VISIBLE for track in self._tracks)
            nothing = Absence.FACE_COVERED if covered else Absence.NO_FACE
            return self._looked_at(Absence.FACE_TURNED if self._turned and not covered else nothing, now_ns)
        if not self._known.well:
            return self._looked_at(Absence.TWO_FACES, now_ns)
        open_ones = [track for track in faces if track.readings < ASK_READINGS]
        why = self._why_not(faces, undecided=bool(open_ones))
        found = [track for track in self._tracks if track.scans >= CONFIRM_SCANS]
        stale = [track for track in found if now_ns - track.asked_ns >= ASK_EVERY_NS]
        ask = open_ones or stale
        return self._asked_for(min(ask, key=lambda track: track.asked_ns), now_ns, why) if ask else why

    def _looked_at(self, why: Absence, now_ns: int) -> Sighting | Absence:
        """The reason, with the crop of something that may be no face, or one after all, where there is such a thing."""
        found = [track for track in self._tracks if track.scans >= CONFIRM_SCANS]
        new = [track for track in found if track.looked < REFUTE_READINGS]
        again = [track for track in found if track.refuted and now_ns - track.asked_ns >= ASK_EVERY_NS]
        ask = new or again
        return self._asked_for(min(ask, key=lambda track: track.asked_ns), now_ns, why) if ask else why

    def _why_not(self, faces: Sequence[Track], *, undecided: bool) -> Absence:
        if len(faces) > 1 and undecided:
            return Absence.TWO_FACES
        if undecided:
            return Absence.NO_FACE  # of the patient none is seen yet
        return Absence.FACE_TURNED if self._turned else Absence.OTHER_FACE

    def _asked_for(self, track: Track, now_ns: int, doubt: Absence | None) -> Sighting:
        self._asked = track
        track.asked_ns = now_ns  # here and not where it is read: what cannot be read must not be asked for ever
        fresh = track.fresh and track.seen_ns == now_ns
        return Sighting(track.box, track.seen_ns, track.stability, fresh, doubt)

    def _turn_back(self, now_ns: int) -> None:
        """A clock that ran backwards: what was seen cannot be placed in time any more."""
        if now_ns < self._now_ns:
            self._tracks, self._patient, self._asked, self._stay = [], None, None, None
            self._scan_ns, self._head_ns, self._face_ns, self._now_ns = None, None, None, now_ns


def yaw_measure(points: NDArray[np.float32]) -> float:
    """How far a face is turned sideways, from its landmarks (5, 2): see `FAR_YAW`."""
    eyes, mouth = points[0:2].mean(axis=0), points[3:5].mean(axis=0)
    along = mouth - eyes
    length = max(float(np.hypot(*along)), 1e-3)
    nose = points[2] - eyes
    return abs(float(along[0] * nose[1] - along[1] * nose[0])) / length**2


def _unit(identity: NDArray[np.float32]) -> NDArray[np.float32] | None:
    length = float(np.linalg.norm(identity))
    return np.asarray(identity / length, dtype=np.float32) if np.isfinite(length) and length > 1e-6 else None


def _gap(one: FaceBox, other: FaceBox) -> float:
    """Distance of two centres, in sides of the larger box."""
    return float(np.hypot(one.x - other.x, one.y - other.y)) / max(one.side, other.side, 1e-3)


def _one_head(track: FaceBox, found: FaceBox) -> bool:
    return _gap(track, found) < NEAR and abs(np.log(track.side / found.side)) < 2 * ALIKE_SIZE


def _one_place(found: FaceBox, place: FaceBox) -> bool:
    return _gap(found, place) < 2 * NEAR and abs(np.log(found.side / place.side)) < ALIKE_SIZE


def _begun(face: Candidate, now_ns: int) -> Track:
    track = Track(face.box, now_ns)
    _look(track, face)
    return track


def _look(track: Track, face: Candidate) -> None:
    track.far = yaw_measure(face.points) > FAR_YAW
    track.visible = float((face.visible >= SURE).sum()) if track.scans < CONFIRM_SCANS else track.visible


def _anchor(track: Track, face: Candidate, now_ns: int) -> None:
    """The detector sees the face of a track again."""
    track.scans += 1
    track.seen_ns = now_ns
    track.fresh = True
    track.stability += _STEADY * (1 - track.stability)
    share = 1.0 if _gap(track.box, face.box) > CALM_MOVE else _CALM_SHARE
    track.box = replace(
        face.box,
        x=track.box.x + share * (face.box.x - track.box.x),
        y=track.box.y + share * (face.box.y - track.box.y),
        side=track.box.side + _CALM_SHARE * (face.box.side - track.box.side),
        roll_deg=track.box.roll_deg + share * _turn(track.box.roll_deg, face.box.roll_deg),
    )
    _look(track, face)


def _turn(start: float, end: float) -> float:
    """Shortest way from one roll to another, degrees."""
    return (end - start + 180.0) % 360.0 - 180.0


def _move(track: Track, reading: Reading, now_ns: int) -> None:
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
    track.stability += _STEADY * (1 - track.stability)
    track.seen_ns = now_ns
    track.fresh = False
