"""Serial devices: made-up lists of ports, and folders of nodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import loads
from edge.scan.found import stanza
from edge.scan.ports import Port, look

UNO = Port("/dev/ttyACM0", 0x2341, 0x0043, "85735313932351E0C1A2", "ttyACM0")
CLONE = Port("/dev/ttyUSB0", 0x1A86, 0x7523, None, "USB Serial")
OWN = Port("/dev/ttyAMA0")


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    """A folder of nodes with nothing in it."""
    return tmp_path


def test_a_board_with_a_serial_number_is_found_under_any_name(dev: Path) -> None:
    found = look(dev, lambda: [UNO]).found[0]
    assert found.title == "Arduino (ttyACM0) at /dev/ttyACM0"
    assert found.keys["usb_serial"] == "85735313932351E0C1A2"
    assert "device" not in found.keys


def test_a_board_without_one_is_found_by_its_socket(dev: Path) -> None:
    node = dev / "ttyUSB0"
    node.touch()
    by_path = dev / "serial" / "by-path"
    by_path.mkdir(parents=True)
    (by_path / "platform-usb-0:1.2:1.0-port0").symlink_to(node)
    found = look(dev, lambda: [Port(str(node), 0x1A86, 0x7523)]).found[0]
    assert found.keys["device"] == str(by_path / "platform-usb-0:1.2:1.0-port0")


def test_two_boards_with_the_same_serial_number_are_told_apart_by_their_nodes(dev: Path) -> None:
    twins = [Port(f"/dev/ttyUSB{number}", 0x0403, 0x6001, "0001") for number in range(2)]
    assert [one.keys["device"] for one in look(dev, lambda: twins).found] == ["/dev/ttyUSB0", "/dev/ttyUSB1"]


def test_a_bound_bluetooth_port_suggests_a_shimmer(dev: Path) -> None:
    (dev / "rfcomm0").touch()
    found = look(dev, list).found[0]
    assert (found.driver, found.keys) == ("shimmer3", {"device": str(dev / "rfcomm0")})


def test_ports_of_the_machine_itself_are_only_mentioned(dev: Path) -> None:
    looked = look(dev, lambda: [OWN])
    assert looked.found == ()
    assert "/dev/ttyAMA0" in looked.notes[0]


def test_every_stanza_loads(dev: Path) -> None:
    (dev / "rfcomm0").touch()
    taken: set[str] = set()
    text = ""
    for found in look(dev, lambda: [UNO, CLONE, OWN]).found:
        written = stanza(found, taken)
        assert written is not None
        taken.add(written[0])
        text += written[1]
    assert [sensor.driver for sensor in loads(text, "pasted").sensor] == ["serial_lines", "serial_lines", "shimmer3"]


def test_the_ports_of_this_machine_can_be_listed() -> None:
    assert look().notes is not None
