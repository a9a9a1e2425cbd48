"""The signatures of what Anodyne uses of picamera2: recorded from the package, held against the tests' stand-in."""

from __future__ import annotations

import inspect
import json
from importlib.metadata import version
from pathlib import Path

TABLE = Path(__file__).with_name("signatures.json")
"""Recorded by `make test-picamera2 RECORD=1`."""

USED = {
    "Picamera2": (
        "__init__",
        "global_camera_info",
        "load_tuning_file",
        "camera_controls",
        "camera_properties",
        "sensor_modes",
        "create_video_configuration",
        "create_still_configuration",
        "configure",
        "camera_configuration",
        "start",
        "capture_request",
        "wait",
        "cancel_all_and_flush",
        "stop",
        "close",
    ),
    "CompletedRequest": ("acquire", "release", "get_metadata"),
    "MappedArray": ("__init__", "__enter__", "__exit__", "array"),
}
"""Classes and members that the driver or its tests call."""


def signature(owner: type, name: str) -> str:
    """One member: "property", or its parameters in order with their defaults ("self, wait=None, flush=None")."""
    member = inspect.getattr_static(owner, name)
    if isinstance(member, property):
        return "property"
    function = member.__func__ if isinstance(member, staticmethod) else member
    return ", ".join(_text(parameter) for parameter in inspect.signature(function).parameters.values())


def _text(parameter: inspect.Parameter) -> str:
    """A parameter without its annotation; objects of libcamera by their class only, for their text holds addresses."""
    default: object = parameter.default
    if default is parameter.empty:
        return str(parameter.replace(annotation=parameter.empty))
    plain = isinstance(default, (type(None), bool, int, str, dict, list))
    return f"{parameter.name}={default!r}" if plain else f"{parameter.name}={type(default).__name__}"


def table(classes: dict[str, type]) -> dict[str, dict[str, str]]:
    """All of `USED`."""
    return {name: {member: signature(classes[name], member) for member in members} for name, members in USED.items()}


def recorded() -> dict[str, dict[str, str]]:
    """The table on disk, without the version that it was recorded from."""
    content: dict[str, dict[str, dict[str, str]]] = json.loads(TABLE.read_text())
    return content["classes"]


def from_package() -> dict[str, object]:
    """The table of the package that is installed, with its version."""
    from tests.picamera2.virtual_camera import REAL, CompletedRequest, MappedArray

    classes = {"Picamera2": REAL, "CompletedRequest": CompletedRequest, "MappedArray": MappedArray}
    return {"picamera2": version("picamera2"), "classes": table(classes)}


if __name__ == "__main__":
    print(json.dumps(from_package(), indent=1))
