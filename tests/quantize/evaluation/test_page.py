"""Parts of a report, and figures as JSON."""

from __future__ import annotations

import json

from quantize.evaluation.bootstrap import Value
from quantize.evaluation.page import bullets, document, plot_part, table_part
from quantize.evaluation.plain import as_json
from quantize.evaluation.tables import Table, number, ranged

NAN = float("nan")


def test_words_cannot_write_into_the_page() -> None:
    table = Table("<b>", ("<i>",), (("<script>",),), "<p onclick>")
    text = document("<title>", [bullets(["<br>"]), table_part(table), plot_part("<hr>", b"")])
    assert not any(word in text for word in ("<b>", "<i>", "<script>", "<p onclick>", "<title><", "<br>", "<hr>"))


def test_a_row_that_is_over_is_marked() -> None:
    assert "<tr class=over>" in table_part(Table("t", ("a", ""), (("x", "over"),)))


def test_numbers_that_are_not_there_are_dashes() -> None:
    assert (number(NAN), ranged(Value(0.5, NAN, NAN))) == ("-", "0.50")
    assert ranged(Value(0.5, 0.4, 0.6), 1) == "0.5 [0.4, 0.6]"


def test_json_has_null_where_nothing_was_measured() -> None:
    assert json.loads(as_json({"a": (1.5, NAN), "b": [{"c": None}]})) == {"a": [1.5, None], "b": [{"c": None}]}
