"""Breaks each invariant of the alarms on purpose and demands that its check fails: `python -m tests.alarm.mutants`.

A mutant changes one thing in the running program: a row of the table, a sign, what is restored. It is caught where a
course of events from kept seeds breaks one of the laws that it is expected to break.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

from edge.alarm import manager, record, signs, standing, table
from edge.alarm.record import Record
from edge.alarm.table import Row, Rule, Sign, State
from edge.clock import Instant, VirtualClock
from edge.config import Alarm
from edge.types import Alert, Condition, Hold
from tests.alarm.invariants import Broken, Law
from tests.alarm.long import play

SEEDS = range(12)
HOURS = 6.0
"""Twelve seeds of six hours catch every mutant; most need one."""


@dataclass(frozen=True)
class Mutant:
    """One way to be wrong.

    Attributes:
        name: what is broken.
        laws: which invariants must notice, any of them.
        breaking: breaks it for the length of the block.
    """

    name: str
    laws: frozenset[Law]
    breaking: Callable[[], object]


def _without(name: str) -> Callable[[], object]:
    """A table that lacks a row."""
    return lambda: patch.object(table, "TABLE", tuple(row for row in table.TABLE if row.name != name))


def _late(name: str, ticks: int = 8) -> Callable[[], object]:
    """A table one of whose rows comes later than it should."""

    def slow(row: Row) -> Row:
        def holds(state: State, now_ns: int, rule: Rule) -> bool:
            slower = replace(rule, onset_s=rule.onset_s + 4.0 * ticks, clear_s=rule.clear_s * 20)
            return row.holds(state, now_ns, replace(slower, bed_s=rule.bed_s * 4, acknowledge_s=rule.acknowledge_s * 4))

        return replace(row, holds=holds)

    rows = tuple(slow(row) if row.name == name else row for row in table.TABLE)
    return lambda: patch.object(table, "TABLE", rows)


def _sign(condition: Condition, sign: Callable[[signs.View, Alarm], Sign]) -> Callable[[], object]:
    """Another reading of the evidence."""
    changed = {**signs.SOURCES, condition: (sign, "")}
    return lambda: patch.object(signs, "SOURCES", changed)


def _rules(**changes: object) -> Callable[[], object]:
    """Another rule of pain."""
    right = signs.rules

    def wrong(alarm: Alarm) -> dict[Condition, Rule]:
        found = right(alarm)
        return {**found, Condition.PAIN: replace(found[Condition.PAIN], **changes)}  # type: ignore[arg-type]  # fields of a rule, by name

    return lambda: patch.object(signs, "rules", wrong)


def _blind_is_gone(view: signs.View, alarm: Alarm) -> Sign:
    return Sign.GONE if view.assessment.score is None else _PAIN(view, alarm)


_PAIN = signs.SOURCES[Condition.PAIN][0]
_ALERT = manager.AlarmManager._alert  # what is broken is inside
_INSTANT = VirtualClock.instant


def _quiet_blindness(_view: signs.View, _alarm: Alarm) -> Sign:
    return Sign.GONE


def _in_sight(_view: signs.View) -> bool:
    return False


def _forgets(_record: Record, rule: Rule, _now: Instant) -> State:
    return State.off(rule)


def _other_episode(self: manager.AlarmManager, condition: Condition, state: State, now: Instant) -> Alert:
    alert = _ALERT(self, condition, state, now)
    return replace(alert, episode=alert.id)


def _wall_for_monotonic(self: VirtualClock) -> Instant:
    right = _INSTANT(self)
    return replace(right, mono_ns=max(0, right.wall_ms - 1_766_000_000_000) * 1_000_000)


def _never(_self: standing.Standing, _now_ns: int) -> tuple[Hold, ...]:
    return ()


def _not_loud(_state: State) -> bool:
    return False


def _ends_at_once(name: str) -> Callable[[], object]:
    """Pain that should latch ends by itself."""
    rows = tuple(replace(row, then=_END.then) if row.name == name else row for row in table.TABLE)
    return lambda: patch.object(table, "TABLE", rows)


[_END] = [row for row in table.TABLE if row.name == "ends"]


def _of(*laws: Law) -> frozenset[Law]:
    return frozenset(laws)


MUTANTS = (
    Mutant("blindness counts as the end of pain", _of(Law.BLIND, Law.HIGH), _sign(Condition.PAIN, _blind_is_gone)),
    Mutant(
        "a calm wristband ends the pain of a face that is out of sight",
        _of(Law.BLIND, Law.HIGH),
        lambda: patch.object(signs, "_face_out_of_sight", _in_sight),
    ),
    Mutant("blindness is no alarm", _of(Law.BLIND, Law.DELAYS), _sign(Condition.CANNOT_ASSESS, _quiet_blindness)),
    Mutant("pain out of sight ends", _of(Law.BLIND, Law.HIGH), _ends_at_once("goes unseen")),
    Mutant("pain does not latch", _of(Law.HIGH), _rules(latches=False)),
    Mutant("pain ends instead of latching", _of(Law.HIGH), _ends_at_once("latches")),
    Mutant("a restart forgets alarms", _of(Law.RESTART), lambda: patch.object(record, "restore", _forgets)),
    Mutant(
        "each transition is an episode of its own",
        _of(Law.ONE),
        lambda: patch.object(manager.AlarmManager, "_alert", _other_episode),
    ),
    Mutant(
        "wall time in place of monotonic time",
        _of(Law.ORDER),
        lambda: patch.object(VirtualClock, "instant", _wall_for_monotonic),
    ),
    Mutant("holds never end", _of(Law.PAUSES), lambda: patch.object(standing.Standing, "expired", _never)),
    Mutant("a pause outlives a high alarm", _of(Law.PAUSES), lambda: patch.object(manager, "_loud", _not_loud)),
    *(
        Mutant(f"no row: {row.name}", _of(Law.DELAYS, Law.BLIND, Law.HIGH), _without(row.name))
        for row in table.TABLE
        if row.name not in ("goes unseen",)
    ),
    *(
        Mutant(f"late: {name}", _of(Law.DELAYS, Law.BLIND, Law.HIGH), _late(name))
        for name in ("begins", "latches", "ends", "rises", "on: to the bed", "ends acknowledged", "re-alarms")
    ),
)
"""Every law is broken at least once; "goes unseen" is not left out, as pain that stays on while blind breaks no law."""

SHORT = tuple(one for one in MUTANTS if not one.name.startswith(("no row", "late", "a calm wristband"))) + tuple(
    one for one in MUTANTS if one.name in ("no row: begins", "late: begins", "late: re-alarms")
)
"""The short form for the suite: each law at least once, by mutants that are caught within seconds."""


@contextmanager
def _broken(mutant: Mutant) -> Iterator[None]:
    with mutant.breaking():  # type: ignore[attr-defined]  # every one is a patcher
        yield


def caught(mutant: Mutant) -> Broken | None:
    """The first breach that a mutant is caught by; None where it survives."""
    for seed in SEEDS:
        with tempfile.TemporaryDirectory(prefix="anodyne-mutant-") as folder, _broken(mutant):
            try:
                play(seed, HOURS, Path(folder))
            except Broken as broken:
                return broken
    return None


def main() -> int:
    """Try every mutant; 1 where one survives or is caught by another law."""
    missed = 0
    for mutant in MUTANTS:
        broken = caught(mutant)
        right = broken is not None and broken.law in mutant.laws
        missed += not right
        sys.stdout.write(f"{'caught' if right else 'MISSED'}  {mutant.name}: {broken}\n")
    sys.stdout.write(f"{len(MUTANTS) - missed} of {len(MUTANTS)} mutants caught\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
