"""What truly happened in a simulated life, second by second, and what the box therefore owes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge import config
from edge.sensors.simulated.course import GRID_HZ, Course
from edge.types import Condition

Flags = NDArray[np.bool_]

Sensor = Literal["face", "ppg", "gsr", "hr"]
"""What a simulated bed is watched by."""

FACE_FAULTS = ("face_turned", "face_covered", "lights_off", "camera_dead")
"""Faults that leave no face."""

BAND_FAULTS = ("band_off", "radio_loss")
"""Faults that leave no wristband."""

MODERATE, LEAST_S, WITHIN_S = 5.0, 20.0, 30.0
"""An episode that must be raised: latent pain of this or more for so many seconds; and how soon after its onset."""

SORE, TAIL_S = 2.0, 45.0
"""A pain alarm is false where latent pain was below `SORE` for the last `TAIL_S`: the alarm's condition delay, the
half-minute that arousal networks look back, and the signals' own way back to rest. Weaker pain is neither owed nor
held against the box."""

BLIND_AFTER_S = 3.0
"""From this long after the last of all sources is gone nothing may be called calm (`edge.demo.ledger.GRACE_S`)."""


@dataclass(frozen=True, slots=True)
class Due:
    """One technical alarm that is owed.

    Attributes:
        accepted: conditions that would do.
        start_s, end_s: the loss.
        by_s: when one of them must be there.
    """

    accepted: frozenset[Condition]
    start_s: float
    end_s: float
    by_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """One life, once a second.

    Attributes:
        pain: (n,) latent pain, the most of each second.
        face_lost, band_lost: (n,) surely no face, surely no band; a sensor that is not there is lost all the time.
        watched: by what.
    """

    pain: NDArray[np.float32]
    face_lost: Flags
    band_lost: Flags
    watched: tuple[Sensor, ...]

    @classmethod
    def of(cls, course: Course, watched: tuple[Sensor, ...]) -> Truth:
        """The truth behind a course, for a bed that is watched by these."""
        seconds = int(course.scene.duration_s)
        face = course.failing(*FACE_FAULTS) | course.inside(course.scene.face_away)
        band = course.failing(*BAND_FAULTS) | course.inside(course.scene.band_silent)
        if "face" not in watched:
            face = np.ones_like(face)
        if watched == ("face",):
            band = np.ones_like(band)
        return cls(
            _by_second(course.pain, seconds).max(axis=1),
            _by_second(face, seconds).min(axis=1) > 0,
            _by_second(band, seconds).min(axis=1) > 0,
            watched,
        )

    def episodes(self) -> list[tuple[float, float]]:
        """Onset and end of every episode that must be raised."""
        return [(start, end) for start, end in runs(self.pain >= MODERATE) if end - start >= LEAST_S]

    def blind(self) -> Flags:
        """(n,) where nothing has been there for `BLIND_AFTER_S`."""
        found = np.zeros(self.pain.size, bool)
        for start, end in runs(self.face_lost & self.band_lost):
            found[int(start + BLIND_AFTER_S) : int(end)] = True
        return found

    def dues(self, alarm: config.Alarm, notice_s: float) -> list[Due]:
        """Technical alarms that are owed for losses that outlast their delay.

        Args:
            alarm: the declared delays.
            notice_s: how long evidence counts after its sensor is gone, and a tick.
        """
        blind = frozenset({Condition.CANNOT_ASSESS})
        found = list(self._owed(self.face_lost & self.band_lost, blind, alarm.blind_delay_s + notice_s))
        if "face" in self.watched and len(self.watched) > 1:
            face, band = blind | {Condition.FACE_LOST}, blind | {Condition.BAND_LOST}
            found += self._owed(self.face_lost & ~self.band_lost, face, alarm.sensor_delay_s + notice_s)
            found += self._owed(self.band_lost & ~self.face_lost, band, alarm.sensor_delay_s + notice_s)
        return found

    def _owed(self, lost: Flags, accepted: frozenset[Condition], within_s: float) -> Iterator[Due]:
        for start, end in runs(lost):
            if end - start > within_s + 1.0:
                yield Due(accepted, start, end, start + within_s)

    def painless(self, at_s: float) -> bool:
        """Whether a pain alarm that is raised at this moment is a false one."""
        last = int(at_s) + 1
        return bool(self.pain[max(0, int(at_s - TAIL_S)) : last].max(initial=0.0) < SORE)


def runs(flags: Flags) -> list[tuple[float, float]]:
    """Start and end, seconds, of every stretch that is True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(float(start), float(end)) for start, end in edges.reshape(-1, 2)]


def _by_second(values: NDArray[np.float32] | Flags, seconds: int) -> NDArray[np.float32]:
    per_second = int(GRID_HZ)
    return np.asarray(values[: seconds * per_second].reshape(seconds, per_second), dtype=np.float32)
