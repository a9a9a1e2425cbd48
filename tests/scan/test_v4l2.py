"""Video nodes: a folder of nodes whose answers are made up, and the kernel's own structures."""

from __future__ import annotations

import errno
import struct
from pathlib import Path

import pytest

from edge.scan.found import stanza
from edge.scan.v4l2 import VideoNode, described, look, query

WEBCAM = VideoNode("HD Webcam", "usb-0000:01:00.0-1.2", captures=True, formats={"YUYV": ((640, 480), (1280, 720))})
METADATA = VideoNode("HD Webcam", "usb-0000:01:00.0-1.2", captures=False, formats={})


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    """Two nodes of one webcam, the first with a lasting name."""
    for number in (0, 1, 10):
        (tmp_path / f"video{number}").touch()
    by_id = tmp_path / "v4l" / "by-id"
    by_id.mkdir(parents=True)
    (by_id / "usb-Maker_HD_Webcam_123-video-index0").symlink_to("../../video0")
    return tmp_path


def answer(node: Path) -> VideoNode:
    """video0 and video10 give pictures, video1 metadata."""
    return METADATA if node.name == "video1" else WEBCAM


def test_cameras_are_found_in_order_and_metadata_nodes_are_left_out(dev: Path) -> None:
    found = look(dev, answer).found
    assert [one.title.split()[3] for one in found] == [str(dev / "video0"), str(dev / "video10")]


def test_the_stanza_takes_the_lasting_name(dev: Path) -> None:
    first, second = look(dev, answer).found
    assert first.keys == {"device": str(dev / "v4l/by-id/usb-Maker_HD_Webcam_123-video-index0")}
    assert second.keys == {"device": str(dev / "video10")}
    assert any("without a lasting name" in fact for fact in second.facts)


def test_formats_and_sizes_are_told(dev: Path) -> None:
    assert "YUYV: 640x480, 1280x720" in look(dev, answer).found[0].facts


def test_the_stanza_loads(dev: Path) -> None:
    assert all(stanza(found, set()) for found in look(dev, answer).found)


def test_a_node_that_may_not_be_opened_is_a_note_and_the_rest_goes_on(dev: Path) -> None:
    def refuse(node: Path) -> VideoNode:
        if node.name == "video0":
            raise PermissionError(errno.EACCES, "Permission denied")
        return answer(node)

    looked = look(dev, refuse)
    assert len(looked.found) == 1
    assert "add it to the group `video`" in looked.notes[0]


def test_without_nodes_there_is_nothing(tmp_path: Path) -> None:
    assert look(tmp_path).found == ()


def test_a_device_that_is_no_camera_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "video0").symlink_to("/dev/null")
    looked = look(tmp_path)
    assert looked.found == ()
    assert "cannot be asked what it is" in looked.notes[0]


def test_asking_something_else_leaves_no_descriptor_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(OSError, match="Inappropriate ioctl"):
            query(Path("/dev/null"))
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


@pytest.mark.parametrize(
    ("whole", "of_node", "captures"), [(0x85200001, 0x04200001, True), (0x84A00001, 0x04A00000, False)]
)
def test_the_kernels_structure_is_read(whole: int, of_node: int, captures: bool) -> None:
    """Of a webcam and of its metadata node, as the kernel's uvcvideo answers."""
    raw = struct.pack("<16s32s32sIII12x", b"uvcvideo", b"HD Webcam", b"usb-1", 0x060100, whole, of_node)
    assert described(raw, {}) == VideoNode("HD Webcam", "usb-1", captures, {})
