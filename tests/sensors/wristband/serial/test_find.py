"""Finding a device by its USB serial number, under whatever name it has."""

from __future__ import annotations

from pathlib import Path

import pytest
from serial.tools.list_ports_linux import SysFS

from edge.errors import SensorError, SensorReason
from edge.sensors.wristband.serial.find import UsbPort, linked_ports, listed_ports, node_of


@pytest.fixture
def by_id(tmp_path: Path) -> Path:
    """A folder as udev fills it, and the nodes that its links lead to."""
    links = {
        "usb-Arduino__www.arduino.cc__0043_85735313932351E0C1A2-if00": "ttyACM0",
        "usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0": "ttyUSB1",
        "usb-Silicon_Labs_CP2105_0123-if00-port0": "ttyUSB2",
        "usb-Silicon_Labs_CP2105_0123-if01-port0": "ttyUSB3",
        "usb-1a86_USB_Serial-if00-port0": "ttyUSB4",
    }
    folder = tmp_path / "by-id"
    folder.mkdir()
    for name, node in links.items():
        (tmp_path / node).touch()
        (folder / name).symlink_to(f"../{node}")
    return folder


def no_ports() -> list[UsbPort]:
    """A machine on which the kernel shows no serial port."""
    return []


def found(usb_serial: str, folder: Path) -> str:
    """Name of the node found."""
    return Path(node_of(usb_serial, folder, no_ports)).name


def test_the_number_is_found_in_udevs_links(by_id: Path) -> None:
    assert found("85735313932351E0C1A2", by_id) == "ttyACM0"
    assert found("A50285BI", by_id) == "ttyUSB1"


def test_a_device_that_came_back_under_another_name_is_found(by_id: Path) -> None:
    link = by_id / "usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
    link.unlink()
    (by_id.parent / "ttyUSB9").touch()
    link.symlink_to("../ttyUSB9")
    assert found("A50285BI", by_id) == "ttyUSB9"


@pytest.mark.parametrize("part", ["85735", "0285BI", "A50285B", "USB", ".*"])
def test_a_part_of_a_number_finds_nothing(by_id: Path, part: str) -> None:
    with pytest.raises(SensorError, match="is the device plugged in") as raised:
        found(part, by_id)
    assert raised.value.reason is SensorReason.NOT_FOUND


def test_a_link_that_leads_nowhere_finds_nothing(by_id: Path) -> None:
    (by_id.parent / "ttyACM0").unlink()
    with pytest.raises(SensorError, match="is the device plugged in"):
        found("85735313932351E0C1A2", by_id)


def test_a_device_with_two_ports_asks_for_one_of_them(by_id: Path) -> None:
    with pytest.raises(SensorError, match=r"ttyUSB2 and .*ttyUSB3 both have .* give one of them as `device`") as raised:
        found("0123", by_id)
    assert raised.value.reason is SensorReason.AMBIGUOUS


def test_where_udev_makes_no_links_the_kernels_list_is_asked(tmp_path: Path) -> None:
    ports = [UsbPort("/dev/ttyACM3", "85735313932351E0C1A2"), UsbPort("/dev/ttyUSB0", None)]
    assert node_of("85735313932351E0C1A2", tmp_path / "none", lambda: ports) == "/dev/ttyACM3"


def test_links_are_listed_with_where_they_lead(by_id: Path) -> None:
    assert ("usb-1a86_USB_Serial-if00-port0", str(by_id.parent / "ttyUSB4")) in list(linked_ports(by_id))


def test_the_kernels_list_can_be_read_on_this_machine() -> None:
    assert all(port.device.startswith("/dev/") for port in listed_ports())


def test_what_is_read_of_a_port_exists_in_pyserial() -> None:
    port = SysFS("/dev/null")
    assert {"device", "serial_number", "description"} <= set(vars(port))
