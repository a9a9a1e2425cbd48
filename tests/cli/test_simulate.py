"""`anodyne simulate` as it is called."""

from __future__ import annotations

import json

import pytest

from edge.cli import main
from edge.simulate.library import names


def test_the_list_names_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--list", "--json"]) == 0
    assert tuple(json.loads(capsys.readouterr().out)) == names()


def test_a_life_ends_in_one_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--scenario", "calm", "--hours", "0.02", "--seed", "4", "--watched", "face", "--json"]
    assert main(["simulate", *arguments]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["seed"], told["watched"], told["episodes"], told["blind_reported_calm_s"]) == (4, "face", 0, 0.0)
    assert told["hours"] == 0.02


def test_text_says_what_happened(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--scenario", "lights_off", "--hours", "0.12", "--watched", "face"]) == 0
    text = capsys.readouterr().out
    assert "cannot assess on" in text
    assert "called calm meanwhile for 0.0 s" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--scenario", "no_such_life"], "simulate --list"),
        (["--hours", "0"], "more than 0 and at most 24 hours"),
        (["--tick-s", "9"], "--tick-s is 0.1 to 5"),
    ],
)
def test_what_cannot_be_played_is_refused(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_an_unknown_subset_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["simulate", "--watched", "face+smell"])
    assert "face+ppg+gsr" in capsys.readouterr().err
