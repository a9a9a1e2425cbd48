"""Which node a camera has: the same camera may come back under another number, another camera under its old one.

What sysfs says of a node is described in the kernel's Documentation/ABI (class video4linux) and the USB core's
attributes (`idVendor`, `idProduct`, `serial`).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from edge.errors import SensorError, SensorReason

log = logging.getLogger(__name__)

SYSFS = Path("/sys/class/video4linux")
DEV = Path("/dev")

_USB_ATTRIBUTES = ("idVendor", "idProduct", "serial")


@dataclass(frozen=True, slots=True)
class Identity:
    """What stays the same when a camera is unplugged and plugged in again.

    Attributes:
        name: what the driver calls it.
        usb: vendor, product and serial number; empty where it has none or is no USB device.
        index: number of the node among those of one camera (the second one often holds no pictures).
    """

    name: str
    usb: tuple[str, ...]
    index: str


def identity_of(node: Path, sysfs: Path = SYSFS) -> Identity | None:
    """Who is behind a node; links below /dev/v4l are followed. None where sysfs does not know it."""
    entry = sysfs / node.resolve().name
    name = _read(entry / "name")
    if name is None:
        return None
    usb_device = (entry / "device").resolve().parent
    usb = tuple(_read(usb_device / attribute) or "" for attribute in _USB_ATTRIBUTES)
    return Identity(name, usb, _read(entry / "index") or "0")


class KnownNode:
    """The node of one camera, found again wherever it comes back while the program runs.

    After a restart only the configured name is left: hence the advice to configure a link of /dev/v4l/by-id.

    Args:
        configured: the node or link of the configuration.
        sysfs: where the kernel tells of its nodes.
        dev: the folder of device nodes.
    """

    def __init__(self, configured: Path, sysfs: Path = SYSFS, dev: Path = DEV) -> None:
        """Know no camera yet."""
        self._configured = configured
        self._sysfs = sysfs
        self._dev = dev
        self._identity: Identity | None = None
        self._told = configured

    def remember(self, node: Path) -> None:
        """This node is the camera."""
        self._identity = identity_of(node, self._sysfs)

    def locate(self) -> Path:
        """The camera's present node; the configured one as long as no camera is known.

        Raises:
            SensorError: NOT_FOUND, the camera is not there (though another one may be under its name); AMBIGUOUS,
                several are there that cannot be told apart.
        """
        wanted = self._identity
        if wanted is None or identity_of(self._configured, self._sysfs) == wanted:
            self._told = self._configured
            return self._configured
        nodes = [self._dev / entry.name for entry in self._entries() if identity_of(entry, self._sysfs) == wanted]
        if len(nodes) > 1:
            raise SensorError(
                SensorReason.AMBIGUOUS,
                f"{' and '.join(map(str, nodes))} could both be the camera {wanted.name}, which has no serial number: "
                "give it as a link of /dev/v4l/by-path in `device`",
            )
        if not nodes:
            raise SensorError(SensorReason.NOT_FOUND, self._missing(wanted))
        if nodes[0] != self._told:  # it is looked for twice a second as long as it cannot be read
            log.info("the camera %s is now %s, no longer %s", wanted.name, nodes[0], self._told)
        self._told = nodes[0]
        return nodes[0]

    def present(self) -> bool:
        """Whether the camera is there."""
        try:
            return self.locate().exists()
        except SensorError:
            return False

    def _entries(self) -> list[Path]:
        return sorted(self._sysfs.iterdir()) if self._sysfs.is_dir() else []

    def _missing(self, wanted: Identity) -> str:
        other = identity_of(self._configured, self._sysfs)
        there = f" ({self._configured} is now {other.name}, another camera)" if other else ""
        return f"the camera {wanted.name} is not there{there}: plug it in"


def _read(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return None
