"""Serial devices: boards on USB, and Shimmer units on Bluetooth's serial port."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.scan.found import Found, Kind, Looked, Value

_ADAPTERS = {
    0x2341: "Arduino",
    0x2A03: "Arduino",
    0x239A: "Adafruit board",
    0x303A: "Espressif board",
    0x2E8A: "Raspberry Pi Pico",
    0x16C0: "Teensy",
    0x1A86: "CH340 serial adapter",
    0x10C4: "CP210x serial adapter",
    0x0403: "FTDI serial adapter",
    0x067B: "PL2303 serial adapter",
    0x0D28: "micro:bit",
}
"""USB vendor numbers of microcontroller boards and of the serial adapters on them (from the USB ID repository)."""

_LINES: dict[str, Value] = {"columns": "time_ms,grove_gsr,ppg", "rate_hz": 50.0}
_LINES_REMARK = "columns and rate_hz are an example: write what the device prints (docs/serial.md)"
_SHIMMER_REMARK = "if this is a Shimmer3 that `rfcomm bind` was given"


@dataclass(frozen=True, slots=True)
class Port:
    """A serial port that the kernel lists.

    Attributes:
        device: its node.
        vid, pid: USB numbers; None where it is not on USB.
        usb_serial: serial number of the USB device, where it has one.
        description: what the device says it is.
    """

    device: str
    vid: int | None = None
    pid: int | None = None
    usb_serial: str | None = None
    description: str = ""


def look(dev: Path = Path("/dev"), ports: Callable[[], Iterable[Port]] | None = None) -> Looked:
    """The serial devices that may be sensors, USB first; the machine's own ports are only mentioned.

    Args:
        dev: the folder of device nodes.
        ports: lists the ports; default: pyserial's list.
    """
    listed = sorted(ports() if ports else _listed(), key=lambda port: port.device)
    usb = [port for port in listed if port.vid is not None]
    twice = [port.usb_serial for port in usb]
    found = [_on_usb(port, dev, unique=twice.count(port.usb_serial) == 1) for port in usb]
    found += [_rfcomm(node) for node in sorted(dev.glob("rfcomm[0-9]*"))]
    return Looked(tuple(found), tuple(_own(listed)))


def _on_usb(port: Port, dev: Path, *, unique: bool) -> Found:
    maker = _ADAPTERS.get(port.vid or 0, "serial device")
    facts = [f"USB {port.vid:04x}:{port.pid or 0:04x}"]
    if port.usb_serial and unique:
        facts.append(f"serial number {port.usb_serial}: is found under any name")
        keys: dict[str, Value] = {"usb_serial": port.usb_serial}
    else:
        lasting = _lasting(port.device, dev)
        facts.append("has no serial number of its own: is found by its socket" if lasting else "without a lasting name")
        keys = {"device": lasting or port.device}
    said = port.description.strip()
    title = f"{maker}{'' if said in ('', 'n/a') else f' ({said})'} at {port.device}"
    return Found(Kind.SERIAL, title, tuple(facts), "serial_lines", {**keys, **_LINES}, _LINES_REMARK)


def _lasting(device: str, dev: Path) -> str | None:
    """The name that udev gives the socket that it is plugged into, where there is one."""
    folder = dev / "serial" / "by-path"
    links = sorted(folder.iterdir()) if folder.is_dir() else []
    return next((str(link) for link in links if link.resolve() == Path(device).resolve()), None)


def _rfcomm(node: Path) -> Found:
    return Found(
        Kind.SERIAL,
        f"Bluetooth serial port {node}",
        ("a paired device, seen once it is opened",),
        "shimmer3",
        {"device": str(node)},
        _SHIMMER_REMARK,
    )


def _own(listed: Iterable[Port]) -> Iterator[str]:
    own = [port.device for port in listed if port.vid is None and "rfcomm" not in port.device]
    if own:
        yield f"{', '.join(own)}: ports of the machine itself; a board may be wired to one (driver serial_lines)"


def _listed() -> Iterator[Port]:
    from serial.tools.list_ports import comports

    for port in comports():
        yield Port(port.device, port.vid, port.pid, port.serial_number, port.description or "")
