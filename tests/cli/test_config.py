"""`anodyne config`: check, schema, example, docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cli import main
from tests.cli.capture import anodyne


def test_a_right_file_is_summed_up(tmp_path: Path) -> None:
    path = tmp_path / "box.toml"
    path.write_text(anodyne("config", "example").out)
    assert anodyne("config", "check", str(path)).out == (
        f"{path} is right: home/bed1, sensors: bedside (v4l2), wrist (ble_uart)\n"
    )


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("", 'can only ever say "cannot assess"'),
        ('[mqtt]\nusername = "x"\n', "in the clear"),
        ('[box]\nvalidity = "demo"\n', "not for a patient"),
    ],
)
def test_a_right_file_with_something_doubtful_gets_a_note(tmp_path: Path, text: str, note: str) -> None:
    path = tmp_path / "box.toml"
    path.write_text(text)
    assert note in anodyne("config", "check", str(path)).out


def test_a_wrong_file_ends_with_2_and_tells_every_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "box.toml"
    path.write_text("[box]\nsight = 1\n[mqtt]\nport = 0\n")
    code = main(["config", "check", str(path)])
    told = capsys.readouterr().err
    assert (code, "line 2: box.sight" in told, "line 4: mqtt.port" in told) == (2, True, True)
