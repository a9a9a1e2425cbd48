"""How fast the camera's road may run: a table of levels that follows heat, throttling and the age of the work.

Only pictures are slowed. Samples of bands, the assessments, the alarms and their publishing go on at every level at
their own pace: they cost a few percent of what pictures do, and they are what the box is for. No level switches the
camera off: at the slowest one an episode of pain can still begin (`edge.face.episode` needs pictures in half of its
slots of 0.2 s, so more than 2.4 a second).
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from edge.types import NS_PER_S, BoxFacts, Throttle

log = logging.getLogger(__name__)


class Load(StrEnum):
    """The levels, fastest first."""

    FULL = "full"
    EASED = "eased"
    SLOW = "slow"
    LEAST = "least"


@dataclass(frozen=True, slots=True)
class Level:
    """One row of the table.

    Attributes:
        load: its name.
        rate_hz: pictures taken per second at most; None: as configured.
        stretch: so many times rarer looks the detector where it looks at intervals.
        threads: inference threads of the face's networks at most; None: as configured.
        from_c, until_c: called for from this temperature on, and left when it has fallen below the other one.
        from_age_s, until_age_s: the same for the age of the work.
        flags: called for while one of these flags is up.
    """

    load: Load
    rate_hz: float | None
    stretch: float
    threads: int | None
    from_c: float
    until_c: float
    from_age_s: float
    until_age_s: float
    flags: frozenset[Throttle] = frozenset()


NEVER = float("-inf")

LEVELS = (
    Level(Load.FULL, None, 1.0, None, NEVER, NEVER, NEVER, NEVER),
    Level(Load.EASED, 6.0, 1.5, 1, 75.0, 70.0, 0.3, 0.15, frozenset({Throttle.CAPPED, Throttle.UNDER_VOLTAGE})),
    Level(Load.SLOW, 4.0, 2.0, 1, 80.0, 75.0, 0.6, 0.3, frozenset({Throttle.THROTTLED})),
    Level(Load.LEAST, 3.0, 2.0, 1, 84.0, 80.0, 1.2, 0.6),
)
"""Temperatures: a Raspberry Pi 4 or 5 begins to slow down at 80 °C and brakes hard at 85 (its documentation), so the
box eases off 5 degrees before the firmware does, and is at its least before the brake. Fans and throttling work in
steps of about 5 degrees: as wide is the hysteresis. Ages: the road from a picture to its estimate takes a few
milliseconds; 0.3 s are three pictures that were not looked at. The detector's stretch ends at 2: a face that comes or
goes is then noticed within four seconds, and at once where the followed one is missed."""

AGE_WINDOW_S = 5.0
"""The age of the work is the highest of the last seconds: where a picture takes three, the next one begins young."""

RISE_S = 10.0
"""A slower level has to be called for this long before it is taken: one late picture is none, a hot minute is."""

FALL_S = 60.0
"""A faster one must have been good enough for this long, for each step: a box that cools in its fan's rhythm would
otherwise swing with it."""

CAP_COUNTS_FROM_C = 65.0
"""A capped frequency below this temperature was set by somebody on purpose: not heat. An unknown temperature counts."""


class Governor:
    """Chooses the level. Pure but for its log line at each change.

    Args:
        now_ns: monotonic time of the start.
        facts: temperature and flags of the start.
        last: the level of a process before this one.
    """

    def __init__(self, now_ns: int, facts: BoxFacts | None = None, last: Load = Load.FULL) -> None:
        """The level that the box calls for now, or the one before, whichever is slower: it may be hot from before."""
        self._age_s = 0.0
        first = facts or BoxFacts()
        called = max((n for n in range(1, len(LEVELS)) if self._reasons(n, first, holds=False)), default=0)
        self._at = max(called, next(n for n, level in enumerate(LEVELS) if level.load is last))
        self._why: tuple[str, ...] = self._reasons(self._at, first, holds=True) if self._at else ()
        self._calm_since_ns = now_ns
        self._strained_since_ns: int | None = None
        self._strained_to = 0
        self._ages: deque[tuple[int, float]] = deque()

    @property
    def level(self) -> Level:
        """The level in force."""
        return LEVELS[self._at]

    @property
    def why(self) -> tuple[str, ...]:
        """What called for it: `temperature`, `throttled`, `capped`, `under_voltage`, `age`; () at full speed."""
        return self._why

    def step(self, now_ns: int, facts: BoxFacts, age_s: float) -> bool:
        """Take one look.

        Args:
            now_ns: monotonic time, rising.
            facts: temperature and flags.
            age_s: age of the oldest work: of a picture that waits or is judged, or the lateness of an assessment.

        Returns:
            Whether the level has changed.
        """
        self._ages.append((now_ns, age_s))
        while now_ns - self._ages[0][0] > AGE_WINDOW_S * NS_PER_S:
            self._ages.popleft()
        self._age_s = max(one for _, one in self._ages)
        wanted = max((n for n in range(1, len(LEVELS)) if self._reasons(n, facts, holds=False)), default=0)
        if wanted > self._at:
            self._calm_since_ns = now_ns
            if self._strained_since_ns is None:
                self._strained_since_ns, self._strained_to = now_ns, wanted
            self._strained_to = min(self._strained_to, wanted)
            if now_ns - self._strained_since_ns >= RISE_S * NS_PER_S:
                self._move(self._strained_to, facts, now_ns)
                return True
            return False
        self._strained_since_ns = None
        if self._at == 0 or self._reasons(self._at, facts, holds=True):
            self._calm_since_ns = now_ns
            return False
        if now_ns - self._calm_since_ns >= FALL_S * NS_PER_S:
            self._move(self._at - 1, facts, now_ns)
            return True
        return False

    def _reasons(self, number: int, facts: BoxFacts, *, holds: bool) -> tuple[str, ...]:
        """Why a level is called for; `holds`: why it is not left yet, which is asked for with the lower limits."""
        level = LEVELS[number]
        hot_c, age_s = (level.until_c, level.until_age_s) if holds else (level.from_c, level.from_age_s)
        flags = {flag for flag in facts.throttled & level.flags if self._counts(flag, facts)}
        said = [
            *(["temperature"] if facts.temperature_c is not None and facts.temperature_c >= hot_c else []),
            *sorted(flags),
            *(["age"] if self._age_s >= age_s else []),
        ]
        return tuple(said)

    @staticmethod
    def _counts(flag: Throttle, facts: BoxFacts) -> bool:
        return flag is not Throttle.CAPPED or facts.temperature_c is None or facts.temperature_c >= CAP_COUNTS_FROM_C

    def _move(self, number: int, facts: BoxFacts, now_ns: int) -> None:
        before, self._at = self._at, number
        self._why = self._reasons(number, facts, holds=True) or self._why if number else ()
        self._calm_since_ns, self._strained_since_ns = now_ns, None
        at = "unknown" if facts.temperature_c is None else f"{facts.temperature_c:.0f} °C"
        rate = "as configured" if self.level.rate_hz is None else f"at most {self.level.rate_hz:g} a second"
        words = f"temperature {at}, work {self._age_s:.1f} s old{', ' + ', '.join(self._why) if self._why else ''}"
        if number > before:
            log.warning("load %s: pictures %s (%s); bands and alarms are not slowed", self.level.load, rate, words)
        else:
            log.info("load %s: pictures %s (%s)", self.level.load, rate, words)
