"""The alarm table: what one condition does at one tick. Pure: values in, values out; no clock, no disk.

Evidence comes as a `Sign`; the presence of the signal moves as follows ("for" means: this long, counted while the sign
lasts and frozen while nothing is known):

    presence       PRESENT                      HOLD            GONE                         UNKNOWN
    off            on, after onset_s (high if   -               -                            -
                   HIGH at that moment)
    on             high, after onset_s of HIGH  -               latched (if the rule says    latched (likewise),
                                                                so) or off, after clear_s    after unseen_s
    latched        on again, after onset_s      -               stays until acknowledged     stays
    acknowledged   on after acknowledge_s, or   on after        off, after clear_s           stays
                   at once when it turns high   acknowledge_s

Acknowledging: on -> acknowledged; latched -> off where the evidence was seen to go, else acknowledged; acknowledged
stays so; off is refused. Priority only rises within an episode: what was once high wants a look, and a score that
sways about the limit does not make the priority flap. UNKNOWN (the box is blind) never ends a condition, never lowers
a priority, and never counts towards ending one.

Latching and acknowledged are the signal presences of ISO/IEEE 11073 SDC, priorities and delays those of IEC 60601-1-8.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from edge.types import NS_PER_S, Presence, Priority

_RANK = {Priority.LOW: 0, Priority.MEDIUM: 1, Priority.HIGH: 2}


class Sign(StrEnum):
    """What the evidence says about a condition at one tick."""

    PRESENT = "present"
    HIGH = "high"
    """Present, and severe enough for high priority."""
    HOLD = "hold"
    """Neither enough to begin nor little enough to end."""
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Rule:
    """How one condition behaves.

    Attributes:
        priority: at the beginning of an episode (HIGH signs may raise it).
        onset_s: condition delay, seconds.
        clear_s: GONE must last this long to end it, seconds.
        acknowledge_s: what persists this long after its acknowledgement alarms again, seconds.
        latches: whether an unacknowledged end is kept until somebody acknowledges it.
        unseen_s: UNKNOWN for this long turns on into latched, seconds (latching conditions only).
        grace_s: GONE or HOLD for less than this does not restart the condition delay: a cause that flaps faster is
            one cause.
    """

    priority: Priority
    onset_s: float
    clear_s: float
    acknowledge_s: float
    latches: bool = False
    unseen_s: float = 0.0
    grace_s: float = 0.0


@dataclass(frozen=True, slots=True)
class State:
    """Where one condition stands. The first three fields are kept on disk, the times (nanoseconds) are not.

    Attributes:
        presence: of the signal.
        priority: of the episode; the rule's while off.
        acknowledged_ns: monotonic time of the acknowledgement; None unless acknowledged.
        sign: of the last tick.
        onset_ns, high_ns, gone_ns, unseen_ns: how long the evidence has been there, been high, been gone, been unknown.
    """

    presence: Presence
    priority: Priority
    acknowledged_ns: int | None = None
    sign: Sign = Sign.UNKNOWN
    onset_ns: int = 0
    high_ns: int = 0
    gone_ns: int = 0
    unseen_ns: int = 0

    @classmethod
    def off(cls, rule: Rule) -> State:
        """No episode."""
        return cls(Presence.OFF, rule.priority)


def advance(state: State, sign: Sign, elapsed_ns: int, now_ns: int, rule: Rule) -> State:
    """The state after a tick.

    Args:
        state: before.
        sign: evidence at this tick.
        elapsed_ns: since the tick before (0 at the first).
        now_ns: monotonic time of this tick.
        rule: of the condition.

    Returns:
        The state after; a change of `presence` or `priority` is a transition to be announced.
    """
    counted = _count(state, sign, elapsed_ns, rule)
    return _MOVES[state.presence](counted, now_ns, rule)


def acknowledge(state: State, now_ns: int, rule: Rule) -> State:
    """The state after somebody has acknowledged; unchanged where there is nothing to acknowledge."""
    if state.presence in (Presence.OFF, Presence.ACKNOWLEDGED):
        return state
    if state.presence is Presence.LATCHED and state.gone_ns >= _ns(rule.clear_s):
        return _ended(state, rule)
    return replace(state, presence=Presence.ACKNOWLEDGED, acknowledged_ns=now_ns)


def _count(state: State, sign: Sign, elapsed_ns: int, rule: Rule) -> State:
    """Advance the times: a span counts for a sign that stood at both of its ends; UNKNOWN freezes all but its own."""
    before = state.sign
    if sign is Sign.UNKNOWN:
        unseen = state.unseen_ns + elapsed_ns if before is Sign.UNKNOWN else 0
        return replace(state, sign=sign, unseen_ns=unseen)
    there, was_there = (one in (Sign.PRESENT, Sign.HIGH) for one in (sign, before))
    gone_ns = 0 if there or sign is Sign.HOLD else state.gone_ns + (elapsed_ns if before is Sign.GONE else 0)
    onset_ns = state.onset_ns + (elapsed_ns if there and was_there else 0)
    if not there and gone_ns >= _ns(rule.grace_s):
        onset_ns = 0
    high_ns = 0
    if sign is Sign.HIGH:
        high_ns = state.high_ns + (elapsed_ns if before is Sign.HIGH else 0)
    return replace(state, sign=sign, onset_ns=onset_ns, high_ns=high_ns, gone_ns=gone_ns, unseen_ns=0)


def _from_off(state: State, _now_ns: int, rule: Rule) -> State:
    return _begun(state, rule) if _onset(state, rule) else state


def _from_on(state: State, _now_ns: int, rule: Rule) -> State:
    if _gone(state, rule):
        return replace(state, presence=Presence.LATCHED) if rule.latches else _ended(state, rule)
    if rule.latches and state.sign is Sign.UNKNOWN and state.unseen_ns >= _ns(rule.unseen_s):
        return replace(state, presence=Presence.LATCHED, onset_ns=0)
    return replace(state, priority=_priority(state, rule))


def _from_latched(state: State, _now_ns: int, rule: Rule) -> State:
    return _begun(state, rule) if _onset(state, rule) else state


def _from_acknowledged(state: State, now_ns: int, rule: Rule) -> State:
    if _gone(state, rule):
        return _ended(state, rule)
    if state.sign is Sign.UNKNOWN or state.acknowledged_ns is None:
        return state
    risen = _priority(state, rule)
    due = now_ns - state.acknowledged_ns >= _ns(rule.acknowledge_s)
    if risen is state.priority and (not due or state.sign is Sign.GONE):
        return state
    return replace(state, presence=Presence.ON, priority=risen, acknowledged_ns=None)


_MOVES = {
    Presence.OFF: _from_off,
    Presence.ON: _from_on,
    Presence.LATCHED: _from_latched,
    Presence.ACKNOWLEDGED: _from_acknowledged,
}


def _onset(state: State, rule: Rule) -> bool:
    return state.sign in (Sign.PRESENT, Sign.HIGH) and state.onset_ns >= _ns(rule.onset_s)


def _begun(state: State, rule: Rule) -> State:
    """On, at the priority of this moment: pain that grew severe during its condition delay is one alarm, not two."""
    priority = Priority.HIGH if state.sign is Sign.HIGH else _priority(state, rule)
    return replace(state, presence=Presence.ON, priority=priority)


def _gone(state: State, rule: Rule) -> bool:
    return state.sign is Sign.GONE and state.gone_ns >= _ns(rule.clear_s)


def _priority(state: State, rule: Rule) -> Priority:
    """The priority of the episode: what it was, or high when HIGH has lasted for the condition delay."""
    high = state.sign is Sign.HIGH and state.high_ns >= _ns(rule.onset_s)
    return max(state.priority, Priority.HIGH if high else rule.priority, key=_RANK.__getitem__)


def _ended(state: State, rule: Rule) -> State:
    return replace(State.off(rule), sign=state.sign)


def _ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)
