"""What docs/serial.md shows is what runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import numpy as np
import pytest

from edge.config import loads
from edge.sensors.wristband.serial.line_format import Column
from edge.types import Channel
from tests.sensors.wristband.serial.playing import decoded, errors_of, line_band, values_of

PAGE = (Path(__file__).parents[4] / "docs" / "serial.md").read_text()

ARDUINO = """
#pragma once
#include <cstdint>
#include <cstdio>
enum { A0, A1 };
inline uint32_t now_ms = 4294966000u;
inline uint32_t millis() { return now_ms; }
inline int analogRead(int pin) { static int turn = 0; return pin == A0 ? 436 + (turn++ % 2) : 500; }
struct { void begin(long) {} void print(const char *s) { fputs(s, stdout); }
  void println(const char *s) { fputs(s, stdout); fputs("\\r\\n", stdout); } } Serial;
"""
"""As much of the Arduino's library as the sketch uses; its clock turns over after 1.3 s."""

MAIN = """
#include "sketch.cpp"
int main() { setup(); for (int i = 0; i < 10000; ++i) { loop(); ++now_ms; } }
"""


def blocks(language: str) -> list[str]:
    """The page's examples in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_stanza_of_the_page_is_right() -> None:
    stanzas = [text for text in blocks("toml") if "[[sensor]]" in text]
    assert [loads(text).sensor[0].driver for text in stanzas] == ["serial_lines", "shimmer3"]


def test_the_rest_of_the_keys_can_be_added_to_the_stanza() -> None:
    keys = [tomllib.loads(text) for text in blocks("toml") if "[[sensor]]" not in text]
    assert [line_band(**each).grove_open for each in keys] == [512.0, 512.0]


def test_every_column_is_explained() -> None:
    assert [column for column in Column if f"`{column}`" not in PAGE] == []


def test_the_sketch_prints_what_the_box_reads(tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("no g++: install a C++ compiler")
    (sketch,) = blocks("cpp")
    for name, text in (("Arduino.h", ARDUINO), ("sketch.cpp", sketch), ("main.cpp", MAIN)):
        (tmp_path / name).write_text(text)
    subprocess.run(
        ["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-I.", "-o", "sketch", "main.cpp"],
        cwd=tmp_path,
        check=True,
    )
    printed = subprocess.run([tmp_path / "sketch"], check=True, capture_output=True).stdout
    band = line_band(columns="time_ms,grove_gsr,ppg", checksum=True)
    found = decoded(band.protocol(), [b"\n", *printed.splitlines(keepends=True)])
    assert errors_of(found) == []
    assert values_of(found, Channel.PPG) == [500.0] * 500
    # The mean of 436 and 437 by the maker's formula.
    assert np.unique(values_of(found, Channel.GSR_US)) == pytest.approx([100 * (512 - 436.5) / (1024 + 2 * 436.5)])
