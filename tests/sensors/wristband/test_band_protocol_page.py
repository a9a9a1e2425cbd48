"""docs/band-protocol.md: its bytes, its Python and C encoders and its sketch, held to the reference encoder."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.wristband.uart_blocks import BlockBuilder
from edge.sensors.wristband.uart_frame import BandFrame, FrameSplitter, FrameType, decode, encode
from edge.types import Channel

PAGE = (Path(__file__).parents[3] / "docs/band-protocol.md").read_text()
Encoder = Callable[[int, int, int, float, Sequence[int]], bytes]


def code(language: str) -> str:
    """The page's one block in this language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def documented() -> list[bytes]:
    """The worked bytes, in the page's order."""
    return [bytes.fromhex(line) for line in re.findall(r"(?m)^    (A95D [0-9A-F ]+)$", PAGE)]


def reference(kind: FrameType, sequence: int, time_us: int, rate_hz: float, samples: Sequence[int]) -> bytes:
    """The program's own encoder, from raw samples."""
    scale = {FrameType.GSR: 1e-3, FrameType.ACC: 1e-3}.get(kind, 1.0)
    values = np.asarray(np.array(samples, np.float64) * scale, np.float32)
    if kind is FrameType.ACC:
        values = values.reshape(-1, 3)
    return encode(BandFrame(kind, sequence, time_us, rate_hz, values))


def python_encoder() -> Encoder:
    names: dict[str, Encoder] = {}
    exec(compile(code("python"), "docs/band-protocol.md", "exec"), names)  # noqa: S102  # the page's text is ours
    return names["band_frame"]


COUNTS = {
    FrameType.PPG: st.lists(st.integers(-(2**22), 2**22), min_size=1, max_size=64),
    FrameType.GSR: st.lists(st.integers(0, 200_000), min_size=1, max_size=64),
    FrameType.ACC: st.lists(st.integers(-(2**15), 2**15 - 1), min_size=3, max_size=126).map(
        lambda values: values[: len(values) // 3 * 3]
    ),
    FrameType.CONTACT: st.lists(st.integers(0, 1), min_size=1, max_size=255),
    FrameType.BATTERY: st.lists(st.integers(0, 100), min_size=1, max_size=255),
}
PACKED = {FrameType.PPG: "i", FrameType.GSR: "I", FrameType.ACC: "h", FrameType.CONTACT: "B", FrameType.BATTERY: "B"}


@st.composite
def arguments(draw: st.DrawFn) -> tuple[FrameType, int, int, float, list[int]]:
    """Whatever a band may send."""
    kind = draw(st.sampled_from(FrameType))
    regular = kind in (FrameType.PPG, FrameType.GSR, FrameType.ACC)
    rate_hz = draw(st.integers(1, 65535)) / 100 if regular else 0.0
    return kind, draw(st.integers(0, 65535)), draw(st.integers(0, 2**32 - 1)), rate_hz, draw(COUNTS[kind])


def test_the_worked_bytes_are_what_they_are_said_to_be() -> None:
    ppg, gsr, acc, contact, battery = (decode(frame) for frame in documented())
    assert (ppg.values.tolist(), ppg.rate_hz, ppg.sequence) == ([1000, 1010, 1020, 1005], 64.0, 128)
    assert gsr.values.tolist() == pytest.approx([2.0, 2.001, 2.003, 2.006])
    assert (gsr.rate_hz, gsr.sequence) == (4.0, 8)
    assert acc.values.tolist() == [pytest.approx([0.012, -0.5, 0.866])]
    assert (acc.rate_hz, acc.sequence) == (32.0, 64)
    assert (contact.type, contact.values.tolist(), contact.sequence) == (FrameType.CONTACT, [1.0], 3)
    assert (battery.type, battery.values.tolist(), battery.sequence) == (FrameType.BATTERY, [87.0], 0)
    assert {frame.time_us for frame in (ppg, gsr, acc, contact, battery)} == {2_000_000}


@given(arguments())
def test_the_pages_python_encoder_gives_the_reference_bytes(
    fields: tuple[FrameType, int, int, float, list[int]],
) -> None:
    assert python_encoder()(*fields) == reference(*fields)


DRIVER = """
#include <stdio.h>
#include "band_frame.h"
int main(void) {
  unsigned type, sequence, time_us, rate, count, size;
  static uint8_t samples[256], out[BAND_LONGEST];
  while (scanf("%u %u %u %u %u %u", &type, &sequence, &time_us, &rate, &count, &size) == 6) {
    for (unsigned i = 0; i < size; i++) { unsigned byte; if (scanf("%2x", &byte) != 1) return 1; samples[i] = byte; }
    size_t length = band_frame(out, type, sequence, time_us, rate, count, samples, size);
    for (size_t i = 0; i < length; i++) printf("%02x", out[i]);
    puts("");
  }
  return 0;
}
"""


def build(folder: Path, compiler: str, source: str, name: str) -> Path:
    """Compile something that includes the page's header; warnings are errors."""
    found = shutil.which(compiler)
    if found is None:
        pytest.skip(f"no {compiler}: install a C and C++ compiler")
    (folder / "band_frame.h").write_text(code("c"))
    (folder / name).write_text(source)
    program = folder / "program"
    flags = ["-Wall", "-Wextra", "-Werror", "-fsanitize=undefined", "-fno-sanitize-recover", "-I", str(folder)]
    done = subprocess.run(
        [found, *flags, str(folder / name), "-o", str(program)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return program


def test_the_pages_c_encoder_gives_the_reference_bytes(tmp_path: Path) -> None:
    program = build(tmp_path, "cc", DRIVER, "driver.c")
    generator = np.random.default_rng(1)
    cases: list[tuple[FrameType, int, int, float, list[int]]] = [
        (FrameType.PPG, 128, 2_000_000, 64.0, [1000, 1010, 1020, 1005]),
        (FrameType.GSR, 8, 2_000_000, 4.0, [2000, 2001, 2003, 2006]),
        (FrameType.ACC, 64, 2_000_000, 32.0, [12, -500, 866]),
        (FrameType.CONTACT, 3, 2_000_000, 0.0, [1]),
        (FrameType.BATTERY, 0, 2_000_000, 0.0, [87]),
        (FrameType.PPG, 65535, 2**32 - 1, 655.35, generator.integers(-(2**22), 2**22, 64).tolist()),
        (FrameType.ACC, 65535, 2**32 - 1, 0.01, generator.integers(-(2**15), 2**15, 126).tolist()),
    ]
    text = ""
    for kind, sequence, time_us, rate_hz, samples in cases:
        packed = struct.pack(f"<{len(samples)}{PACKED[kind]}", *samples)
        count = len(samples) // 3 if kind is FrameType.ACC else len(samples)
        text += f"{kind} {sequence} {time_us} {round(100 * rate_hz)} {count} {len(packed)} {packed.hex()}\n"
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=True)
    assert [bytes.fromhex(line) for line in done.stdout.split()] == [reference(*case) for case in cases]
    assert [reference(*case) for case in cases[:5]] == documented()


ARDUINO = """
#pragma once
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
enum { A0, A1, BLENotify };
static uint32_t now_us = 0xFFFF0000u;  // the clock wraps soon after the start
static inline uint32_t micros() { return now_us; }
static int readings[2];
static inline int analogRead(int pin) { return pin == A0 ? readings[0]++ % 1024 : 500 + readings[1]++; }
struct BLECharacteristic {
  BLECharacteristic(const char *, int, int longest) : longest(longest) {}
  int longest;
  int writeValue(const uint8_t *data, int size) {
    if (size > longest) return 0;
    for (int i = 0; i < size; i++) printf("%02x", data[i]);
    puts("");
    return 1;
  }
};
struct BLEService { explicit BLEService(const char *) {} void addCharacteristic(BLECharacteristic &) {} };
struct Radio {
  void begin() {} void setLocalName(const char *) {} void setAdvertisedService(BLEService &) {}
  void addService(BLEService &) {} void advertise() {} void poll() { now_us += 5000; }
} BLE;
void setup();
void loop();
"""
"""As much of the Arduino libraries as the sketch uses; every turn of its loop takes five milliseconds."""

TURNS = 4 * 200
"""Four seconds."""


def test_the_sketch_sends_whole_frames_on_one_clock(tmp_path: Path) -> None:
    (tmp_path / "ArduinoBLE.h").write_text(ARDUINO)
    main = f"\nint main() {{ setup(); for (int i = 0; i < {TURNS}; i++) loop(); }}\n"
    program = build(tmp_path, "c++", code("cpp") + main, "sketch.cpp")
    done = subprocess.run([program], capture_output=True, text=True, check=True)
    splitter, builder = FrameSplitter(), BlockBuilder("wrist")
    notifications = [bytes.fromhex(line) for line in done.stdout.split()]
    found = [frame for data in notifications for frame in splitter.feed(data)]
    blocks = [builder.block(frame, 0) for frame in found if isinstance(frame, BandFrame)]
    assert len(blocks) == len(found)  # nothing is damaged
    assert builder.lost_samples == 0
    ppg = [block for block in blocks if block.channel is Channel.PPG]
    gsr = [block for block in blocks if block.channel is Channel.GSR_US]
    assert [value for block in ppg for value in block.values] == [-float(number) for number in range(16 * len(ppg))]
    assert np.diff([block.device_s for block in ppg if block.device_s is not None]) == pytest.approx(0.25)
    assert (len(ppg), len(gsr)) == (16, 4)  # four seconds of 64 and of 4 Hz
    assert gsr[0].values[0] == pytest.approx(1e6 / 100e3 * 500 / 523, abs=1e-3)
