"""Rule 3 in types: the rooms that publish, store and show cannot be handed a frame."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PROGRAM = """
from edge.clock import Instant
from edge.daemon import Daemon
from edge.publish.cbor.items import encode_item
from edge.publish.link import Link
from edge.publish.mqtt import Publisher
from edge.publish.outbox import Outbox
from edge.publish.payload import LoadMessage, NoteMessage, StateMessage
from edge.recorder.recorder import Recording
from edge.references import References
from edge.sensors.report import BoxReport
from edge.station.home import HomePage
from edge.types import Absence, Assessment, Estimate, Frame, Modality, Verdict


def leak(
    frame: Frame, outbox: Outbox, publisher: Publisher, link: Link, home: HomePage, recording: Recording,
    references: References, daemon: Daemon, note: NoteMessage, now: Instant,
) -> None:
    outbox.put("event", note)
    outbox.put("event", frame)  # LEAK
    outbox.put("event", frame.pixels)  # LEAK
    outbox.hold("event", frame.pixels.tobytes())  # LEAK
    publisher.announce("load", lambda head: frame)  # LEAK
    publisher.publish_state(frame)  # LEAK
    publisher.publish_alert(frame)  # LEAK
    link.publish("topic", frame.pixels)  # LEAK
    home.state(frame, ())  # LEAK
    home.alert(frame)  # LEAK
    recording.estimates("camera", (frame,))  # LEAK
    recording.block(frame)  # LEAK
    references.save("camera", frame, now)  # LEAK
    NoteMessage(id="a", wall_ms=0, text=frame.pixels, by="x")  # LEAK
    NoteMessage(id="a", wall_ms=0, text=frame.pixels.tobytes(), by="x")  # LEAK
    encode_item(frame.pixels)  # LEAK
    Estimate(Modality.FACE, 1.0, 1.0, (0.0, 1.0), 0, {"picture": frame.pixels})  # LEAK
    Estimate(Modality.FACE, frame.pixels, 1.0, (0.0, 1.0), 0)  # LEAK
    Assessment(0, Verdict.CALM, 1.0, (0.0, 1.0), 0.5, (Modality.FACE,), {}, (), (frame.pixels,))  # LEAK
    Estimate.absent(Modality.FACE, Absence.NO_FACE, 0)
"""

WITHOUT_PICTURES = ("publish", "station", "alarm", "store.py", "salvage.py", "orders.py", "reporter.py", "slowing.py")
"""Below `edge/`: what must not even know of frames, arrays or image libraries."""

LIBRARIES = {"cv2", "numpy", "PIL", "picamera2"}


def test_handing_a_frame_or_its_pixels_out_does_not_type_check(tmp_path: Path) -> None:
    program = tmp_path / "leak.py"
    program.write_text(PROGRAM)
    expected = {number for number, line in enumerate(PROGRAM.splitlines(), 1) if line.endswith("# LEAK")}
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", "--no-error-summary", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    found = {int(line.split(":")[1]) for line in checked.stdout.splitlines() if ": error:" in line}
    assert found == expected, checked.stdout + checked.stderr
    assert len(expected) > 15


def imported(path: Path) -> set[str]:
    """Names that a module imports: top-level packages, and `Frame` where it is taken from the types."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
            names |= {one.name for one in node.names if one.name == "Frame"}
    return names


@pytest.mark.parametrize("room", WITHOUT_PICTURES)
def test_these_rooms_know_of_no_frame_array_or_image_library(room: str) -> None:
    place = ROOT / "edge" / room
    modules = [place] if place.is_file() else sorted(place.rglob("*.py"))
    assert modules
    # The sound of the bed's annunciator is made as an array of samples.
    known = {path: imported(path) & (LIBRARIES | {"Frame"}) for path in modules if path.name != "sinks.py"}
    assert {path: names for path, names in known.items() if names} == {}
