"""The report: one HTML file that holds everything, plots included."""

from __future__ import annotations

import base64
from html import escape

from quantize.faces.evaluation.figures import Earlier, Figures
from quantize.faces.evaluation.plots import plots
from quantize.faces.evaluation.tables import Table, tables

CANNOT_SHOW = (
    "How well it reads patients. No data set that is open holds dying, sedated or demented people with coded faces; "
    "rendered faces are those of people who do not exist.",
    "How pain looks in them. The rendered pain is the textbook's (PSPI); real pain may show less, or otherwise, and "
    "with dementia, delirium, Parkinson's disease or strong sedation it may not show at all.",
    "How often it would be wrong in a night. False episodes are counted per hour of smiling, sleeping or talking; how "
    "many hours of each a real bed has is not known here.",
    "Whether the groups are treated alike in truth. Skin, age, sex and ancestry are those of a head model; a ratio "
    "near 1 here is needed and does not suffice.",
    "How certified coders would code the same faces. Intensities are shares of a sculpted maximum.",
    "Rooms, cameras and illuminators as they are on a ward, people who come and go, and what happens over days.",
)
"""What no open data can show; every report says it."""

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.5rem 0 1rem;font-size:13px;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .7rem;border-bottom:1px solid #ddd;text-align:left;white-space:nowrap}
th{border-bottom:2px solid #888}tr.over td{background:#fbe3da}img{max-width:100%}
.note{color:#555;margin:.2rem 0}.scroll{overflow-x:auto}h2{margin-top:2rem;font-size:1.15rem}
""".strip()


def page(figures: Figures, earlier: Earlier | None = None) -> str:
    """The whole report."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><title>Face: evaluation</title>',
        f"<style>{_STYLE}</style></head><body>",
        "<h1>Face: evaluation</h1>",
        f"<p>Measured on: {escape(figures.name)}. Bootstrap over people: {figures.rounds} rounds, "
        f"seed {figures.seed}.</p>",
        _list(figures.notes),
        _verdict(figures),
        "<h2>What no open data can show</h2>",
        _list(CANNOT_SHOW),
        *(_table(table) for table in tables(figures, earlier)),
        *(_plot(title, png) for title, png in plots(figures).items()),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _verdict(figures: Figures) -> str:
    if not figures.unfair:
        return "<p>No group of enough people is more than 1.25 times worse than the mean of its axis.</p>"
    named = ", ".join(f"{group.axis}: {group.name} ({group.ratio.value:.2f}x)" for group in figures.unfair)
    return f"<p><strong>Worse than 1.25 times the mean of their axis:</strong> {escape(named)}.</p>"


def _list(sentences: tuple[str, ...]) -> str:
    return "<ul>" + "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences) + "</ul>" if sentences else ""


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.head)
    rows = "\n".join(
        f"<tr{' class=over' if 'over' in row else ''}>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in table.rows
    )
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    body = f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table></div>'
    return f"<h2>{escape(table.title)}</h2>\n{body}\n{note}"


def _plot(title: str, png: bytes) -> str:
    data = base64.b64encode(png).decode()
    return f'<h2>{escape(title)}</h2>\n<img alt="{escape(title)}" src="data:image/png;base64,{data}">'
