"""One look at everything, and how it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge.scan import bands, picamera, ports, v4l2
from edge.scan.found import Found, Kind, Looked, stanza

RTSP_HINT = (
    "a network camera is not looked for: its address is in its manual, usually rtsp://ADDRESS/…; "
    'use driver = "rtsp" and try it with `anodyne sensors`'
)

_TITLES = {Kind.CAMERA: "Cameras", Kind.BAND: "Bluetooth bands", Kind.SERIAL: "Serial devices"}


@dataclass(frozen=True, slots=True)
class Offer:
    """One find, with the stanza to paste; None where no driver is known."""

    found: Found
    stanza: str | None


@dataclass(frozen=True, slots=True)
class Chapter:
    """All finds of one kind."""

    kind: Kind
    offers: tuple[Offer, ...]
    notes: tuple[str, ...]

    @property
    def title(self) -> str:
        """Its heading."""
        return _TITLES[self.kind]


async def scan(seconds: float) -> tuple[Chapter, ...]:
    """Look for cameras and serial devices, and listen for bands; each goes on whatever becomes of the others.

    Args:
        seconds: how long to listen for bands.
    """
    looked = await asyncio.gather(asyncio.to_thread(_cameras), bands.look(seconds), asyncio.to_thread(ports.look))
    return tuple(chapters(looked))


def chapters(looked: Sequence[Looked]) -> Iterator[Chapter]:
    """Cameras, bands, serial devices: each find with a stanza whose name no other has."""
    taken: set[str] = set()
    for kind, one in zip(Kind, looked, strict=True):
        offers: list[Offer] = []
        for found in one.found:
            written = stanza(found, taken)
            if written is not None:
                taken.add(written[0])
            offers.append(Offer(found, None if written is None else written[1]))
        yield Chapter(kind, tuple(offers), one.notes)


def _cameras() -> Looked:
    looked = (picamera.look(), v4l2.look())
    found = tuple(found for one in looked for found in one.found)
    return Looked(found, (*(note for one in looked for note in one.notes), RTSP_HINT))
