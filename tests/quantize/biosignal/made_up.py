"""A tiny made-up data set in the format of Stress-Predict, with the generator's signals."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge.sensors.simulated.scene import PainSpan, Scene
from edge.sensors.simulated.waveform import synthesise

START_S = 1_644_227_574
DURATION_S = 90


def write(folder: Path, subjects: tuple[int, ...] = (2, 3)) -> Path:
    """Write subjects of 90 s each, aroused from second 50 to 80."""
    scene = Scene(title="made up", duration_s=DURATION_S, pain=(PainSpan(start_s=50, end_s=80, level=10),))
    (folder / "Processed_data").mkdir(parents=True)
    rows = ["Participant,HR,respr,Time(sec),Label"]
    for number in subjects:
        waves = synthesise(scene, number)
        raw = folder / "Raw_data" / f"S{number:02d}"
        raw.mkdir(parents=True)
        _channel(raw / "BVP.csv", 64.0, waves.ppg[:, None])
        _channel(raw / "EDA.csv", 4.0, waves.gsr_us[:, None])
        _channel(raw / "ACC.csv", 32.0, np.rint(waves.acc_g * 64.0))
        rows += [f"{number},70,12,{START_S + t},{int(50 <= t < 80)}" for t in range(10, DURATION_S)]
    (folder / "Processed_data" / "Improved_All_Combined_hr_rsp_binary.csv").write_text("\n".join(rows) + "\n")
    return folder


def _channel(path: Path, rate_hz: float, values: np.typing.NDArray[np.float32]) -> None:
    axes = values.shape[1]
    head = [", ".join([f"{START_S:.6f}"] * axes), ", ".join([f"{rate_hz:.6f}"] * axes)]
    path.write_text("\n".join(head + [",".join(f"{value:.6f}" for value in row) for row in values]) + "\n")


def add_what_the_band_says(folder: Path, subjects: tuple[int, ...] = (2, 3)) -> None:
    """Add the intervals that the band publishes, one per true beat."""
    scene = Scene(title="made up", duration_s=DURATION_S, pain=(PainSpan(start_s=50, end_s=80, level=10),))
    for number in subjects:
        beats_s = synthesise(scene, number).beats_s
        lines = [
            f"{START_S:.6f}, IBI",
            *(f"{at:.6f},{span:.6f}" for at, span in zip(beats_s[1:], np.diff(beats_s), strict=True)),
        ]
        (folder / "Raw_data" / f"S{number:02d}" / "IBI.csv").write_text("\n".join(lines) + "\n")
