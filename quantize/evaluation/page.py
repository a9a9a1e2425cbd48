"""Parts of a report: one HTML file that holds everything, plots included, and loads nothing from elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape

from quantize.evaluation.tables import Table

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.5rem 0 1rem;font-size:13px;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .7rem;border-bottom:1px solid #ddd;text-align:left;white-space:nowrap}
th{border-bottom:2px solid #888}tr.over td{background:#fbe3da}img{max-width:100%}
.note{color:#555;margin:.2rem 0}.scroll{overflow-x:auto}h2{margin-top:2rem;font-size:1.15rem}
""".strip()


def document(title: str, parts: Iterable[str]) -> str:
    """The whole page from the HTML of its parts."""
    head = (
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
        f"<style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
    )
    return "\n".join((*head, *parts, "</body></html>")) + "\n"


def bullets(sentences: Iterable[str]) -> str:
    """Sentences as a list; nothing where there are none."""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<ul>{items}</ul>" if items else ""


def table_part(table: Table) -> str:
    """A table under its title; rows with a cell "over" are marked."""
    head = "".join(f"<th>{escape(name)}</th>" for name in table.head)
    rows = "\n".join(
        f"<tr{' class=over' if 'over' in row else ''}>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in table.rows
    )
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    body = f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table></div>'
    return f"<h2>{escape(table.title)}</h2>\n{body}\n{note}"


def plot_part(title: str, png: bytes) -> str:
    """A PNG picture under its title."""
    data = base64.b64encode(png).decode()
    return f'<h2>{escape(title)}</h2>\n<img alt="{escape(title)}" src="data:image/png;base64,{data}">'
