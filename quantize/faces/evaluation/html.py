"""The report: one HTML file that holds everything, plots included."""

from __future__ import annotations

from html import escape

from quantize.evaluation.page import bullets, document, plot_part, table_part
from quantize.faces.evaluation.figures import Earlier, Figures
from quantize.faces.evaluation.plots import plots
from quantize.faces.evaluation.tables import tables

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


def page(figures: Figures, earlier: Earlier | None = None) -> str:
    """The whole report."""
    parts = [
        f"<p>Measured on: {escape(figures.name)}. Bootstrap over people: {figures.rounds} rounds, "
        f"seed {figures.seed}.</p>",
        bullets(figures.notes),
        _verdict(figures),
        "<h2>What no open data can show</h2>",
        bullets(CANNOT_SHOW),
        *(table_part(table) for table in tables(figures, earlier)),
        *(plot_part(title, png) for title, png in plots(figures).items()),
    ]
    return document("Face: evaluation", parts)


def _verdict(figures: Figures) -> str:
    if not figures.unfair:
        return "<p>No group of enough people is more than 1.25 times worse than the mean of its axis.</p>"
    named = ", ".join(f"{group.axis}: {group.name} ({group.ratio.value:.2f}x)" for group in figures.unfair)
    return f"<p><strong>Worse than 1.25 times the mean of their axis:</strong> {escape(named)}.</p>"
