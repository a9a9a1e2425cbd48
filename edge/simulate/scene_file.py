"""A scene written as the TOML file that the drivers read."""

from __future__ import annotations

from edge.sensors.simulated.scene import Scene


def as_toml(scene: Scene) -> str:
    """The scene as a file of its own, for the drivers read files."""
    lines: list[str] = []
    tables: list[str] = []
    for key, value in scene.model_dump(mode="json", exclude_none=True, exclude_defaults=True).items():
        if isinstance(value, list):
            tables += [line for one in value for line in (f"[[{key}]]", *_pairs(one))]
        elif isinstance(value, dict):
            tables += [f"[{key}]", *_pairs(value)]
        else:
            lines.append(f"{key} = {_value(value)}")
    if scene.patient is not None and "[patient]" not in tables:
        tables.append("[patient]")
    return "\n".join([*lines, *tables, ""])


def _pairs(table: dict[str, object]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in table.items()]


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(_pairs(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
