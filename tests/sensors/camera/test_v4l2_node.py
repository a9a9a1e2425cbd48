"""A camera that is unplugged comes back under another number; another camera may take its old one."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from edge.clock import VirtualClock, run
from edge.errors import SensorError, SensorReason
from edge.sensors.camera import v4l2
from edge.sensors.camera.stanzas import V4l2Camera
from edge.sensors.camera.v4l2_node import Identity, KnownNode, identity_of


class Machine:
    """Nodes and what sysfs says of them, as udev and the kernel lay them out."""

    def __init__(self, root: Path) -> None:
        self.dev, self.sysfs, self._devices = root / "dev", root / "class", root / "devices"
        for folder in (self.dev / "v4l" / "by-id", self.sysfs, self._devices):
            folder.mkdir(parents=True)

    def plug(self, number: int, name: str, serial: str | None = None, index: int = 0) -> Path:
        """A camera appears under this number."""
        usb = self._devices / f"usb{number}"
        interface = usb / "1-1:1.0"
        interface.mkdir(parents=True)
        (usb / "idVendor").write_text("046d\n")
        (usb / "idProduct").write_text("082d\n")
        if serial is not None:
            (usb / "serial").write_text(f"{serial}\n")
        entry = self.sysfs / f"video{number}"
        entry.mkdir()
        (entry / "name").write_text(f"{name}\n")
        (entry / "index").write_text(f"{index}\n")
        (entry / "device").symlink_to(interface)
        node = self.dev / f"video{number}"
        node.touch()
        return node

    def unplug(self, number: int) -> None:
        """It disappears."""
        (self.dev / f"video{number}").unlink()
        shutil.rmtree(self.sysfs / f"video{number}")
        shutil.rmtree(self._devices / f"usb{number}")

    def known(self, configured: Path) -> KnownNode:
        """The camera that this names, seen once."""
        node = KnownNode(configured, self.sysfs, self.dev)
        node.remember(node.locate())
        return node


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without cameras."""
    return Machine(tmp_path)


def test_a_camera_is_known_by_name_usb_and_index(machine: Machine) -> None:
    node = machine.plug(0, "HD Webcam", "A1B2", index=1)
    assert identity_of(node, machine.sysfs) == Identity("HD Webcam", ("046d", "082d", "A1B2"), "1")


def test_a_new_number_is_logged_once_however_often_it_is_looked_for(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    node = machine.known(machine.plug(0, "HD Webcam", "A1B2"))
    machine.unplug(0)
    machine.plug(4, "HD Webcam", "A1B2")
    with caplog.at_level("INFO"):
        for _ in range(3):
            node.locate()
    assert [record.message.endswith("no longer " + str(machine.dev / "video0")) for record in caplog.records] == [True]


def test_a_camera_that_was_never_seen_is_taken_as_configured(machine: Machine) -> None:
    assert KnownNode(machine.dev / "video7", machine.sysfs, machine.dev).locate() == machine.dev / "video7"


def test_a_camera_is_found_under_its_new_number(machine: Machine) -> None:
    node = machine.known(machine.plug(0, "HD Webcam", "A1B2"))
    machine.unplug(0)
    assert not node.present()
    machine.plug(2, "HD Webcam", "A1B2")
    assert node.locate() == machine.dev / "video2"
    assert node.present()


def test_another_camera_under_the_old_number_is_not_taken(machine: Machine) -> None:
    """It may look at another bed."""
    node = machine.known(machine.plug(0, "HD Webcam", "A1B2"))
    machine.unplug(0)
    machine.plug(0, "HD Webcam", "C3D4")
    with pytest.raises(SensorError, match="is now HD Webcam, another camera") as raised:
        node.locate()
    assert raised.value.reason is SensorReason.NOT_FOUND


def test_two_cameras_that_changed_places_are_told_apart(machine: Machine) -> None:
    node = machine.known(machine.plug(0, "HD Webcam", "A1B2"))
    machine.unplug(0)
    machine.plug(0, "HD Webcam", "C3D4")
    machine.plug(1, "HD Webcam", "A1B2")
    assert node.locate() == machine.dev / "video1"


def test_the_cameras_second_node_is_not_taken(machine: Machine) -> None:
    """Where the metadata come out."""
    node = machine.known(machine.plug(0, "HD Webcam", "A1B2"))
    machine.unplug(0)
    machine.plug(2, "HD Webcam", "A1B2", index=1)
    machine.plug(3, "HD Webcam", "A1B2", index=0)
    assert node.locate() == machine.dev / "video3"


def test_two_of_a_kind_without_serial_numbers_are_not_guessed_at(machine: Machine) -> None:
    node = machine.known(machine.plug(0, "Webcam"))
    machine.unplug(0)
    machine.plug(1, "Webcam")
    machine.plug(2, "Webcam")
    with pytest.raises(SensorError, match="by-path") as raised:
        node.locate()
    assert raised.value.reason is SensorReason.AMBIGUOUS


def test_a_link_by_id_is_followed(machine: Machine) -> None:
    link = machine.dev / "v4l" / "by-id" / "usb-046d_HD_Webcam_A1B2-video-index0"
    link.symlink_to(machine.plug(0, "HD Webcam", "A1B2"))
    node = machine.known(link)
    machine.unplug(0)
    link.unlink()
    assert not node.present()
    link.symlink_to(machine.plug(4, "HD Webcam", "A1B2"))
    assert node.locate() == link
    assert node.present()


def test_a_camera_that_is_plugged_in_again_ends_the_wait(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock()
    configured = machine.plug(0, "HD Webcam", "A1B2")
    monkeypatch.setattr(v4l2, "KnownNode", lambda path: KnownNode(path, machine.sysfs, machine.dev))
    camera = v4l2.V4l2(V4l2Camera(driver="v4l2", name="cam", device=str(configured)), clock)

    async def replug() -> None:
        await clock.sleep(3.0)
        machine.unplug(0)
        await clock.sleep(20.0)
        machine.plug(0, "HD Webcam", "A1B2")

    async def both() -> None:
        await asyncio.gather(replug(), camera.until_back())

    run(clock, both())
    assert clock.now_ns() / 1e9 == pytest.approx(23.5, abs=0.6)
