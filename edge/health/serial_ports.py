"""Checks of the serial ports that bands hang on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from edge.config import Config
from edge.errors import SensorError
from edge.health.findings import Finding, error, ok
from edge.sensors.wristband.serial.band import SerialBand
from edge.sensors.wristband.serial.find import node_of


def serial_ports(config: Config, find: Callable[[str], str] = node_of) -> Iterator[Finding]:
    """The serial ports that the configuration names: there, and open to this user.

    Args:
        config: names the bands.
        find: the node of a USB serial number.
    """
    for stanza in config.sensor:
        if isinstance(stanza, SerialBand):
            yield _usable(f"band {stanza.name}", stanza, find)


def _usable(name: str, stanza: SerialBand, find: Callable[[str], str]) -> Finding:
    try:
        node = Path(str(stanza.device) if stanza.usb_serial is None else find(stanza.usb_serial))
    except SensorError as missing:
        return error(name, missing.message)
    if not node.exists():
        bound = ": bind it with `rfcomm bind` (docs/serial.md)" if node.name.startswith("rfcomm") else ""
        return error(name, f"{node} does not exist{bound or ': is the device plugged in?'}")
    if not node.is_char_device():
        return error(name, f"{node} is no serial port")
    if not os.access(node, os.R_OK | os.W_OK, effective_ids=True):
        return error(name, f"{node} may not be used by this user: add it to the group dialout")
    return ok(name, str(node))
