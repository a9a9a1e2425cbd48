"""`anodyne plot`: the picture, the page, and what it says when it cannot draw."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cli import main
from edge.plot.draw import clock_text
from edge.recorder.events import Alerted, Assessed, Estimated, Event, StatusChanged, Ticked
from tests.recorder.events import ALERT, BLIND, FACE, FACTS, LOST, SEEN, write
from tests.replay.troubled import at, write_troubled


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_troubled(tmp_path_factory.mktemp("troubled") / "x.anodyne")


@pytest.fixture
def eventful(tmp_path: Path) -> Path:
    """A short session with results and a face, and a name that a page must not take for markup."""
    events: list[Event] = []
    for second in range(1, 9):
        events += [
            Estimated(at(second), "camera", replace(FACE, measured_ns=at(second), interval=(0.0, 1.0))),
            Ticked(at(second)),
            Assessed(at(second), SEEN if second < 5 else BLIND),
        ]
    events += [Alerted(at(8), replace(ALERT, reasons=("<b>",), at_ns=at(8))), StatusChanged(at(8), LOST), Ticked(at(9))]
    camera = replace(FACTS.sensors[0], name="camera", driver="<script>")
    return write(tmp_path / "e.anodyne", events, replace(FACTS, sensors=(*FACTS.sensors, camera)))


def test_a_picture_shows_the_gaps(session: Path, tmp_path: Path) -> None:
    assert main(["plot", str(session), "-o", str(tmp_path / "x.png")]) == 0
    picture = cv2.imread(str(tmp_path / "x.png"))
    assert picture is not None
    assert picture.shape[1] == 1760
    shade = np.array([0xC9, 0xC9, 0xF3])  # edge.plot.panels.GAP, as OpenCV orders colours
    shaded = (np.abs(picture.astype(int) - shade).max(axis=2) <= 2).sum(axis=0) > 50  # more than a legend's swatch
    # Lost for 4 s and silent for 3 s of 50 s, and the last second; up to half a second more around each for the skin's
    # 4 Hz. The axis takes about 87 % of the width.
    assert 8 / 50 <= shaded.sum() / (0.87 * 1760) <= 10 / 50


def test_a_session_without_anything_but_time_can_be_drawn(tmp_path: Path) -> None:
    path = write(tmp_path / "x.anodyne", [Ticked(at(1)), Ticked(at(5))])
    assert main(["plot", str(path), "-o", str(tmp_path / "x.png")]) == 0


def test_a_drawing_is_sound_xml(session: Path, tmp_path: Path) -> None:
    assert main(["plot", str(session), "-o", str(tmp_path / "x.svg")]) == 0
    assert ET.fromstring((tmp_path / "x.svg").read_text()).tag.endswith("svg")  # noqa: S314  # our own file


class Links(HTMLParser):
    """Collects what a page would fetch, and its elements."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.elements: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and what it refers to."""
        self.elements.add(tag)
        self.fetched += [
            value
            for key, value in attrs
            if key in ("src", "href", "xlink:href") and value and value[:1] not in "#"
            if not value.startswith("data:")
        ]


def test_a_page_stands_for_itself_and_trusts_no_text(eventful: Path, tmp_path: Path) -> None:
    assert main(["plot", str(eventful), "-o", str(tmp_path / "x.html")]) == 0
    text = (tmp_path / "x.html").read_text()
    page = Links()
    page.feed(text)
    assert page.fetched == []
    assert {"svg", "table"} <= page.elements
    assert "script" not in page.elements
    assert "&lt;script&gt;" in text


def test_the_picture_goes_beside_where_one_stands(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["plot", str(session), "--from", "0:05", "--to", "10"]) == 0
    assert (tmp_path / "x.png").exists()
    assert capsys.readouterr().out == "x.png: 5 s, 0 alerts\n"


def test_without_matplotlib_it_says_what_to_install(
    session: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["plot", str(session), "-o", "x.png"]) == 2
    assert "pip install 'anodyne[plot]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "told"), [("x.pdf", "ends with png, svg, html"), ("none/x.png", "No such file or directory")]
)
def test_where_it_cannot_be_written_it_says_so(
    session: Path, tmp_path: Path, name: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plot", str(session), "-o", str(tmp_path / name)]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(("option", "value"), [("--from", "-1"), ("--to", "soon"), ("--to", "1:-5")])
def test_a_time_that_is_none_is_refused(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["plot", "x.anodyne", f"{option}={value}"])
    assert option in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00"), (59.96, "1:00"), (61.5, "1:01.5"), (3600.0, "1:00:00"), (-5.0, "-0:05")]
)
def test_times_are_written_as_on_a_clock(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text
