"""Every command of the pages runs, or is declared with its reason; no option that a page names can vanish."""

from __future__ import annotations

import argparse
import io
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from edge import cli
from edge.bundle import installed_folder
from quantize.__main__ import build_parser
from tests.docs.architecture import ROOT
from tests.docs.commands import Command, commands, pages, variants
from tests.docs.trials import CANNOT, PROBLEMS, RUNS, filled, options, reason
from tests.replay.box import BAND, record, settings

ALL = [command for page in pages() for command in commands(page)]
PARSER = cli._parser()
SHOWN = [command for command in ALL if command.shown]


def of(*beginnings: str) -> list[Command]:
    """Commands that begin so, each text once."""
    return list({one.text: one for one in ALL if one.text.startswith(beginnings)}.values())


def name(command: Command) -> str:
    return command.text


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the commands find what they name."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "etc").mkdir()
    record(settings(folder, BAND), 130).rename(folder / "sessions" / "one.anodyne")
    shutil.copytree(installed_folder(), folder / "models")
    return folder


def test_the_pages_show_commands() -> None:
    assert len(SHOWN) > 60
    assert len({one.page for one in SHOWN}) > 12


@pytest.mark.parametrize("command", SHOWN, ids=name)
def test_each_command_of_a_block_runs_here_or_says_why_not(command: Command) -> None:
    forms = variants(command.text)
    assert set(forms) & set(RUNS) or reason(command.text), "add it to RUNS or, with its reason, to CANNOT"


def test_nothing_is_declared_that_no_page_shows() -> None:
    forms = {form for command in ALL for form in variants(command.text)}
    assert [one for one in RUNS if one not in forms] == []
    assert [beginning for beginning, _ in CANNOT if not any(re.match(beginning, form) for form in forms)] == []


@pytest.mark.parametrize("number", range(len(RUNS)), ids=lambda number: RUNS[number])
def test_it_runs(
    number: int, scratch: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = RUNS[number]
    program, *words = filled(text, scratch)
    monkeypatch.chdir(scratch)
    if program != "anodyne":
        subprocess.run([sys.executable, *words], check=True, capture_output=True)
        return
    if number and text.startswith("anodyne config check"):
        assert (scratch / "etc" / "anodyne.toml").exists(), "run the whole file: this needs what stands above it"
    monkeypatch.setattr("sys.stdin", io.StringIO("31415926 by the bed\n" if "add" in words else "271828\n"))
    assert cli.main(words) in PROBLEMS.get(text, (0,))
    said = capsys.readouterr().out
    if text == "anodyne config example":
        (scratch / "etc" / "anodyne.toml").write_text(said)  # as `| tee` does
    if "-o" in words:
        assert (scratch / words[words.index("-o") + 1]).exists()


def subparser(parser: argparse.ArgumentParser, words: list[str]) -> argparse.ArgumentParser:
    """The parser of the sub-command that words begin with, and of its own."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            chosen = next((word for word in words if word in action.choices), None)
            assert chosen is not None or not words or words[0].startswith("-"), f"no sub-command {words[0]}"
            return parser if chosen is None else subparser(action.choices[chosen], words[words.index(chosen) + 1 :])
    return parser


@pytest.mark.parametrize("command", of("anodyne "), ids=name)
def test_the_program_knows_the_command_and_every_option(command: Command, scratch: Path) -> None:
    for form in variants(command.text):
        words = filled(form, scratch)[1:]
        if command.shown:
            PARSER.parse_args(words)
        known = {
            option
            for parser in (PARSER, subparser(PARSER, words))
            for action in parser._actions
            for option in action.option_strings
        }
        assert set(options(command)) <= known


@pytest.mark.parametrize("command", of("python -m quantize"), ids=name)
def test_the_training_knows_the_job_and_every_option(command: Command, scratch: Path) -> None:
    for form in variants(command.text):
        build_parser().parse_args(filled(form, scratch)[3:])


@pytest.mark.parametrize("command", of("python -m tests."), ids=name)
def test_the_module_exists(command: Command) -> None:
    assert find_spec(command.words[2]) is not None


def test_make_knows_every_target() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    variables = set(re.findall(r"^(\w+) \?=", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for command in of("make "):
        for word in command.words[1:]:
            assert word.split("=")[0] in (variables if "=" in word else targets), command


def test_pip_is_asked_for_what_there_is() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    asked = [extra for command in of("pip ") for extra in re.findall(r"\[([\w-]+)\]", command.text)]
    assert len(asked) > 4
    assert set(asked) <= set(extras)
    files = [word for command in of("pip ") for word in command.words if word.endswith((".lock", ".in"))]
    assert all((ROOT / one).exists() for one in files)


def test_what_is_installed_into_the_system_is_there() -> None:
    named = [word for command in of("install ", "systemd/") for word in command.words if word.startswith("systemd/")]
    assert named
    assert [word for word in named if not (ROOT / word).exists()] == []


def test_options_are_read_as_with_and_without_and_alternatives_as_each() -> None:
    assert variants("anodyne replay SESSION [--speed N|max] [--json]") == [
        "anodyne replay SESSION",
        "anodyne replay SESSION --json",
        "anodyne replay SESSION --speed N",
        "anodyne replay SESSION --speed max",
        "anodyne replay SESSION --speed N --json",
        "anodyne replay SESSION --speed max --json",
    ]


def test_a_command_is_found_in_blocks_and_sentences_and_nothing_else_is() -> None:
    spoken = [one.text for one in commands(ROOT / "docs" / "add-a-band.md") if one.text.startswith("anodyne")]
    assert spoken == ["anodyne scan", "anodyne config check"]
    texts = [one.text for one in commands(ROOT / "docs" / "install.md")]
    assert "anodyne doctor --config /etc/anodyne/anodyne.toml" in texts
    assert "systemd/install.sh --wheelhouse wheelhouse-aarch64" in texts
    assert [text for text in texts if text.startswith(("sudo", "|", "#"))] == []
