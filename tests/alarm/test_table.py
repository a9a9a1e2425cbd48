"""Every row of the alarm table: a situation in which it is taken, and one just short of it in which it is not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edge.alarm import pages
from edge.alarm.table import ACKNOWLEDGING, TABLE, Row, Rule, Sign, State, Step, acknowledge, advance
from edge.types import NS_PER_S, Presence, Priority

S = NS_PER_S

RULE = Rule(
    Priority.MEDIUM, onset_s=10, clear_s=20, acknowledge_s=300, latches=True, unseen_s=15, bed_s=120, second_s=240
)
MILD = replace(RULE, latches=False)

OFF = State(Presence.OFF, Priority.MEDIUM, sign=Sign.PRESENT)
ON = State(Presence.ON, Priority.MEDIUM, sign=Sign.GONE)
LATCHED = State(Presence.LATCHED, Priority.HIGH, sign=Sign.PRESENT)
KNOWN = State(Presence.ACKNOWLEDGED, Priority.MEDIUM, acknowledged_ns=0, sign=Sign.GONE)


@dataclass(frozen=True)
class Case:
    """The tick after which a row is due, and what then is."""

    state: State
    sign: Sign
    presence: Presence
    priority: Priority = Priority.MEDIUM
    step: Step = Step.STATION
    rule: Rule = RULE
    now_s: float = 1.0


CASES = {
    "begins": Case(replace(OFF, onset_ns=9 * S), Sign.PRESENT, Presence.ON),
    "latches": Case(replace(ON, gone_ns=19 * S), Sign.GONE, Presence.LATCHED),
    "ends": Case(replace(ON, gone_ns=19 * S), Sign.GONE, Presence.OFF, rule=MILD),
    "goes unseen": Case(replace(ON, sign=Sign.UNKNOWN, unseen_ns=14 * S), Sign.UNKNOWN, Presence.LATCHED),
    "rises": Case(replace(ON, sign=Sign.HIGH, high_ns=9 * S), Sign.HIGH, Presence.ON, Priority.HIGH),
    "on: to the bed": Case(replace(ON, waiting_ns=119 * S), Sign.HOLD, Presence.ON, step=Step.BED),
    "on: to the second": Case(replace(ON, waiting_ns=239 * S, step=Step.BED), Sign.HOLD, Presence.ON, step=Step.SECOND),
    "comes again": Case(replace(LATCHED, onset_ns=9 * S), Sign.PRESENT, Presence.ON, Priority.HIGH),
    "latched: to the bed": Case(
        replace(LATCHED, waiting_ns=119 * S), Sign.GONE, Presence.LATCHED, Priority.HIGH, Step.BED
    ),
    "latched: to the second": Case(
        replace(LATCHED, waiting_ns=239 * S, step=Step.BED), Sign.GONE, Presence.LATCHED, Priority.HIGH, Step.SECOND
    ),
    "ends acknowledged": Case(replace(KNOWN, gone_ns=19 * S), Sign.GONE, Presence.OFF),
    "rises acknowledged": Case(replace(KNOWN, sign=Sign.HIGH, high_ns=9 * S), Sign.HIGH, Presence.ON, Priority.HIGH),
    "re-alarms": Case(KNOWN, Sign.PRESENT, Presence.ON, now_s=300.0),
}


def _rows(rows: tuple[Row, ...]) -> list[str]:
    return [row.name for row in rows]


def test_every_row_has_a_case() -> None:
    assert sorted(CASES) == sorted(_rows(TABLE))
    assert len(set(_rows(TABLE) + _rows(ACKNOWLEDGING))) == len(TABLE) + len(ACKNOWLEDGING)


@pytest.mark.parametrize("name", CASES)
def test_a_row_is_taken_when_it_is_due(name: str) -> None:
    case = CASES[name]
    after = advance(case.state, case.sign, S, round(case.now_s * S), case.rule)
    assert (after.presence, after.priority, after.step) == (case.presence, case.priority, case.step)
    [row] = [one for one in TABLE if one.name == name]
    assert row.presence is case.state.presence


@pytest.mark.parametrize("name", CASES)
def test_a_row_is_not_taken_a_moment_before(name: str) -> None:
    case = CASES[name]
    after = advance(case.state, case.sign, S - 1, round(case.now_s * S) - 1, case.rule)
    before = case.state
    assert (after.presence, after.priority, after.step) == (before.presence, before.priority, before.step)


def test_acknowledging_what_sounds() -> None:
    after = acknowledge(replace(ON, step=Step.BED, waiting_ns=130 * S), 5 * S, RULE)
    assert (after.presence, after.acknowledged_ns, after.step) == (Presence.ACKNOWLEDGED, 5 * S, Step.STATION)


def test_acknowledging_what_was_seen_to_go_ends_it() -> None:
    assert acknowledge(replace(LATCHED, gone_ns=20 * S), S, RULE).presence is Presence.OFF


def test_acknowledging_what_went_out_of_sight_keeps_it() -> None:
    assert acknowledge(replace(LATCHED, sign=Sign.UNKNOWN), S, RULE).presence is Presence.ACKNOWLEDGED


@pytest.mark.parametrize("state", [OFF, KNOWN], ids=["off", "acknowledged"])
def test_acknowledging_anything_else_changes_nothing(state: State) -> None:
    assert acknowledge(state, S, RULE) == state


def test_pain_begins_at_the_priority_of_its_moment() -> None:
    for sign, priority in ((Sign.LOW, Priority.LOW), (Sign.PRESENT, Priority.MEDIUM), (Sign.HIGH, Priority.HIGH)):
        state = replace(OFF, sign=sign, onset_ns=9 * S)
        assert advance(state, sign, S, S, RULE).priority is priority


def test_low_pain_that_grows_becomes_medium() -> None:
    low = State(Presence.ON, Priority.LOW, sign=Sign.PRESENT, level_ns=9 * S)
    assert advance(low, Sign.PRESENT, S, S, RULE).priority is Priority.MEDIUM


def test_low_priority_calls_nobody_else() -> None:
    low = State(Presence.ON, Priority.LOW, sign=Sign.LOW, waiting_ns=9000 * S)
    assert advance(low, Sign.LOW, S, S, RULE).step is Step.STATION


def test_waiting_stands_still_while_signals_are_paused() -> None:
    waiting = replace(ON, waiting_ns=119 * S)
    assert advance(waiting, Sign.HOLD, 60 * S, S, RULE, paused=True).step is Step.STATION


def test_an_alarm_that_comes_and_goes_is_held_longer_and_is_never_held_back() -> None:
    rule = replace(MILD, onset_s=2, clear_s=5, grace_s=5, flap_s=120)
    state, held = State.off(rule), []
    for _ in range(5):
        lost = 0
        while state.presence is Presence.OFF:
            state = advance(state, Sign.PRESENT, S, 0, rule)
            lost += 1
        assert lost <= 4  # onset, and one tick at each end
        back = 0
        while state.presence is Presence.ON:
            state = advance(state, Sign.GONE, S, 0, rule)
            back += 1
        held.append(back)
    assert held == [6, 11, 21, 41, 41]
    for _ in range(125):
        state = advance(state, Sign.GONE, S, 0, rule)
    assert state.flaps == 0


def test_the_page_holds_the_tables_as_they_are() -> None:
    page = Path("docs/alarms.md")
    if not page.exists():
        pytest.skip("the documentation is not beside the tests")
    text = page.read_text(encoding="utf-8")
    assert pages.filled(text) == text, "run: make docs"
    assert all(f"| {row.name} |" in text for row in (*TABLE, *ACKNOWLEDGING))


def test_a_page_without_a_place_for_the_tables_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        pages.filled("# Alarms")
