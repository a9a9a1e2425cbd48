"""How reports of pain move the threshold."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.alarm.reports import KEPT, Reports, moved
from edge.clock import VirtualClock
from edge.store import Store
from tests.alarm.scenes import assessment


@pytest.mark.parametrize(
    ("value", "score", "offset"),
    [(8, 4.0, -0.25), (4, 4.0, -0.25), (3, 4.0, 0.0), (0, 6.0, 0.25), (1, 6.0, 0.25), (0, 4.0, 0.0), (8, 6.0, 0.0)],
)
def test_a_report_that_disagrees_moves_the_threshold_towards_it(value: int, score: float, offset: float) -> None:
    assert moved(0.0, value, score, 5.0, 1.0) == offset


def test_a_blind_box_learns_nothing() -> None:
    assert moved(0.0, 10, None, 5.0, 1.0) == 0.0


@given(
    reports=st.lists(st.tuples(st.integers(0, 10), st.floats(0, 10)), max_size=60),
    bound=st.floats(0, 2),
)
def test_no_course_of_reports_leaves_the_bounds(reports: list[tuple[int, float]], bound: float) -> None:
    offset = 0.0
    for value, score in reports:
        offset = moved(offset, value, score, 5.0, bound)
        assert -bound <= offset <= bound


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    store, now = Store.open(tmp_path / "state.db"), VirtualClock()
    reports = Reports(store)
    with store.transaction():
        for number in range(KEPT + 5):
            reports.keep("nrs", number % 11, "patient", now.instant(), assessment(0, 3.0), 0.0)
    kept = reports.kept()
    assert len(kept) == KEPT
    assert (kept[-1].value, kept[-1].score, kept[-1].mode) == ((KEPT + 4) % 11, 3.0, "face+ppg+gsr")
    store.close()


def test_a_report_before_the_first_assessment_says_so(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "state.db")
    kept = Reports(store).keep("painad", 5, "nurse", VirtualClock().instant(), None, 0.0)
    assert (kept.score, kept.mode, kept.verdict) == (None, None, None)
    assert Reports(store).kept() == [kept]
    store.close()
