"""The alarm table: what one condition does at one tick. Pure: values in, values out; no clock, no disk.

Evidence comes as a `Sign`. `TABLE` lists the transitions: of the rows of the present presence the first whose guard
holds is taken, at most one per tick. "For" means: this long, counted while the sign lasts and frozen while nothing is
known. UNKNOWN (the box is blind) never ends a condition, never lowers a priority, and never counts towards ending one.
Priority only rises within an episode: what was once high wants a look, and a score that sways about the limit does not
make the priority flap.

Latching and acknowledged are the signal presences of ISO/IEEE 11073 SDC, priorities and delays those of IEC 60601-1-8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from edge.types import NS_PER_S, Presence, Priority

RANK = {Priority.LOW: 0, Priority.MEDIUM: 1, Priority.HIGH: 2}
"""Order of the priorities."""

MOST_FLAPS = 3
"""A condition that comes and goes is held up to 2^3 = 8 times `clear_s`: 40 s with the default of 5 s, short enough
that a nurse who has mended the cause sees the alarm go while she is still at the bed."""


class Sign(StrEnum):
    """What the evidence says about a condition at one tick."""

    LOW = "low"
    """Present, for low priority."""
    PRESENT = "present"
    """Present, for the priority of the rule."""
    HIGH = "high"
    """Present, and severe enough for high priority."""
    HOLD = "hold"
    """Neither enough to begin nor little enough to end."""
    GONE = "gone"
    UNKNOWN = "unknown"


_THERE = (Sign.LOW, Sign.PRESENT, Sign.HIGH)


class Step(IntEnum):
    """Whom an alarm that nobody acknowledges has been escalated to. The station is told of every alarm at once."""

    STATION = 0
    BED = 1
    """The bed's own annunciator too."""
    SECOND = 2
    """The second station too."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one condition behaves.

    Attributes:
        priority: at the beginning of an episode whose sign is PRESENT.
        onset_s: condition delay, seconds.
        clear_s: GONE must last this long to end it, seconds.
        acknowledge_s: what persists this long after its acknowledgement alarms again, seconds.
        latches: whether an unacknowledged end is kept until somebody acknowledges it.
        unseen_s: UNKNOWN for this long turns on into latched, seconds (latching conditions only).
        grace_s: GONE or HOLD for less than this does not restart the condition delay: a cause that flaps faster is
            one cause.
        flap_s: an episode that begins within this long after the last has ended is a flap: each one doubles `clear_s`,
            so that the alarm stays on rather than comes and goes; 0: never.
        bed_s, second_s: nobody acknowledges for this long: escalate; seconds.
    """

    priority: Priority
    onset_s: float
    clear_s: float
    acknowledge_s: float
    latches: bool = False
    unseen_s: float = 0.0
    grace_s: float = 0.0
    flap_s: float = 0.0
    bed_s: float = 120.0
    second_s: float = 240.0


@dataclass(frozen=True, slots=True)
class State:
    """Where one condition stands. Presence, priority, step and acknowledgement are kept on disk, the rest is not.

    Attributes:
        presence: of the signal.
        priority: of the episode; the rule's while off.
        acknowledged_ns: monotonic time of the acknowledgement; None unless acknowledged.
        step: whom it was escalated to.
        sign: of the last tick.
        onset_ns, level_ns, high_ns, gone_ns, unseen_ns: how long the evidence has been there, been there for the rule's
            priority, been high, been gone, been unknown.
        waiting_ns: how long nobody has acknowledged.
        flaps: episodes that ended shortly before this one.
    """

    presence: Presence
    priority: Priority
    acknowledged_ns: int | None = None
    step: Step = Step.STATION
    sign: Sign = Sign.UNKNOWN
    onset_ns: int = 0
    level_ns: int = 0
    high_ns: int = 0
    gone_ns: int = 0
    unseen_ns: int = 0
    waiting_ns: int = 0
    flaps: int = 0

    @classmethod
    def off(cls, rule: Rule) -> State:
        """No episode."""
        return cls(Presence.OFF, rule.priority)


@dataclass(frozen=True, slots=True)
class Row:
    """One transition.

    Attributes:
        name: of the row, for tests and the documentation.
        presence: it starts from.
        when: the guard in words; `becomes`: the outcome in words.
        holds: the guard: (state, now_ns, rule).
        then: the state after.
    """

    name: str
    presence: Presence
    when: str
    becomes: str
    holds: Callable[[State, int, Rule], bool]
    then: Callable[[State, int, Rule], State]


def advance(state: State, sign: Sign, elapsed_ns: int, now_ns: int, rule: Rule, *, paused: bool = False) -> State:
    """The state after a tick.

    Args:
        state: before.
        sign: evidence at this tick.
        elapsed_ns: since the tick before (0 at the first).
        now_ns: monotonic time of this tick.
        rule: of the condition.
        paused: signals are paused by somebody at the bed: waiting for an acknowledgement does not count.

    Returns:
        The state after; a change of `presence`, `priority` or `step` is a transition to be announced.
    """
    counted = _count(state, sign, elapsed_ns, rule, paused=paused)
    return state if counted is state else _first(TABLE, counted, now_ns, rule)


def acknowledge(state: State, now_ns: int, rule: Rule) -> State:
    """The state after somebody has acknowledged; unchanged where there is nothing to acknowledge."""
    return _first(ACKNOWLEDGING, state, now_ns, rule)


def clear_s(state: State, rule: Rule) -> float:
    """How long GONE must last now, seconds: longer for a condition that comes and goes."""
    return rule.clear_s * (1 << min(state.flaps, MOST_FLAPS))


def _first(rows: tuple[Row, ...], state: State, now_ns: int, rule: Rule) -> State:
    for row in rows:
        if row.presence is state.presence and row.holds(state, now_ns, rule):
            return row.then(state, now_ns, rule)
    return state


def _count(state: State, sign: Sign, elapsed_ns: int, rule: Rule, *, paused: bool) -> State:
    """Advance the times: a span counts for a sign that stood at both of its ends; UNKNOWN freezes all but its own."""
    before = state.sign
    idle = state.presence is Presence.OFF and sign is before and not (state.onset_ns or state.flaps)
    if idle and sign in (Sign.GONE, Sign.UNKNOWN):
        return state  # nothing has begun: its times would say nothing, and no row starts from there
    sounding = state.presence in (Presence.ON, Presence.LATCHED)
    waiting_ns = state.waiting_ns + (elapsed_ns if sounding and not paused else 0)
    if sign is Sign.UNKNOWN:
        unseen = state.unseen_ns + elapsed_ns if before is Sign.UNKNOWN else 0
        return replace(state, sign=sign, unseen_ns=unseen, waiting_ns=waiting_ns)
    there = sign in _THERE
    gone_ns = 0 if there or sign is Sign.HOLD else state.gone_ns + (elapsed_ns if before is Sign.GONE else 0)
    onset_ns = state.onset_ns + (elapsed_ns if there and before in _THERE else 0)
    if not there and gone_ns >= _ns(rule.grace_s):
        onset_ns = 0
    over = state.presence is Presence.OFF and gone_ns >= _ns(rule.flap_s)
    return replace(
        state,
        sign=sign,
        onset_ns=onset_ns,
        level_ns=_lasting(state.level_ns, elapsed_ns, sign, before, (Sign.PRESENT, Sign.HIGH)),
        high_ns=_lasting(state.high_ns, elapsed_ns, sign, before, (Sign.HIGH,)),
        gone_ns=gone_ns,
        unseen_ns=0,
        waiting_ns=waiting_ns,
        flaps=0 if over else state.flaps,
    )


def _lasting(so_far_ns: int, elapsed_ns: int, sign: Sign, before: Sign, among: tuple[Sign, ...]) -> int:
    if sign not in among:
        return 0
    return so_far_ns + (elapsed_ns if before in among else 0)


def _onset(state: State, _now_ns: int, rule: Rule) -> bool:
    return state.sign in _THERE and state.onset_ns >= _ns(rule.onset_s)


def _gone(state: State, _now_ns: int, rule: Rule) -> bool:
    return state.sign is Sign.GONE and state.gone_ns >= _ns(clear_s(state, rule))


def _gone_latching(state: State, now_ns: int, rule: Rule) -> bool:
    return rule.latches and _gone(state, now_ns, rule)


def _unseen(state: State, _now_ns: int, rule: Rule) -> bool:
    return rule.latches and state.sign is Sign.UNKNOWN and state.unseen_ns >= _ns(rule.unseen_s)


def _risen(state: State, _now_ns: int, rule: Rule) -> bool:
    return state.sign is not Sign.UNKNOWN and _priority(state, rule) is not state.priority


def _again(state: State, now_ns: int, rule: Rule) -> bool:
    if state.acknowledged_ns is None or state.sign in (Sign.UNKNOWN, Sign.GONE):
        return False
    return now_ns - state.acknowledged_ns >= _ns(rule.acknowledge_s)


def _waits(step: Step) -> Callable[[State, int, Rule], bool]:
    def holds(state: State, _now_ns: int, rule: Rule) -> bool:
        due_s = rule.bed_s if step is Step.BED else rule.second_s
        matters = RANK[state.priority] >= RANK[Priority.MEDIUM]
        return matters and state.step < step and state.waiting_ns >= _ns(due_s)

    return holds


def _seen_to_go(state: State, _now_ns: int, rule: Rule) -> bool:
    return state.gone_ns >= _ns(clear_s(state, rule))


def _always(_state: State, _now_ns: int, _rule: Rule) -> bool:
    return True


def _begun(state: State, _now_ns: int, rule: Rule) -> State:
    """On, at the priority of this moment: pain that grew severe during its condition delay is one alarm, not two."""
    now = {Sign.LOW: Priority.LOW, Sign.HIGH: Priority.HIGH}.get(state.sign, rule.priority)
    if state.presence is Presence.LATCHED:
        now = max(now, state.priority, key=RANK.__getitem__)
    return replace(state, presence=Presence.ON, priority=now)


def _priority(state: State, rule: Rule) -> Priority:
    """The priority of the episode: what it was, or what the sign has asked for during the condition delay."""
    level = rule.priority if state.level_ns >= _ns(rule.onset_s) and state.sign in _THERE[1:] else state.priority
    high = state.sign is Sign.HIGH and state.high_ns >= _ns(rule.onset_s)
    return max(state.priority, level, Priority.HIGH if high else state.priority, key=RANK.__getitem__)


def _rise(state: State, _now_ns: int, rule: Rule) -> State:
    return replace(state, priority=_priority(state, rule))


def _sound_again(state: State, _now_ns: int, rule: Rule) -> State:
    risen = _priority(state, rule)
    return replace(state, presence=Presence.ON, priority=risen, acknowledged_ns=None, waiting_ns=0, step=Step.STATION)


def _latch(state: State, _now_ns: int, _rule: Rule) -> State:
    return replace(state, presence=Presence.LATCHED)


def _latch_unseen(state: State, _now_ns: int, _rule: Rule) -> State:
    return replace(state, presence=Presence.LATCHED, onset_ns=0)


def _ended(state: State, _now_ns: int, rule: Rule) -> State:
    flaps = state.flaps + 1 if rule.flap_s > 0 else 0
    return replace(State.off(rule), sign=state.sign, flaps=flaps)


def _acknowledged(state: State, now_ns: int, _rule: Rule) -> State:
    return replace(state, presence=Presence.ACKNOWLEDGED, acknowledged_ns=now_ns, waiting_ns=0, step=Step.STATION)


def _escalate(step: Step) -> Callable[[State, int, Rule], State]:
    def then(state: State, _now_ns: int, _rule: Rule) -> State:
        return replace(state, step=step)

    return then


def _ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)


_ON, _LATCHED, _ACKNOWLEDGED, _OFF = Presence.ON, Presence.LATCHED, Presence.ACKNOWLEDGED, Presence.OFF
_BED, _SECOND = _waits(Step.BED), _waits(Step.SECOND)
_TO_BED, _TO_SECOND = _escalate(Step.BED), _escalate(Step.SECOND)

TABLE = (
    Row("begins", _OFF, "evidence for onset_s", "on, at the priority of this moment", _onset, _begun),
    Row("latches", _ON, "gone for clear_s, and the condition latches", "latched", _gone_latching, _latch),
    Row("ends", _ON, "gone for clear_s", "off", _gone, _ended),
    Row("goes unseen", _ON, "unknown for unseen_s, and the condition latches", "latched", _unseen, _latch_unseen),
    Row("rises", _ON, "a higher priority for onset_s", "on, at that priority", _risen, _rise),
    Row("on: to the bed", _ON, "nobody acknowledges for bed_s", "on; the bed sounds too", _BED, _TO_BED),
    Row("on: to the second", _ON, "… for second_s", "on; the second station too", _SECOND, _TO_SECOND),
    Row("comes again", _LATCHED, "evidence for onset_s", "on, never at a lower priority", _onset, _begun),
    Row("latched: to the bed", _LATCHED, "nobody acknowledges for bed_s", "latched; the bed too", _BED, _TO_BED),
    Row("latched: to the second", _LATCHED, "… for second_s", "latched; the second too", _SECOND, _TO_SECOND),
    Row("ends acknowledged", _ACKNOWLEDGED, "gone for clear_s", "off", _gone, _ended),
    Row("rises acknowledged", _ACKNOWLEDGED, "a higher priority for onset_s", "on, at it", _risen, _sound_again),
    Row("re-alarms", _ACKNOWLEDGED, "still there acknowledge_s later", "on", _again, _sound_again),
)
"""Transitions at a tick, in the order in which they are tried. Escalation is of medium and high priority only."""

ACKNOWLEDGING = (
    Row("acknowledged", _ON, "somebody acknowledges", "acknowledged", _always, _acknowledged),
    Row("over and acknowledged", _LATCHED, "somebody acknowledges, and it was seen to go", "off", _seen_to_go, _ended),
    Row("unseen and acknowledged", _LATCHED, "somebody acknowledges", "acknowledged", _always, _acknowledged),
)
"""Transitions by an acknowledgement. What is acknowledged stays so; off is refused."""
