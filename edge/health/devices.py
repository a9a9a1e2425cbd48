"""Checks of what hangs on the box: cameras, the Bluetooth adapter, recordings."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from dbus_fast import BusType, DBusError, Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusFastError

from edge.config import Config
from edge.errors import SensorError
from edge.health.findings import Finding, error, ok, warning
from edge.sensors.camera import picamera2_api
from edge.sensors.camera.picamera2_setup import find_camera
from edge.sensors.camera.stanzas import Picamera2Camera, V4l2Camera, VideoFileCamera
from edge.sensors.replay import ReplayedBand, ReplayedFace
from edge.sensors.simulated.band import SimulatedBand
from edge.sensors.simulated.face import SimulatedFace
from edge.sensors.wristband.ble_band import BleBand
from edge.sensors.wristband.e4 import E4Recording
from edge.sensors.wristband.emotibit.recording import EmotiBitRecording

BUS_TIMEOUT_S = 3.0
"""Longest wait for the system bus and BlueZ: both answer from memory."""


def cameras(config: Config) -> Iterator[Finding]:
    """The camera nodes that the configuration names; without any, the nodes that exist."""
    wanted = [stanza for stanza in config.sensor if isinstance(stanza, V4l2Camera)]
    for stanza in wanted:
        yield _readable(f"camera {stanza.name}", Path(stanza.device))
    yield from (_seen_by_libcamera(stanza) for stanza in config.sensor if isinstance(stanza, Picamera2Camera))
    if not config.sensor:
        nodes = sorted(str(path) for path in Path("/dev").glob("video*"))
        yield ok("camera", ", ".join(nodes)) if nodes else warning("camera", "no /dev/video*: no V4L2 camera connected")


def _seen_by_libcamera(stanza: Picamera2Camera) -> Finding:
    name = f"camera {stanza.name}"
    try:
        picamera2_api.load()
        cameras = picamera2_api.attached()
        return ok(name, str(cameras[find_camera(cameras, stanza.camera)].get("Model")))
    except SensorError as missing:
        return error(name, missing.message)
    except (RuntimeError, OSError) as failure:
        return error(name, f"libcamera cannot list its cameras ({failure}): check that `rpicam-hello` shows a picture")


def recordings(config: Config) -> Iterator[Finding]:
    """Files and folders that stand in for sensors."""
    for stanza in config.sensor:
        match stanza:
            case VideoFileCamera():
                yield _readable(f"camera {stanza.name}", stanza.path)
            case E4Recording():
                yield _readable(f"band {stanza.name}", stanza.folder)
            case EmotiBitRecording():
                yield _readable(f"band {stanza.name}", stanza.file)
            case ReplayedBand() | ReplayedFace():
                yield _readable(f"sensor {stanza.name}", stanza.session)
            case SimulatedBand() | SimulatedFace() if stanza.scene is not None:
                yield _readable(f"sensor {stanza.name}", stanza.scene)
            case _:
                continue


def _readable(name: str, path: Path) -> Finding:
    if not path.exists():
        return error(name, f"{path} does not exist")
    if not os.access(path, os.R_OK):
        return error(name, f"{path} may not be read by this user (a camera node belongs to group video)")
    return ok(name, str(path))


def bluetooth(config: Config) -> Finding:
    """Whether BlueZ runs and has an adapter that is switched on; an error only where a band needs it."""
    needed = any(isinstance(stanza, BleBand) for stanza in config.sensor)
    bad = error if needed else warning
    try:
        adapters = asyncio.run(_adapters())
    except (OSError, TimeoutError, DBusFastError, DBusError) as failure:
        return bad("bluetooth", f"BlueZ cannot be asked over the system bus ({failure}): install and start bluez")
    if not adapters:
        return bad("bluetooth", "BlueZ runs but has no adapter")
    if not any(adapters.values()):
        return bad("bluetooth", f"{', '.join(adapters)} is switched off: bluetoothctl power on")
    return ok("bluetooth", ", ".join(adapters))


async def _adapters() -> dict[str, bool]:
    """Adapter names, and whether each is powered."""
    async with asyncio.timeout(BUS_TIMEOUT_S):
        bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        try:
            reply = await bus.call(
                Message(
                    destination="org.bluez",
                    path="/",
                    interface="org.freedesktop.DBus.ObjectManager",
                    member="GetManagedObjects",
                )
            )
        finally:
            bus.disconnect()
    if reply is None or reply.message_type is not MessageType.METHOD_RETURN:
        raise OSError(str(reply.body[0]) if reply and reply.body else "no answer")
    return {
        str(path).rsplit("/", 1)[-1]: bool(interfaces["org.bluez.Adapter1"]["Powered"].value)
        for path, interfaces in reply.body[0].items()
        if "org.bluez.Adapter1" in interfaces
    }
