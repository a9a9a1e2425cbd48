"""What the real picamera2 needs to run on libcamera's virtual camera instead of a Raspberry Pi's.

Five stand-ins, none of them for anything that the driver under test calls:

1. `pykms` is imported by picamera2 for a preview on the screen and is on no package index: an empty module.
2. picamera2 looks up the sensor's raw modes as it opens a camera; the virtual camera has no raw stream.
3. picamera2 takes its buffers from the kernel's DMA heaps; here libcamera allocates them. The virtual camera of
   libcamera 0.4.0 leaves the number of used bytes unset, so that buffers are mapped by the lengths of their planes.
4. `/dev/udmabuf`, where the kernel has none: see udmabuf.c.
5. The virtual camera leaves the status of its pictures unset as well: whatever the memory held before. picamera2 passes
   on those with status 0 only, so that of four buffers perhaps one would be seen. run.sh has glibc zero new memory.
"""

from __future__ import annotations

import mmap
import sys
import time
import types
from typing import ClassVar


def _stand_in_for_pykms() -> None:
    module = types.ModuleType("pykms")
    module.PixelFormat = type("PixelFormat", (), {"__getattr__": lambda _, name: name})()  # type: ignore[attr-defined]  # a module made on the spot
    sys.modules["pykms"] = module


_stand_in_for_pykms()

import picamera2  # noqa: E402  # only now can it be imported
import picamera2.picamera2 as implementation  # noqa: E402 - likewise
from picamera2 import CompletedRequest, MappedArray  # noqa: E402 - likewise
from picamera2.allocators import LibcameraAllocator  # noqa: E402 - likewise

__all__ = ["REAL", "CompletedRequest", "MappedArray", "VirtualPicamera2"]


PACE_S = 0.01
"""Pause between rounds of up to four pictures: without it the virtual camera keeps a whole core busy."""


class _Mapping:
    """A frame buffer in memory, by the lengths of its planes."""

    def __init__(self, allocator: object, buffer: object, write: bool) -> None:
        del allocator, write
        self._planes = buffer.planes  # type: ignore[attr-defined]  # libcamera.FrameBuffer

    def __enter__(self) -> mmap.mmap:
        length = sum(plane.length for plane in self._planes)
        self._memory = mmap.mmap(self._planes[0].fd, length, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        return self._memory

    def __exit__(self, *error: object) -> None:
        self._memory.close()


class _Allocator(LibcameraAllocator):  # type: ignore[misc]  # picamera2 carries no types
    """Buffers from libcamera instead of the kernel's DMA heaps."""

    def __init__(self, camera: object = None) -> None:
        super().__init__(camera)
        self.sync = _Mapping


class VirtualPicamera2(picamera2.Picamera2):  # type: ignore[misc]  # picamera2 carries no types
    """picamera2 on the virtual camera. `opened` lists every camera that was opened."""

    opened: ClassVar[list[VirtualPicamera2]] = []

    def __init__(self, camera_num: int = 0, tuning: object = None) -> None:
        """Open the camera, with the other allocator."""
        super().__init__(camera_num, tuning=tuning, allocator=_Allocator())
        self.allocator = _Allocator(self.camera)
        self.opened.append(self)

    def process_requests(self, display: object) -> None:
        """Hand on what is ready, not before a while has passed."""
        time.sleep(PACE_S)
        super().process_requests(display)

    def _get_raw_modes(self) -> list[dict[str, object]]:
        return [{"format": "NV12", "size": (640, 480)}]


implementation.DmaAllocator = _Allocator  # `close` makes a new one
REAL = picamera2.Picamera2
"""The class as the package has it."""
picamera2.Picamera2 = VirtualPicamera2
