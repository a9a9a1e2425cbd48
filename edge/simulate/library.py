"""The shipped scenarios: small TOML files in `scenarios/`."""

from __future__ import annotations

from pathlib import Path

from edge.errors import ConfigError
from edge.sensors.simulated.scene import Scene

FOLDER = Path(__file__).with_name("scenarios")
"""Where they lie."""


def names() -> tuple[str, ...]:
    """Names of all shipped scenarios."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def find(name_or_file: str) -> Scene:
    """A shipped scenario by its name, or a file.

    Raises:
        ConfigError: there is neither, or the file cannot be used.
    """
    shipped = FOLDER / f"{name_or_file}.toml"
    if "/" not in name_or_file and shipped.is_file():
        return Scene.load(shipped)
    path = Path(name_or_file)
    if not path.is_file():
        raise ConfigError(
            f"there is no scenario {name_or_file!r} and no such file: `anodyne simulate --list` shows the shipped ones"
        )
    return Scene.load(path)


def lasting(scene: Scene, hours: float | None) -> Scene:
    """The scene made so long; spans beyond its new end are cut.

    Raises:
        ConfigError: the length is not above 0 and at most a day.
    """
    if hours is None:
        return scene
    duration_s = hours * 3600.0
    if not 0.0 < duration_s <= 86_400.0:
        raise ConfigError(f"--hours {hours:g}: a simulation lasts more than 0 and at most 24 hours")
    values = scene.model_dump()
    values["duration_s"] = duration_s
    for key in ("pain", "face_away", "band_silent", "activity", "fault"):
        inside = [span for span in values[key] if span["start_s"] < duration_s]
        values[key] = [{**span, "end_s": min(span["end_s"], duration_s)} for span in inside]
    return Scene.model_validate(values)
