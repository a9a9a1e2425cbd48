"""The figures of a shadow run are those of the scores that went in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.bundles.pointer import Shadowing
from edge.errors import BundleError, BundleReason
from edge.shadow.report import figures, text
from edge.shadow.tally import Burden, Counter, Tally
from edge.types import NS_PER_S, Absence, Assessment, Condition, Modality, Priority, Verdict


def said(score: float | None) -> Assessment:
    """An assessment with a score, or blind."""
    if score is None:
        return Assessment(0, Verdict.CANNOT_ASSESS, None, None, None, (), {Modality.FACE: Absence.NO_FACE})
    verdict = Verdict.PAIN if score >= 5 else Verdict.CALM
    return Assessment(0, verdict, score, (0.0, 10.0), 0.5, (Modality.FACE,), {})


def counted(old: list[float | None], new: list[float | None]) -> Tally:
    """One tick a second."""
    tally = Tally(old="a", new="b")
    for left, right in zip(old, new, strict=True):
        tally.compare(said(left), said(right), NS_PER_S)
    return tally


def test_bias_correlation_and_differences_are_those_of_the_scores() -> None:
    drawn = np.random.default_rng(1)
    old = drawn.uniform(0.0, 10.0, 500)
    new = np.clip(old + drawn.normal(0.3, 0.5, 500), 0.0, 10.0)
    tally = counted([*map(float, old)], [*map(float, new)])
    apart = np.abs(new - old)
    assert tally.bias == pytest.approx(float(np.mean(new - old)))
    assert tally.correlation == pytest.approx(float(np.corrcoef(old, new)[0, 1]))
    assert tally.difference(0.95) == pytest.approx(float(np.quantile(apart, 0.95)), abs=0.1)
    assert tally.difference(1.0) == pytest.approx(float(apart.max()), abs=0.051)


def test_what_one_cannot_assess_is_no_agreement_and_has_no_difference() -> None:
    tally = counted([1.0, 1.0, 8.0, None], [1.0, None, 1.0, None])
    assert (tally.same_verdict, tally.scored) == (0.5, 2)
    assert tally.verdicts == {
        "calm/calm": 1, "calm/cannot_assess": 1, "pain/calm": 1, "cannot_assess/cannot_assess": 1
    }  # fmt: skip


def test_scores_that_never_move_have_no_correlation() -> None:
    assert counted([1.0, 1.0], [1.0, 2.0]).correlation is None


def test_a_gap_is_not_time_that_was_watched() -> None:
    tally = counted([1.0], [1.0])
    tally.compare(said(1.0), said(1.0), 3600 * NS_PER_S)
    assert tally.seconds == 1.0


def test_an_episode_counts_at_the_highest_priority_that_it_had() -> None:
    burden = Burden()
    counter = Counter(burden)
    for priority in (Priority.LOW, Priority.MEDIUM, Priority.MEDIUM):
        counter.step({Condition.PAIN: priority}, NS_PER_S)
    counter.step({}, NS_PER_S)
    counter.step({Condition.PAIN: Priority.LOW}, NS_PER_S)
    assert (burden.episodes, burden.seconds) == ({"pain": 2}, {"pain": 2.0})
    assert {name: count for name, count in burden.pain.items() if count} == {"medium": 1, "low": 1}


def test_the_report_projects_to_a_day_and_says_so() -> None:
    tally = counted([1.0] * 3600, [1.0] * 3600)
    tally.new_burden.episodes["pain"] = 2
    tally.new_burden.alone = 2
    told = "\n".join(text(tally, Shadowing(id="b", seconds=7200.0)))
    assert "b beside a: 1.00 of 2 hours, wanted" in told
    assert "the same at 100.00 % of 3600 assessments" in told
    assert "48.0" in told
    assert "is a projection" in told
    assert figures(tally, None)["burden"] == {
        "pain": {
            "old": {"episodes": 0, "seconds": 0.0, "per_day": 0.0},
            "new": {"episodes": 2, "seconds": 0.0, "per_day": 48.0},
        }
    }


def test_an_empty_report_claims_nothing() -> None:
    assert [*text(Tally(old="a", new="b"), None)][1:] == ["nothing has been compared yet"]
    assert figures(Tally(old="a", new="b"), None)["same_verdict"] is None


def test_figures_that_cannot_be_read_are_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(BundleError) as caught:
        Tally.read(tmp_path / "none.json")
    assert caught.value.reason is BundleReason.MISSING
    (tmp_path / "cut.json").write_text(Tally(old="a", new="b").model_dump_json()[:-9])
    with pytest.raises(BundleError) as caught:
        Tally.read(tmp_path / "cut.json")
    assert caught.value.reason is BundleReason.FORMAT
