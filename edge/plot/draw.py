"""The whole picture, and the files that it is written to."""

from __future__ import annotations

import html
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import PlotError
from edge.plot.panels import panels
from edge.plot.series import Story
from edge.recorder.shelf import LAST_MS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "html")
"""What can be written, by the file's suffix."""

_WIDTH_IN, _INCH_PER_UNIT, _DPI = 16.0, 0.95, 110
"""Width, height per unit of a panel, and resolution: 1760 pixels across, readable at full size on a laptop."""

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:15px/1.4 sans-serif;margin:1.5em;color:#1b1b1b}}table{{border-collapse:collapse;margin:1em 0}}
td,th{{padding:.15em .8em .15em 0;text-align:left}}svg{{width:100%;height:auto}}</style></head>
<body><h1>{title}</h1>{facts}{picture}<h2>Alerts</h2>{alerts}</body></html>
"""


@dataclass(frozen=True, slots=True)
class Caption:
    """What is said about a picture.

    Attributes:
        lines: sentences above it.
        at_s: the moment that they speak of, seconds since the session's start.
    """

    lines: tuple[str, ...]
    at_s: float


def write(story: Story, path: Path, caption: Caption | None = None) -> None:
    """Draw a session into a file.

    Args:
        story: what to draw.
        path: a .png, .svg or .html file; the page needs no other file.
        caption: what to say about it; None: where and when it is.

    Raises:
        PlotError: matplotlib is not installed, the suffix is none of `FORMATS`, or the file cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise PlotError(f"{path}: choose a file that ends with {', '.join(FORMATS)}")
    figure = draw(story, caption)
    out = io.BytesIO()
    figure.savefig(out, format="png" if kind == "png" else "svg", dpi=_DPI)
    data = _page(story, out.getvalue().decode()).encode() if kind == "html" else out.getvalue()
    try:
        path.write_bytes(data)
    except OSError as error:
        raise PlotError(f"{path} cannot be written: {error.strerror}") from error


def draw(story: Story, caption: Caption | None = None) -> Figure:
    """The picture.

    Args:
        story: what to draw.
        caption: what to say about it.

    Raises:
        PlotError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
        from matplotlib.ticker import FuncFormatter, MaxNLocator
    except ImportError as error:
        raise PlotError("drawing needs matplotlib: pip install 'anodyne[plot]'") from error
    strips = list(panels(story))
    said = (_title(story), *(caption.lines if caption else ()))
    height_in = _INCH_PER_UNIT * sum(strip.height for strip in strips) + 1.0 + 0.19 * len(said)
    figure = Figure(figsize=(_WIDTH_IN, height_in), layout="constrained")
    all_axes = figure.subplots(
        len(strips), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": [strip.height for strip in strips]}
    )[:, 0]
    for strip, axes in zip(strips, all_axes, strict=True):
        strip.draw(axes)
        axes.grid(axis="x", color="#e3e3e3", lw=0.6)
        axes.tick_params(labelsize=7)
        axes.set_axisbelow(True)
        axes.margins(x=0)
    last = all_axes[-1]
    last.set_xlim(story.from_s, story.to_s)
    last.xaxis.set_major_locator(MaxNLocator(12, steps=[1, 1.5, 2, 3, 6, 10]))
    last.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: clock_text(seconds)))
    last.set_xlabel(f"time since the session's start ({_start(story)})", fontsize=9)
    if caption is not None:
        for axes in all_axes:
            axes.axvline(caption.at_s, color="#1b1b1b", lw=1.2, ls=(0, (6, 2)))
    figure.suptitle("\n".join(said), fontsize=11, x=0.01, ha="left")
    figure.align_ylabels(list(all_axes))
    return figure


def clock_text(seconds: float) -> str:
    """Seconds as m:ss, or h:mm:ss from an hour on; with tenths where they are not whole."""
    whole, tenths = divmod(round(abs(seconds) * 10), 10)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    text = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    return f"{'-' if seconds < 0 else ''}{text}{f'.{tenths}' if tenths else ''}"


def _start(story: Story) -> str:
    start = story.facts.start
    passed_ms = (story.start_ns - start.mono_ns) // 1_000_000
    began = datetime.fromtimestamp(min(max(start.wall_ms + passed_ms, 0), LAST_MS) / 1000, UTC)
    return f"{began:%Y-%m-%d %H:%M:%S} UTC{'' if start.synced else ', clock not synchronised'}"


def _title(story: Story) -> str:
    facts = story.facts
    part = f", part {facts.part}" if facts.part > 1 else ""
    damage = " - DAMAGED FILE, only what could be read" if story.damage else ""
    marked = "" if facts.validity == "real" else f" [{str(facts.validity).upper()}]"
    length = f"{clock_text(story.from_s)} to {clock_text(story.to_s)}"
    return f"{facts.site}/{facts.bed}{marked}  {length}{part}  (Anodyne {facts.software}){damage}"


def _page(story: Story, picture: str) -> str:
    """A page that stands for itself: the picture inside, the alerts as a table below."""
    facts = story.facts
    rows = {"software": facts.software, "models": facts.bundle[:24], "runtime": facts.runtime, "start": _start(story)}
    rows |= {one.name: f"{one.driver}: {', '.join(one.modalities)}" for one in facts.sensors}
    return _PAGE.format(
        title=html.escape(_title(story)),
        facts=_table([(key, value) for key, value in rows.items()]),
        picture=picture[picture.index("<svg") :],
        alerts=_table(list(_alert_rows(story))) if story.alerts else "<p>none</p>",
    )


def _alert_rows(story: Story) -> list[tuple[str, ...]]:
    return [
        (
            clock_text(story.second(alert.at_ns)),
            str(alert.condition).replace("_", " "),
            str(alert.priority),
            str(alert.presence),
            "" if alert.score is None else f"score {alert.score:.1f}",
            alert.mode,
            ", ".join(alert.reasons),
        )
        for _, alert in story.alerts
    ]


def _table(rows: list[tuple[str, ...]]) -> str:
    cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
