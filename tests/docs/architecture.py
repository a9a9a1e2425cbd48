"""Draws the rooms of `edge` and who takes what from whom, from the imports: `python -m tests.docs.architecture SVG`.

A room is a folder of `edge`; single files belong to the room that `OWNED` names. What everybody stands on (values,
clock, errors, files, models) is one bar below, without arrows. An arrow that follows from others is left out.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[2]

GROUND = (
    *("types", "clock", "errors", "section", "store", "later", "salvage", "snapshot", "durable", "stages", "bundle"),
    *("inference", "golden", "software", "camera_state"),
)
"""What every room may use."""

OWNED = {
    **dict.fromkeys(
        ("button", "camera_light", "fittings", "orders", "refer", "reporter", "slowing", "updates", "voices"), "daemon"
    ),
    "references": "inputs",
}
"""Files that are parts of a room."""

WORDS = {
    "alarm": "conditions, delays, latching",
    "audit": "who did what, chained",
    "benchmarks": "figures",
    "biosignal": "pulse and skin to arousal",
    "bundles": "signed models, step by step",
    "cli": "one module per command",
    "config": "the one TOML file",
    "daemon": "joins the rooms",
    "demo": "three minutes",
    "face": "pictures to action units",
    "fitness": "can a bundle be used?",
    "fleet": "load on a broker",
    "fusion": "evidence to one assessment",
    "health": "watchdog, doctor, metrics",
    "ingest": "the record, without a page",
    "inputs": "sensor to estimates",
    "launch": "whole, or in safe mode",
    "plot": "pictures of sessions",
    "publish": "outbox, MQTT, annunciator",
    "recorder": "sessions on disk",
    "replay": "sessions played again",
    "scan": "finds devices",
    "sensors": "cameras, bands, care",
    "setup": "the first configuration",
    "shadow": "new models beside the old",
    "simulate": "patients that are not",
    "station": "pages for people",
    "timeline": "device time to box time",
}
"""What each room does, in a few words."""

_BOX_W, _BOX_H, _GAP_X, _GAP_Y, _MARGIN = 176, 54, 26, 62, 24

Graph = dict[str, frozenset[str]]
"""Rooms, and the rooms that each takes something from."""


def graph(folder: Path = ROOT / "edge") -> Graph:
    """Read the imports of every file."""
    found: dict[str, set[str]] = {}
    for file in sorted(folder.rglob("*.py")):
        parts = file.relative_to(folder).with_suffix("").parts
        room = _room(parts[0])
        if room is None or parts == ("__init__",):
            continue
        taken = (_room(module.split(".")[1]) for module in _imports(file) if module.count("."))
        found.setdefault(room, set()).update(one for one in taken if one not in (None, room))
    return {room: frozenset(taken) for room, taken in found.items()}


@cache
def tree(source: str) -> ast.Module:
    """What a file says; each is read once."""
    return ast.parse(source)


def _room(name: str) -> str | None:
    return None if name in GROUND else OWNED.get(name, name)


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(tree(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "edge":
            yield from (f"edge.{one.name}" for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith("edge."):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.startswith("edge."))


def reachable(rooms: Graph, start: str, without: tuple[str, str] | None = None) -> set[str]:
    """Rooms that `start` rests on, itself only where it rests on itself; one arrow may be left out."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        room = waiting.pop()
        for one in rooms.get(room, ()):
            if (room, one) != without and one not in seen:
                seen.add(one)
                waiting.append(one)
    return seen


def circles(rooms: Graph) -> set[frozenset[str]]:
    """Groups of rooms that take from each other."""
    behind = {room: reachable(rooms, room) for room in rooms}
    groups = (frozenset(one for one in rooms if one in behind[room] and room in behind[one]) for room in rooms)
    return {group for group in groups if len(group) > 1}


def levels(rooms: Graph) -> dict[str, int]:
    """How high each room stands: 0 takes from none; rooms of a circle stand side by side."""
    group = {room: next((one for one in circles(rooms) if room in one), frozenset({room})) for room in rooms}
    found: dict[frozenset[str], int] = {}

    def level(members: frozenset[str]) -> int:
        if members not in found:
            below = {group[one] for room in members for one in rooms[room] if one in rooms} - {members}
            found[members] = 1 + max((level(one) for one in below), default=-1)
        return found[members]

    return {room: level(group[room]) for room in rooms}


def arrows(rooms: Graph) -> list[tuple[str, str]]:
    """What is drawn: an arrow that follows from others is left out, unless its ends are in a circle."""
    together = {(one, other) for group in circles(rooms) for one in group for other in group}
    return [
        (room, one)
        for room in sorted(rooms)
        for one in sorted(rooms[room])
        if (room, one) in together or one not in reachable(rooms, room, without=(room, one))
    ]


def svg(rooms: Graph) -> str:
    """The picture."""
    height = levels(rooms)
    rows = [sorted(room for room in rooms if height[room] == level) for level in range(max(height.values()), -1, -1)]
    width = max(len(row) for row in rows) * (_BOX_W + _GAP_X) - _GAP_X + 2 * _MARGIN
    place = {
        room: ((width - len(row) * (_BOX_W + _GAP_X) + _GAP_X) // 2 + column * (_BOX_W + _GAP_X), _top(number))
        for number, row in enumerate(rows)
        for column, room in enumerate(row)
    }
    ground_y = _top(len(rows))
    total = ground_y + 40 + _MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {total}" font-family="sans-serif">',
        '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#55636f"/></marker>',
        f'<rect width="{width}" height="{total}" fill="#fff"/>',
        *(_arrow(place[one], place[other]) for one, other in arrows(rooms)),
        *(_box(room, place[room]) for room in sorted(place)),
        f'<rect x="{_MARGIN}" y="{ground_y}" width="{width - 2 * _MARGIN}" height="40" rx="6" fill="#e4e8ec"/>',
        f'<text x="{width // 2}" y="{ground_y + 25}" font-size="13" text-anchor="middle" fill="#14181c">'
        f"{', '.join(GROUND)}: every room may stand on these</text>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _top(row: int) -> int:
    return _MARGIN + row * (_BOX_H + _GAP_Y)


def _box(room: str, place: tuple[int, int]) -> str:
    x, y = place
    middle = x + _BOX_W // 2
    return (
        f'<rect x="{x}" y="{y}" width="{_BOX_W}" height="{_BOX_H}" rx="6" fill="#eef4f8" stroke="#1f5f8b"/>'
        f'<text x="{middle}" y="{y + 23}" font-size="15" font-weight="700" text-anchor="middle">{escape(room)}</text>'
        f'<text x="{middle}" y="{y + 42}" font-size="11" text-anchor="middle" fill="#4a545e">'
        f"{escape(WORDS.get(room, ''))}</text>"
    )


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, x2 = start[0] + _BOX_W // 2, end[0] + _BOX_W // 2
    style = 'fill="none" stroke="#8a97a2" stroke-width="1.2" marker-end="url(#tip)"'
    if start[1] == end[1]:  # two rooms of a circle
        y = start[1] + _BOX_H
        return f'<path d="M{x1} {y}C{x1} {y + 34} {x2} {y + 34} {x2} {y + 1}" {style} stroke-dasharray="4 3"/>'
    y1, y2 = start[1] + _BOX_H, end[1]
    bend = max(28, (y2 - y1) // 3)
    return f'<path d="M{x1} {y1}C{x1} {y1 + bend} {x2} {y2 - bend} {x2} {y2}" {style}/>'


def table(rooms: Graph) -> str:
    """The same in rows, with every import."""
    height: Mapping[str, int] = levels(rooms)
    rows = [
        f"| `{room}` | {WORDS.get(room, '')} | {', '.join(sorted(rooms[room])) or '-'} |"
        for room in sorted(rooms, key=lambda one: (-height[one], one))
    ]
    return "\n".join(["| room | what it does | takes from |", "|---|---|---|", *rows]) + "\n"


BEGIN, END = "<!-- generated: make docs -->\n", "<!-- end -->"


def written(page: str, rooms: Graph) -> str:
    """The page with its table made anew."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + table(rooms) + END + rest.partition(END)[2]


def main(picture: Path) -> None:
    """Write the picture, and the table of the page beside it."""
    rooms = graph()
    picture.write_text(svg(rooms), encoding="utf-8")
    page = picture.with_suffix(".md")
    page.write_text(written(page.read_text(encoding="utf-8"), rooms), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
