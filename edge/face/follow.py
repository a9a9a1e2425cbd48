"""Whose face is followed, from one frame to the next: a state machine of boxes and a few numbers, no pictures.

The detector's answers make tracks; the action unit network's readings move them on. One track may become the patient's:
the only face, the much larger of two, or, once the patient has been seen for a while, the one with a like descriptor.
Whatever is doubtful is an absence with its reason, never a low reading. Time is the caller's, in nanoseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.face.align import FaceBox
from edge.face.find import LONG_ABSENCE_S, STAYS_S, Reading, Sighting
from edge.face.scan import Candidate
from edge.face.track import (
    CONFIRM_SCANS,
    STEADY,
    SURE,
    Track,
    anchor,
    begun,
    gap,
    move,
    one_head,
    one_place,
)
from edge.types import NS_PER_S, Absence

CHECK_NS = 2 * NS_PER_S
"""While a face is followed, the detector looks this often: to set the box anew and to count faces."""

LOST_NS = NS_PER_S
"""A face not seen for this long has left: the box promises to notice within two seconds."""

LONELY_NS = 3 * NS_PER_S
LONELY_EVERY_NS = NS_PER_S // 5
"""After three seconds without any head, five looks a second leave the processor alone and lose nothing."""

CROWD_EVERY_NS = NS_PER_S // 2
"""How often is looked while there are faces and none is known to be the patient's."""

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

STAY_PAUSE_NS = 60 * NS_PER_S
"""A face that stays (`STAYS_S`) may have been out of sight for this long in between."""

ASK_READINGS = 4
"""So many readings of a returning face are averaged before it is called the patient's or another's."""

ASK_EVERY_NS = NS_PER_S
"""A face that was called another's, or none, is asked again this often."""

_LIKENESS_S = 2.0
_VISIBLE_S = 0.5
_LEAST_VISIBLE = 2
"""With fewer visible regions out of five (brows, eyes, nose, mouth) no action unit pair of PSPI can be read."""


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
        self._stretch = 1.0

    def ease(self, stretch: float) -> None:
        """Let the detector look `stretch` times rarer where it looks at intervals; where a face is missed, at once."""
        self._stretch = stretch

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
            return missed or self._far_from(self._patient) or since >= self._stretch * CHECK_NS
        if any(track.scans < CONFIRM_SCANS for track in self._tracks):
            return True
        if self._tracks:
            return since >= CROWD_EVERY_NS
        lonely = self._head_ns is None or now_ns - self._head_ns > LONELY_NS
        return since >= self._stretch * LONELY_EVERY_NS if lonely else True

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
            near = [face for face in faces if one_head(track.box, face.box)]
            if not near:
                if track.scans < CONFIRM_SCANS:
                    self._tracks.remove(track)
                continue
            face = min(near, key=lambda one: gap(track.box, one.box))
            faces.remove(face)
            anchor(track, face, now_ns)
        self._tracks += [begun(face, now_ns) for face in faces]

    def read(self, reading: Reading, now_ns: int) -> None:
        """Take what the action unit network said of the crop of the sighting that `outcome` gave last."""
        track = self._asked
        self._asked = None
        if track is None:
            return
        track.hear(reading.face, now_ns)
        if track.low:
            track.stability *= 1 - STEADY
            return
        gap_s = min(1.0, max(0.0, (now_ns - track.seen_ns) / NS_PER_S)) or 0.1
        move(track, reading, now_ns)
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
        if track.trusted and track.visible >= _LEAST_VISIBLE + 1 and not track.far:
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
        span = LOST_NS if track is self._patient or self._patient is None else 2 * self._stretch * CHECK_NS
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
            or (track.likeness >= UNLIKE and place is not None and len(faces) == 1 and one_place(track.box, place))
        ]
        return max(alike, key=lambda track: track.likeness, default=None)

    def _stayed(self, faces: Sequence[Track]) -> Track | None:
        """The only face, where it has lain at the patient's place for so long that it must be the patient's."""
        place = self._known.box
        if len(faces) != 1 or place is None or not one_place(faces[0].box, place):
            return None
        since, last = self._stay or (self._now_ns, self._now_ns)
        self._stay = (since if self._now_ns - last < STAY_PAUSE_NS else self._now_ns, self._now_ns)
        if self._now_ns - self._stay[0] < STAYS_S * NS_PER_S:
            return None
        self._known, self._stay = _Known(box=place), None  # what was learnt no longer fits
        return faces[0]

    def _doubt(self, track: Track) -> Absence | None:
        if not track.trusted:
            return Absence.NO_FACE
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
        new = [track for track in found if not track.judged]
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


def _unit(identity: NDArray[np.float32]) -> NDArray[np.float32] | None:
    length = float(np.linalg.norm(identity))
    return np.asarray(identity / length, dtype=np.float32) if np.isfinite(length) and length > 1e-6 else None
