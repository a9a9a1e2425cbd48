"""What a shadow's room may know: nothing that can announce, and nothing that keeps alarms."""

from __future__ import annotations

import ast
from pathlib import Path

import edge.shadow

FORBIDDEN = ("edge.publish", "edge.store", "edge.alarm.manager", "edge.alarm.record", "edge.daemon", "edge.recorder")
"""Rooms through which something could leave the box or change an alarm."""

FILES = sorted(Path(edge.shadow.__file__).parent.glob("*.py"))


def imports(path: Path) -> set[str]:
    """Every module that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def test_the_shadow_imports_no_room_that_can_announce() -> None:
    known = {module for path in FILES for module in imports(path)}
    assert len(FILES) > 5
    assert {module for module in known if module.startswith(FORBIDDEN)} == set()


def test_no_room_of_the_alarms_imports_the_shadow() -> None:
    edge_folder = Path(edge.shadow.__file__).parent.parent
    users = {
        path.relative_to(edge_folder).as_posix()
        for path in edge_folder.rglob("*.py")
        if any(module.startswith("edge.shadow") for module in imports(path))
    }
    outside = {name for name in users if not name.startswith("shadow/")}
    assert outside == {"cli/shadow.py", "health/bundles.py", "updates.py"}
