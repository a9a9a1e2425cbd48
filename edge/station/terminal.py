"""The ward in a terminal: a table of beds, the alarms to acknowledge, and what happened last."""

from __future__ import annotations

from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from edge.publish.payload import Head
from edge.station.clocks import apart_ms, clock_words
from edge.station.picture import batteries
from edge.station.ward import Bed, Line, Sight, Ward
from edge.station.words import CONDITION_WORDS, PRIORITY_STYLE, absence_words, because, explain, presence_words, words
from edge.types import Presence, Validity

_SIGHT_STYLE = {
    Sight.OFFLINE: "bold white on magenta",
    Sight.STALE: "bold white on magenta",
    Sight.BLIND: "bold black on yellow",
    Sight.PAIN: "bold white on red",
    Sight.CALM: "green",
}
_VALIDITY_STYLE = {Validity.REAL: "", Validity.TEST: "bold blue", Validity.DEMO: "bold blue"}
_EVENTS_SHOWN = 6


def render(ward: Ward, active: list[Line], now_ns: int, status: str = "") -> RenderableType:
    """The whole screen.

    Args:
        ward: what is known.
        active: the alarms to show, numbered from 1.
        now_ns: monotonic time of the station.
        status: a line for the bottom.
    """
    parts: list[RenderableType] = [_beds(ward, now_ns)]
    if active:
        parts.append(_alarms(active, ward, now_ns))
    if ward.events:
        parts.append(_events(ward.events[-_EVENTS_SHOWN:]))
    parts.append(Text(status, style="dim"))
    return Group(*parts)


def _beds(ward: Ward, now_ns: int) -> RenderableType:
    if not ward.beds:
        waiting = "connected; no bed has been heard of yet" if ward.connected else "not connected to the broker"
        return Panel(Text(waiting), title="Beds", title_align="left")
    table = Table(title=_title(ward), title_justify="left", title_style="bold", box=SIMPLE_HEAD, expand=True)
    for name in ("Bed", "Sight", "Score", "In use", "Because, missing", "Heard", ""):
        table.add_column(name, no_wrap=name in ("Bed", "Sight", "Score", "Heard"))
    for bed in ward.sorted_beds():
        table.add_row(*_bed_row(bed, now_ns))
    return table


def _title(ward: Ward) -> Text:
    if ward.connected:
        return Text("Beds")
    return Text("Beds: NOT CONNECTED to the broker, nothing here is live", style="bold white on magenta")


def _bed_row(bed: Bed, now_ns: int) -> tuple[RenderableType, ...]:
    sight = bed.sight(now_ns)
    fresh = sight not in (Sight.OFFLINE, Sight.STALE)
    validity = bed.validity
    return (
        Text(str(bed.place)),
        Text(f" {sight} ", style=_SIGHT_STYLE[sight]),
        _score(bed) if fresh else Text("-", style="dim"),
        Text(bed.state.mode if bed.state is not None and fresh else "-"),
        _why(bed) if fresh else Text(_why_stale(bed), style="yellow"),
        Text(_heard(bed, now_ns), style="" if fresh else "bold magenta"),
        Text("" if validity is None else validity.upper(), style=_VALIDITY_STYLE.get(validity, "") if validity else ""),
    )


def _score(bed: Bed) -> Text:
    """Score and interval; there is no number for a bed that cannot be assessed."""
    state = bed.state
    if state is None or state.score is None or state.interval is None:
        return Text("-", style="dim")
    low, high = state.interval
    return Text(f"{state.score:4.1f}").append(f"  {low:.1f}-{high:.1f}", style="dim")


def _why(bed: Bed) -> Text:
    """What people have asked of the alarms, what the score rests on, and what is missing."""
    held = "" if bed.state is None else ", ".join(words(hold) for hold in bed.state.holds)
    text = _evidence(bed)
    return Text(f"{held}; ", style="bold").append_text(text) if held else text


def _evidence(bed: Bed) -> Text:
    reasons = "" if bed.state is None else ", ".join(explain(bed.state.reasons))
    missing = ", ".join([one for one in (_missing(bed), _low(bed), _clocks(bed)) if one])
    return Text(reasons).append(("; " if reasons and missing else "") + missing, style="yellow")


def _low(bed: Bed) -> str:
    return ", ".join(one["words"] for one in batteries(bed) if one["low"])


def _clocks(bed: Bed) -> str:
    return clock_words(apart_ms(bed), synced=bed.state is not None and bed.state.synced)


def _missing(bed: Bed) -> str:
    if bed.state is None:
        return ""
    absent = ((key, why) for key, why in bed.state.missing.items() if why != "not_configured")
    return ", ".join(f"{key}: {absence_words(why)}" for key, why in absent)


def _why_stale(bed: Bed) -> str:
    if bed.availability is not None and not bed.availability.online:
        return f"box {words(bed.availability.reason)}"
    return "box silent" if bed.live else "nothing live yet"


def _heard(bed: Bed, now_ns: int) -> str:
    age_s = bed.age_s(now_ns)
    if age_s is not None:
        return _duration(age_s)
    return f"at {_clock(bed.state)}" if bed.state is not None else "never"


def _alarms(active: list[Line], ward: Ward, now_ns: int) -> Table:
    table = Table(title="Alarms", title_justify="left", title_style="bold", box=SIMPLE_HEAD, expand=True)
    for name in ("#", "Bed", "Alarm", "Priority", "", "Score", "In use", "Because", "At"):
        table.add_column(name, no_wrap=name not in ("Because", ""))
    for number, line in enumerate(active, 1):
        alert = line.alert
        sounding = alert.presence in (Presence.ON, Presence.LATCHED)
        style = PRIORITY_STYLE[alert.priority] if sounding else "dim"
        known = ward.beds[line.place].sight(now_ns) not in (Sight.OFFLINE, Sight.STALE)
        table.add_row(
            Text(str(number), style="bold"),
            Text(str(line.place)),
            Text(f" {CONDITION_WORDS[alert.condition]} ", style=style),
            Text(alert.priority),
            Text(presence_words(alert) if known else f"{presence_words(alert)} when last heard"),
            Text("-" if alert.score is None else f"{alert.score:.1f}"),
            Text(alert.mode),
            Text(because(alert)),
            Text(_clock(alert)),
        )
    return table


def _events(lines: list[Line]) -> RenderableType:
    table = Table(title="Last events", title_justify="left", title_style="bold", show_header=False, box=None)
    for line in lines:
        alert = line.alert
        text = f"{line.place}  {CONDITION_WORDS[alert.condition]}: {presence_words(alert)} ({alert.priority})"
        if alert.late_s is not None:
            text += f", came {_duration(alert.late_s)} late"
        table.add_row(Text(_clock(alert), style="dim"), Text(text))
    return table


def _clock(message: Head | None) -> str:
    """Local time of day of a message; "?" where the box's clock was not synchronised."""
    if message is None:
        return "-"
    local = datetime.fromtimestamp(message.wall_ms / 1000).astimezone()
    return f"{local:%H:%M:%S}{'' if message.synced else '?'}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
