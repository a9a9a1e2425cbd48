"""The report: one HTML file that holds everything, plots included."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from quantize.biosignal.evaluation.figures import Figures
from quantize.biosignal.evaluation.plots import plots
from quantize.biosignal.evaluation.tables import tables
from quantize.evaluation.page import bullets, document, plot_part, table_part

CANNOT_SHOW = (
    "Whether it notices pain. What is measured is sympathetic arousal; effort, fear, speech, fever and joy raise it "
    "too. It is evidence for pain only together with other evidence.",
    "How it does on patients. No open data set holds wrist signals of people in palliative care; the volunteers are "
    "young and well, and take neither opioids nor beta blockers.",
    "How often it would be wrong in a night, in sleep, while somebody is washed or turned.",
    "What a week does: baselines, electrodes and skins change over days, the recordings last an hour or two.",
)
"""What no open data can show; every report says it."""


def page(figures: Figures, sessions: Mapping[str, bytes] | None = None) -> str:
    """The whole report.

    Args:
        figures: what was measured.
        sessions: title to PNG of single sessions, shown last.
    """
    parts = [
        f"<p>Measured on: {escape(figures.name)}. Bootstrap over people: {figures.rounds} rounds, seed "
        f"{figures.seed}.</p>",
        bullets(figures.notes),
        "<h2>What no open data can show</h2>",
        bullets(CANNOT_SHOW),
        *(table_part(table) for table in tables(figures)),
        *(plot_part(title, picture) for title, picture in plots(figures).items()),
        *(plot_part(title, picture) for title, picture in (sessions or {}).items()),
    ]
    return document("Arousal from the wristband: evaluation", parts)
