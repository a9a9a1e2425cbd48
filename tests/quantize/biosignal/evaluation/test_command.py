"""The command line, from folder to report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from quantize.__main__ import main
from tests.quantize.biosignal import made_up as recordings
from tests.quantize.biosignal.evaluation.data import folders
from tests.quantize.biosignal.evaluation.made_up import person


def test_a_folder_that_is_not_the_data_set_ends_with_status_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "biosignal", "--data", f"wesad:{tmp_path}", "--out", str(tmp_path / "out")]) == 1
    assert "unpack the WESAD archive" in capsys.readouterr().err


def test_an_unknown_layout_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "biosignal", "--data", "deap:/data"]) == 1
    assert "wesad, painmonit, biovid, shocks, table" in capsys.readouterr().err


def test_without_held_out_scores_the_command_that_makes_them_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "biosignal", "--cache", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "`python -m quantize biosignal` makes it" in capsys.readouterr().err


def test_a_folder_of_recordings_gives_a_report_and_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = folders.table(tmp_path / "data", subjects=2, seconds=120)
    out = tmp_path / "out"
    assert main(["evaluate", "biosignal", "--data", f"table:{data}", "--out", str(out), "--json", "--pages", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["people"], found["seconds"]) == (2, 240)
    assert [row["name"] for row in found["subsets"]] == ["PPG", "GSR", "PPG and GSR", "heart rate only"]
    assert "Session: s0" in (out / "biosignal_table.html").read_text()


def test_single_stimuli_give_responses_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = folders.biovid(tmp_path / "data")
    assert main(["evaluate", "biosignal", "--data", f"biovid:{data}", "--out", str(tmp_path / "out"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["subsets"], found["detected"]) == ([], [])
    assert [level["name"] for level in found["reactions"][0]["levels"]] == ["BL1", "PA4"]


def test_the_held_out_subjects_give_the_whole_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    recordings.write(shared / "data" / "stress-predict", (2, 3))
    recordings.add_what_the_band_says(shared / "data" / "stress-predict")
    folders.shocks(shared / "data" / "nilsonne-shock-scr")
    monkeypatch.setenv("ANODYNE_SHARED", str(shared))
    seconds = recordings.DURATION_S - 10
    label = (np.arange(seconds) % 60 >= 30).astype(np.int64)
    scores = {f"logit_{source}": np.tile(person("S02").scores[source][:seconds], 2) for source in ("ppg", "gsr", "hr")}
    cache = tmp_path / "cache"
    cache.mkdir()
    subject = np.repeat(["S02", "S03"], seconds)
    np.savez(cache / "heldout_arousal.npz", label=np.tile(label, 2), subject=subject, **scores)  # type: ignore[arg-type]  # numpy's options
    assert (
        main(
            [
                "evaluate",
                "biosignal",
                "--recordings",
                "1",
                "--cache",
                str(cache),
                "--out",
                str(tmp_path / "out"),
                "--json",
            ]
        )
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert found["people"] == 2
    assert {"clean", "walking", "running", "skin in pain"} <= {row["case"] for row in found["truth"]}
    assert {"clean", "wrist off", "Stress-Predict: the band's intervals"} <= {row["kind"] for row in found["rated"]}
    assert len(found["detected"]) == 4
    assert (tmp_path / "out" / "biosignal_stress-predict.html").read_text().count("Session: ") >= 2
