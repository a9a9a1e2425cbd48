"""From a wristband's own clock to the box's monotonic clock.

Two layers. The `Envelope` says where the device's clock stands (offset and drift) as well as all arrivals let it be
known. The `Mapping` says where samples are placed: it runs after the envelope so gently that no interval between two
samples of a device with a clock is bent by more than 0.2 %, and what it has placed once it never moves, but for the
first seconds.

A least delay that never varies cannot be seen from one side: the samples of a link that always takes 30 ms lie 30 ms
late, unless `least_delay_s` says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.timeline.envelope import DriftPrior, Envelope
from edge.timeline.mapping import Mapping, Times
from edge.types import NS_PER_S

SETTLE_S = 10.0
"""Time after a (re)start in which a smaller delay moves what was already placed: bands send a backlog right after
connecting, and the first blocks say little (one block per second with 30 to 300 ms of delay: 92 ms of error after 5 s,
37 ms after 10 s). The estimators want more than this before they judge."""

STILL_FALLING_S = 0.05
"""A smaller delay by this much shows that a backlog is still being worked off: the settling begins anew. An ordinary
connection interval (30 to 50 ms in Linux) makes less."""

SETTLE_AT_MOST_S = 60.0
"""Settling ends after this, whatever the device does."""

FOLLOW_S = 5.0
"""Time constant with which placing follows the envelope, seconds: long beside one block, short beside the half minute
in which 500 ppm make 15 ms."""

STEP_S = 1.0
"""Disagreement beyond this is not drift: the device's clock was set or its counter began anew. RFC 5905 steps at
0.128 s, but there both sides can be asked."""

BACKLOG_MOVE_S = 600.0
"""Largest backlog after connecting that settling undoes, seconds."""


@dataclass(frozen=True, slots=True)
class ClockKind:
    """What is expected of a kind of device time.

    Attributes:
        prior: of its drift.
        slew: largest bend of the placed times, seconds per second.
        late_s: a block later than this is doubtful: late, repeated, or the clock began anew.
        near_s: points nearer than this to the line support it.
        unsupported_s: a line that no arrival came near for this long has been left by the clock, seconds of device
            time.
        step_s: after that, a jump beyond this is a step; a smaller one is slewed.
    """

    prior: DriftPrior
    slew: float
    late_s: float
    near_s: float
    unsupported_s: float
    step_s: float


STAMPED = ClockKind(
    DriftPrior(sigma=5e-5, limit=5e-4), slew=0.002, late_s=3.0, near_s=0.05, unsupported_s=120.0, step_s=STEP_S
)
"""A device with a clock. Bluetooth LE asks for 50 ppm while active and allows 500 asleep (Core 5.4, Vol 6 Part B
4.2.1 and 4.2.2); the slew is four times the worst of them and only 0.2 % of an inter-beat interval. BLE delivers in
order and bands buffer a second or two, so 3 s is doubtful. Near is one connection interval (50 ms in Linux);
congestion beyond two minutes is rarer than a clock that lost time."""

COUNTED = ClockKind(
    DriftPrior(sigma=1e-2, limit=3e-2), slew=0.01, late_s=STEP_S, near_s=0.05, unsupported_s=40.0, step_s=0.1
)
"""Time told only by the count of samples: a sensor's own oscillator makes the rate, which is off by 1 to 2 % where it
is not a crystal, so its intervals are no better than that to begin with. Lost samples are missing from the count, so
lateness soon means a gap."""

BEATS = ClockKind(
    DriftPrior(sigma=1e-3, limit=3e-2), slew=0.002, late_s=1.5, near_s=0.4, unsupported_s=25.0, step_s=0.3
)
"""Time told only by the sum of inter-beat intervals, which are rounded to 1/1024 s (and by some bands taken for
milliseconds, 2.4 % off). A Heart Rate band notifies once per second, so 1.5 s is doubtful, and of 25 notifications one
is nearly always within 0.4 s of its beat (all but 1 in 70,000 times); a beat that was left out is longer."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What one block did to what is held already.

    Attributes:
        moved_ns: everything placed since the last restart moves by this (0 once settled).
        restarted: the device clock began anew with this block.
    """

    moved_ns: int = 0
    restarted: bool = False


@dataclass(frozen=True, slots=True)
class ClockReport:
    """The state of a device's clock mapping, for people.

    Attributes:
        offset_s: box time minus device time now, seconds.
        drift_ppm: by how much the device's clock is slow, parts per million.
        jitter_s: mean delay of the second's earliest arrivals beyond the least one, seconds.
        owed_s: correction that is still being slewed, seconds.
        points: seconds of arrivals that the estimate rests on.
        settled: whether what is placed stays where it is.
        restarts: how often the clock began anew.
        steps: how often it was found to have lost time since then.
    """

    offset_s: float
    drift_ppm: float
    jitter_s: float
    owed_s: float
    points: int
    settled: bool
    restarts: int
    steps: int


class DeviceClock:
    """The running estimate for one device.

    Args:
        kind: what is expected of its time.
        least_delay_s: delay that every block of this link has at least.
    """

    def __init__(self, kind: ClockKind = STAMPED, least_delay_s: float = 0.0) -> None:
        """Know nothing yet."""
        self.kind = kind
        self._least_delay_ns = round(least_delay_s * NS_PER_S)
        self._state: _Running | None = None
        self._restarts = -1

    def lateness_s(self, device_ns: int, arrived_ns: int) -> float | None:
        """How long after its placed time a sample arrived, or None before the first one."""
        return None if self._state is None else (arrived_ns - self._state.mapping.at(device_ns)) / NS_PER_S

    def trusts(self, device_ns: int, arrived_ns: int) -> bool:
        """Whether a block that ends at `device_ns` follows the clock as it is known."""
        late_s = self.lateness_s(device_ns, arrived_ns)
        if self._state is None or late_s is None:
            return True
        early_s = STEP_S if self._state.settled else BACKLOG_MOVE_S
        return -early_s <= late_s <= self.kind.late_s

    def take(self, device_ns: int, arrived_ns: int) -> Placement:
        """Learn from a block that is trusted, and make the mapping reach its end."""
        state = self._state
        if state is None:
            return self.restart(device_ns, arrived_ns)
        state.note(device_ns, arrived_ns)
        moved_ns = min(0, state.owed_ns(device_ns))
        if state.settled or not moved_ns:
            state.reach(device_ns)
            return Placement()
        state.mapping.shift(moved_ns)
        state.reach(device_ns)
        return Placement(moved_ns=moved_ns)

    def restart(self, device_ns: int, arrived_ns: int) -> Placement:
        """Begin anew with a block; what is known of the crystal stays known."""
        drift = 0.0 if self._state is None else self._state.envelope.expected_drift
        self._state = _Running(self.kind, device_ns, arrived_ns, self._least_delay_ns, drift)
        self._restarts += 1
        return Placement(restarted=True)

    def times(self, device_ns: Times) -> Times:
        """Box times of device times, (n,) to (n,).

        Raises:
            RuntimeError: before the first block.
        """
        if self._state is None:
            raise RuntimeError("a clock that has seen no block places none")
        return self._state.mapping.times(device_ns)

    def report(self) -> ClockReport | None:
        """The state for people, or None before the first block."""
        state = self._state
        if state is None:
            return None
        head_ns, line = state.mapping.head_ns, state.envelope.line
        return ClockReport(
            offset_s=(state.mapping.at(head_ns) - head_ns) / NS_PER_S,
            drift_ppm=1e6 * line.drift,
            jitter_s=line.jitter_s,
            owed_s=state.owed_ns(head_ns) / NS_PER_S,
            points=state.envelope.points,
            settled=state.settled,
            restarts=self._restarts,
            steps=state.steps,
        )


class _Running:
    """The estimate since the last restart."""

    def __init__(self, kind: ClockKind, device_ns: int, arrived_ns: int, least_delay_ns: int, drift: float) -> None:
        seen_ns = arrived_ns - device_ns
        self._kind = kind
        self._least_delay_ns = least_delay_ns
        self.envelope = Envelope(device_ns, seen_ns, kind.prior, drift)
        self.mapping = Mapping(device_ns, device_ns + seen_ns - least_delay_ns, drift)
        self.settled = False
        self.steps = 0
        self._started_ns = self._fell_ns = arrived_ns
        self._left_ns: int | None = None

    def note(self, device_ns: int, arrived_ns: int) -> None:
        """Let the envelope learn from a block."""
        seen_ns = arrived_ns - device_ns
        above_ns = seen_ns - self.envelope.line.at(device_ns)
        self.envelope.add(device_ns, seen_ns)
        if above_ns < -STILL_FALLING_S * NS_PER_S:
            self._fell_ns = arrived_ns
        self._support(device_ns, above_ns)
        quiet_ns, all_ns = arrived_ns - self._fell_ns, arrived_ns - self._started_ns
        self.settled = self.settled or quiet_ns > SETTLE_S * NS_PER_S or all_ns > SETTLE_AT_MOST_S * NS_PER_S

    def _support(self, device_ns: int, above_ns: int) -> None:
        """Forget the points of a line that the clock has left behind; what that amounts to may be a step."""
        if above_ns <= self._kind.near_s * NS_PER_S:
            self._left_ns = None
        elif self._left_ns is None:
            self._left_ns = device_ns
        elif device_ns - self._left_ns > self._kind.unsupported_s * NS_PER_S:
            self.envelope.forget_before(self._left_ns)
            self._left_ns = None
            if (owed_ns := self.owed_ns(device_ns)) > self._kind.step_s * NS_PER_S:
                self.mapping.jump(owed_ns, self.envelope.line.drift)
                self.steps += 1

    def owed_ns(self, device_ns: int) -> int:
        """By how much the mapping lies before the envelope there."""
        wanted_ns = device_ns + self.envelope.line.at(device_ns) - self._least_delay_ns
        return wanted_ns - self.mapping.at(device_ns)

    def reach(self, device_ns: int) -> None:
        """Extend the mapping to `device_ns`, turning gently towards the envelope."""
        if self.mapping.turns_at(device_ns):
            self.mapping.turn(self._slope(device_ns) if self.settled else self.envelope.line.drift)
        self.mapping.head_ns = max(self.mapping.head_ns, device_ns)

    def _slope(self, device_ns: int) -> float:
        head_ns, drift = self.mapping.head_ns, self.envelope.line.drift
        ahead_ns = device_ns - head_ns
        bend = self.owed_ns(head_ns) / max(ahead_ns, FOLLOW_S * NS_PER_S)
        # A crystal's own drift counts as bend; the rate of a counted stream is a thing to be found out.
        steady = 0.0 if self._kind.prior.limit < self._kind.slew else drift
        return min(steady + self._kind.slew, max(steady - self._kind.slew, drift + bend))
