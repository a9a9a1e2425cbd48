"""`anodyne explain`: which alert is meant, what is said of it, and the picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from edge.bundle import Bundle
from edge.cli import main
from edge.fusion import Calibration
from edge.plot.explain import explain, find
from edge.recorder.events import Alerted, Assessed, Event, Ticked
from edge.types import Condition, Contribution, Modality, Presence, Priority, Verdict
from tests.recorder.events import ALERT, BLIND, SEEN, write
from tests.replay import box
from tests.replay.troubled import at

PAIN = replace(
    SEEN,
    verdict=Verdict.PAIN,
    score=6.0,
    interval=(4.0, 8.0),
    contributions=(Contribution(Modality.FACE, 3.0, 0.9, 0.1), Contribution(Modality.GSR, 0.2, 0.7, 1.0)),
    reasons=("AU4", "skin"),
)


def session(path: Path, *, second_alert: bool = False) -> Path:
    """An alarm for pain at 4 s, and one that it cannot assess at 8 s."""
    raised = replace(ALERT, at_ns=at(4), reasons=("AU4", "AU43", "for_12_s"), score=6.0, interval=(4.0, 8.0))
    events: list[Event] = []
    for second in range(1, 10):
        events += [Ticked(at(second)), Assessed(at(second), PAIN if second < 7 else BLIND)]
        if second == 4:
            events.append(Alerted(at(4), raised))
        if second == 8:
            blind = replace(ALERT, id="0123456789ab-11", at_ns=at(8), condition=Condition.CANNOT_ASSESS, reasons=())
            events.append(Alerted(at(8), replace(blind, score=None, interval=None, mode="blind")))
            if second_alert:
                events.append(Alerted(at(8), replace(raised, id="0123456789ab-12", presence=Presence.LATCHED)))
    return write(path, events)


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ("0123456789ab-9", "0123456789ab-9"),
        ("pain", "0123456789ab-9"),
        ("last", "0123456789ab-11"),
        ("cannot_assess", "0123456789ab-11"),
    ],
)
def test_an_alert_is_named_by_its_id_its_condition_or_as_the_last(tmp_path: Path, event: str, found: str) -> None:
    path, alert = find(session(tmp_path / "x.anodyne", second_alert=True), event)
    assert (path.name, alert.id) == ("x.anodyne", found)


def test_in_a_folder_the_newest_session_is_looked_at_first(tmp_path: Path) -> None:
    for number in (1, 2):
        session(tmp_path / f"20260101T000000Z-0123456789ab-{number}.anodyne")
    assert find(tmp_path, "pain")[0].name.endswith("-2.anodyne")


def test_an_unknown_alert_is_said_to_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "nonsense", str(session(tmp_path / "x.anodyne"))]) == 2
    assert "holds no alert 'nonsense': give the id of an alert, 'last', or a condition (pain" in capsys.readouterr().err


def test_the_sentences_hold_reasons_score_evidence_and_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "pain", str(session(tmp_path / "x.anodyne"))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("UTC: signs of pain, raised, medium priority")
    assert lines[1] == "Because: brow lowered, eyes shut; 12 s (codes: AU4, AU43, for_12_s)"
    assert lines[2].startswith("Score 6.0 of 10, with 90 % between 4.0 and 8.0; pain from 5 on, held for 10 s")
    assert "face +3.0 (signal quality 0.9, 0.1 s old); skin +0.2" in lines[3]
    assert "0.7 more log-odds of evidence would be enough for high priority" in lines
    assert lines[-1] == "Not in use: the pulse: sensor lost"
    assert not any(line.startswith("Without") for line in lines)  # another bundle judged: its thresholds are not known


def test_with_the_thresholds_at_hand_it_says_what_the_alarm_hangs_on(tmp_path: Path) -> None:
    path = session(tmp_path / "x.anodyne")
    lines = explain(path, find(path, "pain")[1], Calibration(Bundle.load())).lines
    assert next(line for line in lines if line.startswith("Without the face")).endswith("no pain")
    assert next(line for line in lines if line.startswith("Without the skin")).endswith("still pain")


def test_a_blind_bed_is_never_explained_with_a_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "cannot_assess", str(session(tmp_path / "x.anodyne"))]) == 0
    said = capsys.readouterr().out
    assert "Nothing could be judged: there is no score, and that is not calm." in said
    assert "Score" not in said
    assert "the face: no face" in said


def test_the_recorder_must_have_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "box.toml"
    config.write_text('[box]\nsite = "home"\nbed = "bed1"\n')
    assert main(["explain", "last", "--config", str(config)]) == 2
    assert "[recorder] has no folder" in capsys.readouterr().err


@pytest.mark.models
def test_a_true_alarm_is_explained_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = box.record(box.settings(tmp_path, box.CAMERA, box.BAND), 75)
    assert main(["explain", "pain", str(path), "-o", str(tmp_path / "why.png")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("Because: ") and "AU" in line for line in lines)
    assert any(line.startswith("Without the face: ") for line in lines)
    picture = cv2.imread(str(tmp_path / "why.png"))
    assert picture is not None
    assert picture.shape[1] == 1760
    assert find(path, "pain")[1].priority in (Priority.MEDIUM, Priority.HIGH)
