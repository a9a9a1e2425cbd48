"""`anodyne scan`: what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import json

import pytest
from rich.console import Console

from edge.cli.scan import show
from edge.config import loads
from edge.scan.found import Found, Kind, Looked
from edge.scan.scan import chapters
from tests.cli.capture import Outcome, anodyne
from tests.peers.band import ADDRESS, NAME, VirtualBand

LONG = "/dev/v4l/by-id/usb-A_Maker_With_A_Rather_Long_Name_HD_Webcam_C920_0123456789ABCDEF-video-index0"
CAMERA = Found(Kind.CAMERA, "HD Webcam [bold]C920[/]", ("YUYV: 640x480",), "v4l2", {"device": LONG})
STRANGER = Found(Kind.SERIAL, "odd device")


async def scan(*options: str) -> Outcome:
    """Scan in a thread, so that the virtual radio of this loop goes on."""
    return await asyncio.to_thread(anodyne, "scan", "--seconds", "1", *options)


async def test_a_band_is_printed_with_a_stanza_that_loads(band: VirtualBand) -> None:
    assert band is not None
    outcome = await scan()
    assert outcome.code == 0
    assert f"{NAME} at {ADDRESS}" in outcome.out
    begin = outcome.out.index("[[sensor]]")
    stanza = outcome.out[begin : outcome.out.index("\n\n", begin)]
    assert loads(stanza, "pasted").sensor[0].name == "wrist"


async def test_as_json_every_find_is_an_object(band: VirtualBand) -> None:
    assert band is not None
    told = json.loads((await scan("--json")).out)
    assert [chapter["kind"] for chapter in told] == ["camera", "band", "serial"]
    assert told[1]["found"][0]["driver"] == "ble_heart_rate"
    assert told[1]["found"][0]["keys"] == {"address": ADDRESS}


def test_without_anything_the_exit_code_is_1_and_every_reason_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    monkeypatch.setattr("edge.scan.ports._listed", lambda: ())
    monkeypatch.setattr("edge.scan.v4l2.Path.glob", lambda _self, _pattern: ())
    outcome = anodyne("scan", "--seconds", "0.1")
    assert outcome.code == 1
    assert "message bus cannot be reached" in " ".join(outcome.out.split())


def printed(*looked: Looked) -> list[str]:
    """What 80 columns show of this."""
    console = Console(width=80, force_terminal=False)
    with console.capture() as capture:
        show(console, list(chapters(looked)))
    return capture.get().splitlines()


def test_a_stanza_begins_at_the_left_edge_and_is_never_wrapped() -> None:
    lines = printed(Looked((CAMERA,)), Looked(), Looked())
    assert f'device = "{LONG}"' in lines
    assert "[[sensor]]" in lines


def test_everything_else_fits_80_columns() -> None:
    note = "a note that is much longer than a line of a terminal is wide, and therefore has to be wrapped somewhere"
    lines = printed(Looked((CAMERA,), (note,)), Looked(), Looked((STRANGER,)))
    assert [line for line in lines if len(line.rstrip()) > 80 and LONG not in line] == []


def test_what_a_device_calls_itself_is_printed_as_it_is() -> None:
    assert any("HD Webcam [bold]C920[/]" in line for line in printed(Looked((CAMERA,)), Looked(), Looked()))


def test_a_find_without_a_driver_says_so() -> None:
    assert any("no driver is known" in line for line in printed(Looked(), Looked(), Looked((STRANGER,))))
