"""What the training kept, and what is said where it kept nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.biosignal.rows import PulseRow, SkinRow
from quantize.biosignal import ship
from quantize.biosignal.dataset import Signal
from quantize.biosignal.evaluation import heldout
from quantize.biosignal.evaluation.people import Floats, Source
from quantize.biosignal.extract import Subject, load, source_digest
from quantize.biosignal.holdout import HeldOut
from quantize.evaluation.data import DataError
from tests.quantize.biosignal import made_up as recordings
from tests.quantize.biosignal.evaluation.made_up import LABELS, SECONDS, person


def kept(path: Path, *more: str) -> Path:
    """Three subjects as the training would have kept them."""
    people = [person(name, 1.0, k) for k, name in enumerate(("S02", "S03", "S04"))]
    arrays = {
        f"logit_{source}": np.concatenate([one.scores[source] for one in people]) for source in ("ppg", "gsr", "hr")
    }
    arrays |= dict.fromkeys(more, arrays["logit_ppg"])
    subjects = np.repeat([one.name for one in people], SECONDS)
    np.savez(path, label=np.tile(LABELS, 3), subject=subjects, **arrays)  # type: ignore[arg-type]  # numpy's options
    return path


def test_missing_scores_say_which_command_makes_them(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="`python -m quantize biosignal` makes it"):
        heldout.read_scores(tmp_path / heldout.FILE)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / heldout.FILE, label=LABELS)
    with pytest.raises(DataError, match="has no subject, logit_ppg"):
        heldout.read_scores(tmp_path / heldout.FILE)


def test_scores_come_subject_by_subject(tmp_path: Path) -> None:
    found = heldout.read_scores(kept(tmp_path / heldout.FILE))
    assert list(found.labels) == ["S02", "S03", "S04"]
    np.testing.assert_array_equal(found.scores["logit_gsr"]["S03"], person("S03", 1.0, 1).scores["gsr"])


def test_without_float_scores_and_rows_the_report_says_so(tmp_path: Path) -> None:
    cohort = heldout.cohort(heldout.read_scores(kept(tmp_path / heldout.FILE)), {})
    assert cohort.float32 is None
    assert any("were not kept" in note for note in cohort.notes)
    assert any("No signal quality" in note for note in cohort.notes)


def test_float_scores_and_yardstick_are_taken_where_they_are(tmp_path: Path) -> None:
    more = ("float_ppg", "float_gsr", "yardstick_ppg", "yardstick_gsr")
    cohort = heldout.cohort(heldout.read_scores(kept(tmp_path / heldout.FILE, *more)), {})
    assert cohort.float32 is not None
    assert cohort.yardstick is not None
    assert cohort.yardstick[0].lines["ppg"] == (1.0, 0.0)
    assert not any("were not kept" in note for note in cohort.notes)


def test_rows_of_the_training_give_the_quality(tmp_path: Path) -> None:
    folder = recordings.write(tmp_path / "data", (2,))
    people = load(folder, tmp_path / "cache", lambda items, _total: items, 1)
    rows = heldout.read_rows(tmp_path / "cache", {"S02": people[0].labels})
    quality = heldout.column(rows["S02"], PulseRow, "quality")
    assert quality[30:].mean() > 0.7
    assert heldout.column(rows["S02"], SkinRow, "scl_us")[40] == pytest.approx(2.0, abs=0.5)


def test_rows_of_another_length_are_not_used(tmp_path: Path) -> None:
    np.savez(tmp_path / f"stress_predict_{source_digest()}.npz", S02=np.zeros((5, 6)))
    assert heldout.read_rows(tmp_path, {"S02": LABELS}) == {}


def test_quality_is_averaged_over_the_past_only() -> None:
    found = heldout.averaged(np.array([1.0] * 10 + [0.0] * 10))
    assert (found[0], found[9], found[14], found[19]) == (1.0, 1.0, 0.5, 0.0)


def subject(name: str, direction: float) -> Subject:
    """Pulse and skin features that rise with arousal in one person, fall in another."""
    ones, state = np.ones(SECONDS), direction * (LABELS - 0.5)
    pulse, skin = (np.column_stack([ones, *[state] * width]).astype(np.float32) for width in (2, 4))
    return Subject(name, LABELS, pulse, skin)


def test_the_yardstick_is_fitted_here_where_it_was_not_kept_on_the_others_only() -> None:
    people = [subject("S02", 1.0), subject("S03", 1.0), subject("S04", -1.0)]
    found = heldout.with_yardstick(heldout.Kept({one.name: LABELS for one in people}, {}), people)
    for signal in ("ppg", "gsr"):
        scores = found.scores[f"yardstick_{signal}"]["S04"]
        assert scores.size == SECONDS
        assert np.nanmean(scores[LABELS == 1]) < np.nanmean(scores[LABELS == 0]) - 1.0
    assert heldout.with_yardstick(found, ()) is found


def test_what_the_training_dumps_is_what_the_evaluation_reads(tmp_path: Path) -> None:
    people = {name: person(name, 1.0, k) for k, name in enumerate(("S02", "S03"))}

    def of(source: Source, factor: float) -> dict[str, Floats]:
        return {name: factor * one.scores[source] for name, one in people.items()}

    forms: list[dict[Signal, dict[str, Floats]]] = [
        {"ppg": of("ppg", factor), "gsr": of("gsr", factor)} for factor in (1.0, 2.0, 3.0)
    ]
    labels = {name: one.labels for name, one in people.items()}
    ship.dump(HeldOut(labels, forms[1], forms[0], forms[2], of("hr", 1.0)), tmp_path / heldout.FILE)
    cohort = heldout.cohort(heldout.read_scores(tmp_path / heldout.FILE), {})
    assert cohort.float32 is not None
    assert cohort.yardstick is not None
    for form, factor in ((cohort.people, 1.0), (cohort.float32, 2.0), (cohort.yardstick, 3.0)):
        np.testing.assert_array_equal(form[1].scores["gsr"], factor * people["S03"].scores["gsr"])
    assert cohort.people[0].lines["ppg"] != cohort.people[0].shared["ppg"]
