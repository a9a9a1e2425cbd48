"""What the doctor says of serial ports."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.config import Config
from edge.errors import SensorError, SensorReason
from edge.health.findings import Finding, Grade
from edge.health.serial_ports import serial_ports
from edge.sensors.wristband.serial.lines import LineBand


@pytest.fixture
def node() -> Iterator[str]:
    """A port that is there."""
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def finding(device: str | None = None, usb_serial: str | None = None, found: str | None = None) -> Finding:
    """What is found of one band."""

    def find(number: str) -> str:
        if found is None:
            raise SensorError(SensorReason.NOT_FOUND, f"no serial port has {number}")
        return found

    stanza = LineBand(
        driver="serial_lines", name="grove", device=device, usb_serial=usb_serial, columns="ppg", rate_hz=50.0
    )
    (only,) = serial_ports(Config(sensor=(stanza,)), find)
    return only


def test_a_port_that_is_there_is_fine(node: str) -> None:
    assert (finding(device=node).grade, finding(device=node).text) == (Grade.OK, node)


def test_a_number_leads_to_its_port(node: str) -> None:
    assert finding(usb_serial="A50285BI", found=node).text == node


def test_a_number_that_nobody_has_is_an_error() -> None:
    told = finding(usb_serial="A50285BI")
    assert (told.grade, told.text) == (Grade.ERROR, "no serial port has A50285BI")


def test_a_port_that_is_missing_is_an_error() -> None:
    assert finding(device="/dev/ttyNONE7").grade is Grade.ERROR
    assert "rfcomm bind" in finding(device="/dev/rfcomm97").text


def test_what_is_no_port_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is no serial port" in finding(device=str(tmp_path / "file")).text


def test_a_port_that_may_not_be_used_is_an_error(node: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can lay its rights down and take them up again")
    Path(node).chmod(0o600)
    os.seteuid(65534)
    try:
        told = finding(device=node)
    finally:
        os.seteuid(0)
    assert "dialout" in told.text


def test_without_serial_bands_nothing_is_said() -> None:
    assert list(serial_ports(Config())) == []
