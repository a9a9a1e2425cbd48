"""The model card says what was measured, on what, and how to do it again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from quantize.evaluation.tables import Table
from quantize.faces.card import Facts, card, markdown
from quantize.faces.evaluate import choose
from quantize.faces.evaluation.figures import as_json, read_earlier
from quantize.faces.evaluation.html import CANNOT_SHOW
from quantize.faces.evaluation.measure import figures
from tests.quantize.faces.evaluation.made_up import faces, outputs, rows

needs_assets = pytest.mark.skipif(
    not (Path(os.environ.get("ANODYNE_SHARED", "../shared")) / "assets").is_dir(), reason="no shared data folder"
)


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    text = markdown(Table("Units", ("", "r"), (("AU6|7", "0.9"),)))
    assert "| AU6\\|7 | 0.9 |" in text


@needs_assets
def test_the_card_states_command_protocol_and_limits(tmp_path: Path) -> None:
    people = faces(rows())
    read = outputs(people, 0.5)
    chosen = choose(read.au, people)
    found = figures(people, read, read, chosen, rounds=20)
    parts = {"train": 80, "tune": 8, "test": 12}
    facts = Facts(7, 1400, 1200, 3, 2, 2, (0.1, 0.2, 0.15), 1000, 10_000_000, 2048, True, parts, parts, chosen)
    (tmp_path / "before.json").write_text(as_json(found))
    text = card(facts, found, read_earlier(tmp_path / "before.json"))
    assert "python -m quantize faces --seed 7 --renders 1200 --epochs 3 --teachers 2" in text
    assert all(sentence in text for sentence in CANNOT_SHOW)
    assert "ratio before" in text
    assert "CC0-1.0" in text
