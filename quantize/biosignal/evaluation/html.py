"""The report: one HTML file that holds everything, plots included."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from quantize.biosignal.evaluation.figures import Figures
from quantize.biosignal.evaluation.people import SUBSETS
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
        _verdict(figures),
        "<h2>What no open data can show</h2>",
        bullets(CANNOT_SHOW),
        *(table_part(table) for table in tables(figures)),
        *(plot_part(title, picture) for title, picture in plots(figures).items()),
        *(plot_part(title, picture) for title, picture in (sessions or {}).items()),
    ]
    return document("Arousal from the wristband: evaluation", parts)


def _verdict(figures: Figures) -> str:
    """Whom it does not serve: people within whom calm seconds score as high as aroused ones, or higher."""
    if not figures.subsets:
        return ""
    name = max((one.name for one in figures.subsets), key=lambda one: len(SUBSETS[one]))
    poor = [person for person in figures.persons if person.areas[name] <= 0.5]
    if not poor:
        return f"<p>Nobody's aroused seconds score lower than their calm ones ({escape(name)}).</p>"
    named = ", ".join(f"{person.name} ({person.areas[name]:.2f})" for person in poor)
    said = f"People whose aroused seconds score no higher than their calm ones, by {escape(name)} (AUC within each):"
    return f"<p><strong>{said}</strong> {escape(named)}.</p>"
