"""Tiny folders in the layouts of the data sets, with the generator's signals."""

from __future__ import annotations

import pickle
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.sensors.simulated.scene import PainSpan, Scene
from edge.sensors.simulated.waveform import Waveforms, synthesise
from quantize.biosignal.evaluation.generated import bateman

Signal = NDArray[np.float64]


@cache
def waves(seconds: int, seed: int = 1) -> Waveforms:
    """Aroused in the second half."""
    span = PainSpan(start_s=seconds / 2, end_s=seconds, level=10)
    return synthesise(Scene(title="made up", duration_s=seconds, pain=(span,)), seed)


def wesad(root: Path, seconds: int = 20) -> Path:
    """One subject: the first half baseline, the second stress, one second in between that means nothing."""
    made = waves(seconds)
    label = np.repeat([1, 2], [350 * seconds, 350 * seconds])
    label[350 * seconds : 350 * seconds + 700] = 0
    wrist = {
        "BVP": made.ppg[:, None].astype(np.float64),
        "EDA": made.gsr_us[:, None].astype(np.float64),
        "ACC": np.rint(made.acc_g * 64.0).astype(np.float64),
        "TEMP": np.zeros((4 * seconds, 1)),
    }
    (root / "S2").mkdir(parents=True)
    stored = {"subject": "S2", "signal": {"wrist": wrist, "chest": {}}, "label": label}
    (root / "S2" / "S2.pkl").write_bytes(pickle.dumps(stored, protocol=2))
    return root


def painmonit(root: Path, seconds: int = 12) -> Path:
    """One subject: four seconds of rest, four of warmth, four of heat that is called painful."""
    made = waves(seconds)
    times_s = np.arange(seconds * 250) / 250
    ppg = np.interp(times_s, np.arange(made.ppg.size) / 64, made.ppg)
    gsr = np.interp(times_s, np.arange(made.gsr_us.size) / 4, made.gsr_us)
    heater = np.where(times_s < 4, 32.0, np.where(times_s < 8, 41.0, 46.5))
    told = np.where(times_s < 9, 0.0, 30.0)
    rows = ["Seconds;Bvp;Eda_E4;Resp;Eda_RB;Ecg;Emg;Heater [C];Heater_cleaned;COVAS"]
    rows += [
        f"{t:.3f};{p:.4f};{g:.4f};0;;0;0;{h};{h};{c}".replace(".", ",")
        for t, p, g, h, c in zip(times_s, ppg, gsr, heater, told, strict=True)
    ]
    (root / "raw-data").mkdir(parents=True)
    (root / "raw-data" / "S_01-synchronised-data.csv").write_text("\n".join(rows) + "\n")
    return root


def biovid(root: Path) -> Path:
    """Two subjects, one window of nothing and one of heat each; the heat makes a response of 0.3 µS."""
    rows = ["subject_id\tsubject_name\tclass_id\tclass_name\tsample_id\tsample_name"]
    times_s = np.arange(2816) / 512
    rise = 0.3 * bateman(times_s - 1.5)
    for number, subject in enumerate(("071309_w_21", "080314_m_25")):
        folder = root / "biosignals_filtered" / subject
        folder.mkdir(parents=True)
        for code, level, part in ((0, "BL1", 0.0), (4, "PA4", 1.0)):
            name = f"{subject}-{level}-081"
            rows.append(f"{number}\t{subject}\t{code}\t{level}\t1\t{name}")
            lines = ["time\tgsr\tecg\temg_trapezius\temg_corrugator\temg_zygomaticus"]
            lines += [f"{t * 1e6:.0f}\t{2 + part * r:.5f}\t0\t0\t0\t0" for t, r in zip(times_s, rise, strict=True)]
            (folder / f"{name}_bio.csv").write_text("\n".join(lines) + "\n")
    (root / "samples.csv").write_text("\n".join(rows) + "\n")
    return root


def shocks(root: Path, rows: str = "") -> Path:
    """Three people, one shock of each kind; one was not measured."""
    lines = ['"Subject","Condition","Stimulus","SCR"']
    for subject in range(3):
        for condition, stimulus, size in (
            ("Other", "Low", "0"),
            ("Other", "High", "0.02"),
            ("Self", "Low", "0.04"),
            ("Self", "High", "NA" if subject == 2 else "0.11"),
        ):
            lines.append(f'"{subject}","{condition}","{stimulus}","{size}"')
    root.mkdir(parents=True, exist_ok=True)
    (root / "SCR.csv").write_text("\n".join(lines) + "\n" + rows)
    return root


def table(root: Path, subjects: int = 1, seconds: int = 20) -> Path:
    """Pulse wave in every row (64 Hz), conductance in one of 16, acceleration in one of two, a label once a second."""
    root.mkdir(parents=True, exist_ok=True)
    for subject in range(subjects):
        made = waves(seconds, subject + 1)
        lines = ["time_s,ppg,gsr_us,acc_x_g,acc_y_g,acc_z_g,label"]
        for k, value in enumerate(made.ppg.tolist()):
            gsr = f"{made.gsr_us[k // 16]:.5f}" if k % 16 == 0 else ""
            acc = ",".join(f"{axis:.4f}" for axis in made.acc_g[k // 2].tolist()) if k % 2 == 0 else ",,"
            label = str(int(k // 64 >= seconds / 2)) if k % 64 == 0 else ""
            lines.append(f"{1000 + k / 64:.6f},{value:.4f},{gsr},{acc},{label}")
        (root / f"s{subject}.csv").write_text("\n".join(lines) + "\n")
    return root
