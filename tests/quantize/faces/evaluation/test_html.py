"""The report holds its tables, its plots and what no data can show."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

import pytest

from quantize.faces.evaluate import choose
from quantize.faces.evaluation.figures import Figures, as_json, read_earlier
from quantize.faces.evaluation.html import CANNOT_SHOW, page
from quantize.faces.evaluation.measure import figures
from quantize.faces.evaluation.tables import agreement_table, tables
from tests.quantize.faces.evaluation.made_up import faces, outputs, rows


@cache
def made() -> Figures:
    people = faces(rows())
    read = outputs(people, 0.5)
    return figures(people, read, read, choose(read.au, people), rounds=20)


def test_the_report_holds_every_table_and_plot() -> None:
    text = page(made())
    assert all(f"<h2>{table.title}</h2>" in text for table in tables(made()) if "&" not in table.title)
    assert text.count("data:image/png;base64,") >= 4


def test_the_report_says_what_no_open_data_can_show() -> None:
    assert all(sentence.split("'")[0] in page(made()) for sentence in CANNOT_SHOW)


def test_the_report_loads_nothing_from_elsewhere() -> None:
    assert "http" not in page(made())


def test_a_name_of_data_cannot_write_into_the_page() -> None:
    assert "<script>" not in page(dataclasses.replace(made(), name="<script>"))


def test_every_row_is_as_long_as_its_head() -> None:
    assert all(len(row) == len(table.head) for table in tables(made()) for row in table.rows)


def test_the_table_states_intervals() -> None:
    row = next(row for row in agreement_table(made()).rows if row[0] == "PSPI")
    assert row[1].count(",") == 1
    assert "[" in row[1]


def test_groups_are_shown_beside_those_of_an_earlier_evaluation(tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    path.write_text(as_json(made()))
    table = next(one for one in tables(made(), read_earlier(path)) if one.title == "PSPI error by group")
    assert table.head[-2:] == ("before", "ratio before")
    assert all(row[3].split()[0] == row[6] for row in table.rows)


def test_an_earlier_file_of_another_layout_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match="holds no face figures"):
        read_earlier(path)
