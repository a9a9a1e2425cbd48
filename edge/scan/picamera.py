"""CSI cameras of a Raspberry Pi, as picamera2 lists them where it is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from edge.errors import SensorError
from edge.scan.found import Found, Kind, Looked

Info = Sequence[Mapping[str, object]]
"""What `Picamera2.global_camera_info()` returns: one mapping per camera with Model, Id, Location and Rotation."""

_MODEL = Path("/proc/device-tree/model")

_USB = "usb"
"""In the Id of a USB camera, which libcamera lists too and Video4Linux2 reads better."""


def look(ask: Callable[[], Info] | None = None) -> Looked:
    """The CSI cameras; nothing where picamera2 is not installed.

    Args:
        ask: lists the cameras; default: picamera2's own function.
    """
    if ask is None:
        if importlib.util.find_spec("picamera2") is None:
            return Looked(notes=(_absent(),) if _is_a_pi() else ())
        ask = _ask
    try:
        cameras = ask()
    except (SensorError, OSError, RuntimeError) as error:
        return Looked(notes=(f"picamera2 cannot list its cameras: {error}",))
    numbered = enumerate(cameras)
    return Looked(tuple(_found(number, one) for number, one in numbered if _USB not in str(one.get("Id", "")).lower()))


def _found(number: int, camera: Mapping[str, object]) -> Found:
    model = str(camera.get("Model", "camera"))
    facts = [f"identity {camera['Id']}"] if "Id" in camera else []
    keys: dict[str, str | int | float] = {"camera": number}
    # Not by `Rotation`, which is 180 for most modules in their upright position: libcamera turns those by itself.
    remark = 'exposure = "ir" for a NoIR camera with an infrared lamp' if "noir" in model.lower() else ""
    return Found(Kind.CAMERA, f"{model} at the CSI connector", tuple(facts), "picamera2", keys, remark)


def _ask() -> Info:
    from edge.sensors.camera import picamera2_api

    picamera2_api.load()
    return picamera2_api.attached()


def _is_a_pi() -> bool:
    return _MODEL.exists() and b"Raspberry Pi" in _MODEL.read_bytes()


def _absent() -> str:
    return "CSI cameras are not looked for: picamera2 is not installed (apt install python3-picamera2)"
