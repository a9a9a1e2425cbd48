"""Sensors in a terminal, 80 columns wide: one block per sensor, one row per channel."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edge.sensors.report import BoxReport, ChannelReport, SensorReport
from edge.types import SensorState, SensorWarning

_STATE_STYLE = {
    SensorState.CONNECTING: "bold black on cyan",
    SensorState.STREAMING: "bold white on green",
    SensorState.STALLED: "bold black on yellow",
    SensorState.LOST: "bold white on red",
}

_POOR, _FAIR = 0.5, 0.8
"""Shares below which a figure is red and yellow: half is where a window loses all quality."""

_BATTERY_LOW = 20.0
"""Charge below which its figure is yellow, percent."""


def render(report: BoxReport, heading: str, footing: str = "") -> RenderableType:
    """The whole screen.

    Args:
        report: what every sensor does.
        heading: where it comes from.
        footing: a line for the bottom.
    """
    parts: list[RenderableType] = [Text(heading, style="bold")]
    if not report.sensors:
        parts.append(Text("no [[sensor]] in the configuration: `anodyne scan` finds what is there"))
    for sensor in report.sensors:
        parts += [Text(""), *_block(sensor)]
    if footing:
        parts += [Text(""), Text(footing, style="dim")]
    return Group(*parts)


def _block(sensor: SensorReport) -> Iterator[RenderableType]:
    yield _head(sensor)
    if sensor.reason is not None:
        why = f"{_words(sensor.reason)}: {sensor.detail}" if sensor.detail else _words(sensor.reason)
        yield _indented(Text(why, style="red" if sensor.state is SensorState.LOST else "yellow"))
    for warning, sentence in sensor.warnings.items():
        yield _indented(Text(f"{_words(warning)}: {sentence}", style="bold yellow"))
    if sensor.channels:
        yield _indented(_channels(sensor))
    if sensor.quality:
        yield _indented(_quality(sensor))
    yield _indented(_counts(sensor))


def _head(sensor: SensorReport) -> Text:
    state = (f" {sensor.state} ", _STATE_STYLE[sensor.state])
    return Text.assemble((sensor.sensor, "bold"), f" ({sensor.driver})  ", state, f" for {duration(sensor.since_s)}")


def _indented(content: RenderableType) -> Padding:
    return Padding(content, (0, 0, 0, 2))


def _channels(sensor: SensorReport) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    table.add_column("channel", min_width=18)
    for name in ("rate", "declared", "last 60 s", "received", "lost"):
        table.add_column(name, justify="right", min_width=9)
    for channel in sensor.channels:
        table.add_row(*_channel_row(channel))
    return table


def _channel_row(channel: ChannelReport) -> tuple[Text, ...]:
    declared = channel.declared_hz
    return (
        Text(channel.channel),
        _rate(channel.measured_hz, declared),
        Text(f"{declared:g}/s" if declared else "-", style="dim"),
        Text("-", style="dim") if channel.coverage is None else _percent(channel.coverage),
        Text(f"{channel.samples}"),
        Text(f"{channel.lost}", style="yellow" if channel.lost else "dim"),
    )


def _quality(sensor: SensorReport) -> Text:
    text = Text("quality")
    for modality, quality in sensor.quality.items():
        text.append(f"  {modality} ")
        if modality in sensor.absent:
            text.append(f"none ({_words(sensor.absent[modality])})", "yellow")
        else:
            text.append(f"{quality:.2f}", _style(quality))
    return text


def _counts(sensor: SensorReport) -> Text:
    text = Text()
    if sensor.battery_percent is not None:
        low = SensorWarning.BATTERY_LOW in sensor.warnings or sensor.battery_percent < _BATTERY_LOW
        text.append("battery ").append(f"{sensor.battery_percent:.0f} %", "bold yellow" if low else "")
        text.append("  ")
    text.append("last item " + ("never" if sensor.age_s is None else f"{duration(sensor.age_s)} ago"))
    counts = (
        ("outages", sensor.outages),
        ("dropped", sensor.dropped),
        ("doubled", sensor.duplicates),
        ("damaged", sensor.damage),
    )
    for name, count in counts:
        if count or name == "outages":
            text.append(f"  {name} ").append(f"{count}", "yellow" if count else "dim")
    if sensor.clock is not None:
        text.append(f"  clock {sensor.clock.drift_ppm:+.0f} ppm, jitter {sensor.clock.jitter_ms:.0f} ms")
    return text


def _rate(hz: float | None, declared_hz: float) -> Text:
    if hz is None:
        return Text("-", style="dim")
    share = hz / declared_hz if declared_hz else 1.0
    return Text(f"{hz:.1f}/s" if hz < 1000.0 else f"{hz:.0f}/s", style=_style(share))


def _percent(share: float) -> Text:
    return Text(f"{100.0 * share:.0f} %", style=_style(share))


def _style(share: float) -> str:
    if share < _POOR:
        return "bold red"
    return "yellow" if share < _FAIR else "green"


def _words(code: str) -> str:
    return code.replace("_", " ")


def duration(seconds: float) -> str:
    """A time span as people say it."""
    if seconds < 10.0:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200.0 else f"{seconds / 3600:.1f} h"
