"""The commented example and the reference page, both written from the models so that they cannot go stale."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from edge.config.keys import SENSOR, Key, drivers, keys, summary, tables
from edge.section import Section
from edge.sensors.replay import ReplayedFace
from edge.sensors.simulated.face import SimulatedFace
from edge.sensors.table import Band, Camera
from edge.sensors.wristband.ble_band import BleBand

_WIDTH = 110
"""Width of the comments, characters."""

_SHOWN = ("v4l2", "ble_uart")
"""Stanzas that the example switches on: what a box with a camera and a PPG/GSR band needs."""

_GROUPS = (
    ("cameras", Camera),
    ("wristbands", Band),
    ("recorded faces", ReplayedFace),
    ("simulated faces", SimulatedFace),
)


def example() -> str:
    """A complete configuration file: every key with its meaning, range and default; it passes the check as it is.

    Lines that start with "#" and no space are settings that are switched off; removing the "#" gives a right line.
    """
    return "\n".join(_example_lines()) + "\n"


def _example_lines() -> Iterator[str]:
    yield "# Anodyne: one file configures one box. Every key is shown with its default where it has one."
    yield '# A line with "#" directly before a key is switched off: remove the "#" to use it.'
    yield "# Relative paths start at the folder of this file. Check it with: anodyne config check FILE"
    for name in ("box", "models"):
        yield from _table(name)
    for driver, section in drivers().items():
        yield from _stanza(driver, section)
    for name in tables():
        if name not in ("box", "models"):
            yield from _table(name)


def _table(name: str) -> Iterator[str]:
    yield ""
    yield from _comment(summary(tables()[name]))
    off = "." in name  # an optional table: present means switched on
    yield f"{'#' if off else ''}[{name}]"
    for key in keys(tables()[name]).values():
        yield from _key(key, off=off or key.default is None)


def _stanza(driver: str, section: type[Section]) -> Iterator[str]:
    off = driver not in _SHOWN
    yield ""
    yield from _comment(summary(section))
    yield f"{'#' if off else ''}[[{SENSOR}]]"
    for key in _ordered(section):
        if key.name == "driver":
            yield f"{'#' if off else ''}driver = {key.example}"
            continue
        # Switched-off stanzas are named after their driver: switched on together, no two have one name.
        line = f'name = "{driver.replace("_", "-")}"' if key.name == "name" and off else None
        # A BLE band must be found by something, so its address stands although it has no default.
        needed = key.required or (key.name == "address" and issubclass(section, BleBand))
        yield from _key(key, off=off or not (needed or key.default is not None), line=line)


def _ordered(section: type[Section]) -> list[Key]:
    """Driver and name first, as people write them."""
    found = keys(section)
    first = [found["driver"], found["name"]]
    return [*first, *(key for key in found.values() if key not in first)]


def _key(key: Key, *, off: bool, line: str | None = None) -> Iterator[str]:
    optional = "" if key.required or key.default is not None else "; optional"
    yield from _comment(f"{key.doc} ({key.wanted}{optional})")
    yield f"{'#' if off else ''}{line or f'{key.name} = {key.example}'}"


def _comment(text: str) -> Iterator[str]:
    yield from (f"# {row}" for row in textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False))


def markdown() -> str:
    """The reference page docs/configuration.md."""
    return "\n".join(_markdown_lines()) + "\n"


def _markdown_lines() -> Iterator[str]:
    yield "# Configuration"
    yield ""
    yield from textwrap.wrap(
        "One TOML file configures one box. `anodyne config example` prints a commented file to start from, "
        "`anodyne config check FILE` names every problem of a file with its line and what to write instead, and "
        "`anodyne config schema` prints the JSON Schema for editors. Unknown keys, values out of range, values of "
        "another type and two sensors of one name are errors, and so are recorded or simulated sensors in a box whose "
        'validity is "real". Relative paths start at the folder of the file.',
        _WIDTH,
    )
    yield ""
    yield "This page is written by `make docs` from the models in `edge/config` and the stanzas in `edge/sensors`."
    for name, section in tables().items():
        yield from _markdown_table(f"[{name}]", section)
    for title, union in _GROUPS:
        yield ""
        yield f"## Sensors: {title}"
        for driver, section in drivers().items():
            if issubclass(section, union):
                yield from _markdown_table(f'[[{SENSOR}]] driver = "{driver}"', section, level=3)


def _markdown_table(title: str, section: type[Section], level: int = 2) -> Iterator[str]:
    yield from ("", f"{'#' * level} `{title}`", "", summary(section), "")
    yield "| key | what may stand there | default | meaning |"
    yield "|---|---|---|---|"
    for key in keys(section).values():
        default = "required" if key.required else "none" if key.default is None else f"`{key.default}`"
        yield f"| `{key.name}` | {key.wanted} | {default} | {key.doc} |"
