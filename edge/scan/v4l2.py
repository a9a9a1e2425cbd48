"""Video4Linux2 nodes: what they are called and which pictures they offer.

The numbers are those of <linux/videodev2.h>: three ioctls that read and change nothing.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.scan.found import Found, Kind, Looked

_QUERYCAP = 0x80685600
"""_IOR('V', 0, struct v4l2_capability), 104 bytes."""
_ENUM_FMT = 0xC0405602
"""_IOWR('V', 2, struct v4l2_fmtdesc), 64 bytes."""
_ENUM_FRAMESIZES = 0xC02C564A
"""_IOWR('V', 74, struct v4l2_frmsizeenum), 44 bytes."""

_VIDEO_CAPTURE = 0x00000001
_VIDEO_CAPTURE_MPLANE = 0x00001000
_DEVICE_CAPS = 0x80000000
_TYPE_CAPTURE = 1
_DISCRETE = 1

_MOST = 64
"""Formats or sizes asked for at most: a driver that never ends its list is broken."""


@dataclass(frozen=True, slots=True)
class VideoNode:
    """What a node says of itself.

    Attributes:
        card: the camera's name.
        bus: where it is plugged in.
        captures: whether pictures come out of it (a camera often has a second node for metadata).
        formats: pixel format (four characters) to its sizes, (width, height), smallest first.
    """

    card: str
    bus: str
    captures: bool
    formats: dict[str, tuple[tuple[int, int], ...]]


def look(dev: Path = Path("/dev"), ask: Callable[[Path], VideoNode] | None = None) -> Looked:
    """The cameras among the nodes of `dev`, each under its lasting name where udev gives it one.

    Args:
        dev: the folder of device nodes.
        ask: asks a node what it is; raises OSError.
    """
    ask = ask or query
    lasting = _lasting_names(dev / "v4l" / "by-path") | _lasting_names(dev / "v4l" / "by-id")
    found: list[Found] = []
    notes: list[str] = []
    for node in sorted(dev.glob("video[0-9]*"), key=_number):
        try:
            video = ask(node)
        except PermissionError:
            notes.append(f"{node} may not be read by this user: add it to the group `video`, or ask as root")
            continue
        except OSError as error:
            notes.append(f"{node} cannot be asked what it is ({error.strerror})")
            continue
        if video.captures:
            found.append(_found(video, node, lasting.get(node.resolve())))
    return Looked(tuple(found), tuple(notes))


def _found(video: VideoNode, node: Path, lasting: Path | None) -> Found:
    device = lasting or node
    facts = [f"{pixels}: {_sizes(sizes)}" for pixels, sizes in video.formats.items()]
    if lasting is None:
        facts.append(f"without a lasting name: {node} may be another camera after a restart")
    elif lasting.parent.name == "by-path":
        facts.append("named by its socket, since it tells no name of its own: leave it plugged in there")
    return Found(Kind.CAMERA, f"{video.card} at {node} ({video.bus})", tuple(facts), "v4l2", {"device": str(device)})


def _sizes(sizes: tuple[tuple[int, int], ...]) -> str:
    """The sizes in few words: the smallest, what the networks want, and the largest."""
    if not sizes:
        return "sizes unknown"
    names = [f"{width}x{height}" for width, height in sizes]
    return ", ".join(names) if len(names) <= 4 else f"{names[0]} to {names[-1]}, {len(names)} sizes"


def _lasting_names(folder: Path) -> dict[Path, Path]:
    """Nodes to udev's links, which name the camera (by-id) or its socket (by-path), not the order of plugging in."""
    if not folder.is_dir():
        return {}
    return {link.resolve(): link for link in sorted(folder.iterdir(), reverse=True)}


def _number(node: Path) -> tuple[int, str]:
    digits = node.name.removeprefix("video")
    return (int(digits) if digits.isdigit() else 1 << 16, node.name)


def query(node: Path) -> VideoNode:
    """Ask a node what it is.

    Raises:
        OSError: it cannot be opened, or is no Video4Linux2 node.
    """
    descriptor = os.open(node, os.O_RDWR | os.O_NONBLOCK)
    try:
        capability = _ioctl(descriptor, _QUERYCAP, bytes(104))
        formats = {pixels: _frame_sizes(descriptor, code) for code, pixels in _formats(descriptor)}
    finally:
        os.close(descriptor)
    return described(capability, formats)


def described(capability: bytes, formats: dict[str, tuple[tuple[int, int], ...]]) -> VideoNode:
    """A node from the kernel's `struct v4l2_capability`."""
    card, bus = (_text(capability[begin : begin + 32]) for begin in (16, 48))
    whole, of_node = struct.unpack_from("<II", capability, 84)
    caps = of_node if whole & _DEVICE_CAPS else whole
    return VideoNode(card, bus, bool(caps & (_VIDEO_CAPTURE | _VIDEO_CAPTURE_MPLANE)), formats)


def _formats(descriptor: int) -> Iterator[tuple[int, str]]:
    for index in range(_MOST):
        try:
            answer = _ioctl(descriptor, _ENUM_FMT, struct.pack("<II56x", index, _TYPE_CAPTURE))
        except OSError:  # EINVAL ends the list
            return
        code = answer[44:48]
        yield struct.unpack("<I", code)[0], _text(code).strip()


def _frame_sizes(descriptor: int, code: int) -> tuple[tuple[int, int], ...]:
    sizes: list[tuple[int, int]] = []
    for index in range(_MOST):
        try:
            answer = _ioctl(descriptor, _ENUM_FRAMESIZES, struct.pack("<II36x", index, code))
        except OSError:  # EINVAL ends the list
            break
        (kind,) = struct.unpack_from("<I", answer, 8)
        if kind != _DISCRETE:  # a range: from smallest to largest in steps
            least_w, most_w, _, least_h, most_h, _ = struct.unpack_from("<6I", answer, 12)
            return ((least_w, least_h), (most_w, most_h))
        sizes.append(struct.unpack_from("<II", answer, 12))
    return tuple(sorted(sizes))


def _ioctl(descriptor: int, request: int, argument: bytes) -> bytes:
    return fcntl.ioctl(descriptor, request, argument)


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "replace").strip()
