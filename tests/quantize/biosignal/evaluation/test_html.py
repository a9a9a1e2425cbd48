"""The report holds its tables, its plots and what no data can show."""

from __future__ import annotations

import dataclasses
from functools import cache

from quantize.biosignal.evaluation.data.recordings import Reaction
from quantize.biosignal.evaluation.decomposed import decomposed
from quantize.biosignal.evaluation.figures import Figures, Peer
from quantize.biosignal.evaluation.generated import detected, truths
from quantize.biosignal.evaluation.html import CANNOT_SHOW, page
from quantize.biosignal.evaluation.measure import figures
from quantize.biosignal.evaluation.rated import generated
from quantize.biosignal.evaluation.reactions import measure
from quantize.biosignal.evaluation.tables import tables
from quantize.evaluation.bootstrap import Value
from tests.quantize.biosignal.evaluation.made_up import THRESHOLDS, cohort


@cache
def made() -> Figures:
    shocks = [Reaction(name, level, size) for name in "AB" for level, size in (("calm", 0.0), ("hurt", 0.2))]
    reactions, sizes = measure("shocks", shocks, ("calm", "hurt"), ("In a laboratory.",), seed=1, rounds=10)
    nothing = Value(float("nan"), float("nan"), float("nan"))
    return dataclasses.replace(
        figures(cohort(), THRESHOLDS, seed=1, rounds=10),
        reactions=(reactions,),
        detected=tuple(detected(level, values, 1) for level, values in sizes.items()),
        truth=truths((), ("clean",), ("skin at rest",), 1),
        rated=tuple(generated(("clean",), 1)),
        decomposed=tuple(decomposed(("rest",), 1)),
        peers=(Peer("Other", "all", 3, Value(0.9, 0.8, 1.0), nothing, 2.0, 3.0),),
    )


def test_the_report_holds_every_table_and_plot() -> None:
    text = page(made(), {"Session: S00": b"picture"})
    assert all(f"<h2>{table.title.replace(chr(39), '&#x27;')}</h2>" in text for table in tables(made()))
    assert text.count("data:image/png;base64,") == 6


def test_the_report_says_what_no_open_data_can_show() -> None:
    assert all(sentence in page(made()) for sentence in CANNOT_SHOW)


def test_the_report_loads_nothing_from_elsewhere() -> None:
    assert "http" not in page(made())


def test_a_name_of_data_cannot_write_into_the_page() -> None:
    persons = (dataclasses.replace(made().persons[0], name="<script>"),)
    assert "<script>" not in page(dataclasses.replace(made(), name="<script>", persons=persons))


def test_the_people_whom_it_does_not_serve_are_named() -> None:
    assert "Nobody&#x27;s" in page(made()).replace("'", "&#x27;")
    areas = made().persons[0].areas | {"PPG and GSR": 0.42}
    persons = (dataclasses.replace(made().persons[0], areas=areas), *made().persons[1:])
    assert "S00 (0.42)." in page(dataclasses.replace(made(), persons=persons))


def test_every_row_is_as_long_as_its_head() -> None:
    assert len(tables(made())) == 11
    assert all(len(row) == len(table.head) for table in tables(made()) for row in table.rows)


def test_figures_that_were_not_measured_have_no_table() -> None:
    assert tables(Figures("x", "nothing", (), 1, 10)) == ()
