"""The history of bundles: readable after a cut, and bounded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.bundles.history import HISTORY_FILE, MOST_BYTES, OLDER, events, note
from edge.clock import VirtualClock


def test_a_line_that_was_cut_costs_itself_alone(tmp_path: Path) -> None:
    clock = VirtualClock()
    note(tmp_path, clock.instant(), "installed", "0.2.0-1")
    with (tmp_path / HISTORY_FILE).open("a") as file:
        file.write('{"what": "comm')
    note(tmp_path, clock.instant(), "committed", "0.2.0-1", "a test")
    assert [(one.what, one.why) for one in events(tmp_path)] == [("installed", ""), ("committed", "a test")]


def test_a_line_whose_time_cannot_be_is_damage(tmp_path: Path) -> None:
    note(tmp_path, VirtualClock().instant(), "installed", "0.2.0-1")
    line = (tmp_path / HISTORY_FILE).read_text()
    (tmp_path / HISTORY_FILE).write_text(re.sub('"wall_ms":', '"wall_ms":99999', line) + line)
    assert [one.what for one in events(tmp_path)] == ["installed"]


def test_a_box_that_starts_again_and_again_does_not_fill_its_disk(tmp_path: Path) -> None:
    now = VirtualClock().instant()
    for number in range(200):
        note(tmp_path, now, "not used", f"0.2.{number}-1", "x" * 4000)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(sizes) == {HISTORY_FILE, HISTORY_FILE + OLDER}
    assert max(sizes.values()) < MOST_BYTES + 5000
    assert [*events(tmp_path)][-1].bundle == "0.2.199-1"


def test_a_disk_that_refuses_costs_the_line_and_not_the_step(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    note(tmp_path / "nowhere", VirtualClock().instant(), "installed", "0.2.0-1")
    assert "the history cannot be written" in caplog.text
