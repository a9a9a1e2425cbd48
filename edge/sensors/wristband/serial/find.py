"""Where a serial device is: by the path of its node, or by its USB serial number under whatever name it came back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.errors import SensorError, SensorReason

BY_ID = Path("/dev/serial/by-id")
"""Where udev keeps a link per serial port whose name holds the USB serial number (60-serial.rules)."""

_INTERFACE = r"(-if[0-9a-f]{2})?(-port[0-9]+)?"
"""What udev puts behind the serial number: the USB interface, and the port of adapters that have several."""


@dataclass(frozen=True, slots=True)
class UsbPort:
    """One serial port of the machine.

    Attributes:
        device: path of its node.
        usb_serial: serial number of the USB device behind it, where it has one.
        description: what the device says it is.
    """

    device: str
    usb_serial: str | None
    description: str = ""


def listed_ports() -> Iterator[UsbPort]:
    """The serial ports that the kernel shows in sysfs; pseudo-terminals and RFCOMM links are not among them."""
    from serial.tools.list_ports import comports

    for port in comports():
        yield UsbPort(port.device, port.serial_number, port.description)


def linked_ports(folder: Path = BY_ID) -> Iterator[tuple[str, str]]:
    """Names of udev's links and the nodes they lead to; links that lead nowhere are left out."""
    if folder.is_dir():
        for link in sorted(folder.iterdir()):
            if link.exists():
                yield link.name, str(link.resolve())


def node_of(usb_serial: str, folder: Path = BY_ID, ports: Callable[[], Iterable[UsbPort]] = listed_ports) -> str:
    """The node of the one device with this USB serial number.

    Args:
        usb_serial: the number as `udevadm info` shows it (ID_SERIAL_SHORT).
        folder: udev's folder of links.
        ports: lists the ports where udev's folder knows nothing (containers often have none).

    Raises:
        SensorError: NOT_FOUND; or AMBIGUOUS if several ports have this number.
    """
    named = re.compile(rf"(^|.*[_-]){re.escape(usb_serial)}{_INTERFACE}")
    nodes = {node for name, node in linked_ports(folder) if named.fullmatch(name)}
    if not nodes:
        nodes = {port.device for port in ports() if port.usb_serial == usb_serial}
    if not nodes:
        raise SensorError(
            SensorReason.NOT_FOUND,
            f'no serial port has the USB serial number "{usb_serial}": is the device plugged in? '
            "`udevadm info -q property -n /dev/ttyACM0` shows a device's number as ID_SERIAL_SHORT",
        )
    if len(nodes) > 1:
        raise SensorError(
            SensorReason.AMBIGUOUS,
            f'{" and ".join(sorted(nodes))} both have the USB serial number "{usb_serial}": give one of them as '
            "`device` instead of `usb_serial`",
        )
    return nodes.pop()
