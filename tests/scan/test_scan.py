"""All finds together."""

from __future__ import annotations

from edge.config import loads
from edge.scan.found import Found, Kind, Looked
from edge.scan.scan import Chapter, chapters

CAMERA = Found(Kind.CAMERA, "Webcam", driver="v4l2")
BAND = Found(Kind.BAND, "strap", driver="ble_heart_rate", keys={"address": "C0:00:00:00:00:01"})
BOARD = Found(Kind.SERIAL, "board", driver="serial_lines", keys={"device": "/dev/x", "columns": "ppg", "rate_hz": 50.0})


def told(*looked: Looked) -> list[Chapter]:
    """The chapters of cameras, bands and serial devices."""
    return list(chapters(looked))


def test_all_stanzas_can_be_pasted_into_one_file() -> None:
    found = told(Looked((CAMERA, CAMERA)), Looked((BAND, BAND)), Looked((BOARD,)))
    text = "\n".join(offer.stanza or "" for chapter in found for offer in chapter.offers)
    names = [sensor.name for sensor in loads(text, "pasted").sensor]
    assert names == ["bedside", "bedside2", "wrist", "wrist2", "wrist3"]


def test_a_find_without_a_driver_is_told_without_a_stanza() -> None:
    cameras, _, _ = told(Looked((Found(Kind.CAMERA, "odd"), CAMERA)), Looked(), Looked())
    assert [offer.stanza is None for offer in cameras.offers] == [True, False]


def test_notes_stay_with_their_chapter() -> None:
    notes = [chapter.notes for chapter in told(Looked(notes=("a",)), Looked(notes=("b",)), Looked(notes=("c",)))]
    assert notes == [("a",), ("b",), ("c",)]
