"""What a training run leaves behind: held-out scores, calibration lines, the shipped files, the card."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.biosignal.features import PULSE_FEATURES, SKIN_FEATURES
from quantize.biosignal import card, logistic
from quantize.biosignal.dataset import SIGNALS, Signal, joined
from quantize.biosignal.evaluate import Auc, Floats, Labels, both, measure, scatter
from quantize.biosignal.export import export
from quantize.biosignal.extract import Subject
from quantize.biosignal.holdout import HeldOut, Scores, heart_rate_weights
from quantize.biosignal.network import parameter_count
from quantize.biosignal.train import Settings, train
from quantize.bundle import tensor_specs, write_calibration, write_model

CARD = "cards/arousal.md"
"""The card of both networks, relative to the bundle."""

_FEATURES: Mapping[Signal, tuple[str, ...]] = {"ppg": PULSE_FEATURES, "gsr": SKIN_FEATURES}


@dataclass(frozen=True, slots=True)
class Line:
    """Calibration of one source: calibrated log-odds = slope * log-odds + intercept, against even odds.

    `scatter` is the standard deviation of a subject's log-odds while the label stays the same.
    """

    slope: float
    intercept: float
    scatter: float


def dump(held_out: HeldOut, path: Path) -> None:
    """Write the held-out scores of every second, for the fusion's thresholds and for the evaluation.

    Arrays of one length: `logit_ppg`, `logit_gsr` (int8 networks), `logit_hr`, `float_ppg`, `float_gsr` (before they
    were quantised), `yardstick_ppg`, `yardstick_gsr` (the logistic), all NaN where absent; `label`, `subject`.
    """
    names = list(held_out.labels)
    path.parent.mkdir(parents=True, exist_ok=True)
    scores: dict[str, Scores] = {"logit_hr": held_out.heart_rate}
    for kind, one in (("logit", held_out.int8), ("float", held_out.float32), ("yardstick", held_out.yardstick)):
        scores |= {f"{kind}_{signal}": one[signal] for signal in SIGNALS}
    arrays = {key: np.concatenate([one[name] for name in names]) for key, one in scores.items()}
    label = np.concatenate([held_out.labels[name] for name in names])
    subject = np.concatenate([np.full(held_out.labels[name].size, name) for name in names])
    np.savez_compressed(path, label=label, subject=subject, **arrays)  # type: ignore[arg-type]  # numpy's own options


def calibrate(held_out: HeldOut) -> dict[str, Line]:
    """Lines of `ppg`, `gsr` and `hr` from the held-out scores of what the box runs."""
    scores: dict[str, Scores] = {"hr": held_out.heart_rate}
    scores |= {str(signal): held_out.int8[signal] for signal in SIGNALS}
    return {name: _line(held_out.labels, values) for name, values in scores.items()}


def _line(labels: Mapping[str, Labels], scores: Scores) -> Line:
    label = np.concatenate([labels[name] for name in labels])
    score = np.concatenate([scores[name] for name in labels])
    spoken = np.isfinite(score)
    slope, intercept = logistic.fit(score[spoken, None], label[spoken], ridge=0.0)
    return Line(float(slope), float(intercept), scatter(labels, scores))


def figures(held_out: HeldOut, lines: Mapping[str, Line], seed: int) -> dict[str, Auc]:
    """Every row of the card's table."""
    own = {"ppg": Line(1.0, 0.0, 0.0), "gsr": Line(1.0, 0.0, 0.0)}  # a logistic's log-odds are calibrated by its fit

    def summed(scores: Mapping[Signal, Scores], drawn: Mapping[str, Line]) -> Scores:
        return {
            name: both(_calibrated(scores["ppg"][name], drawn["ppg"]), _calibrated(scores["gsr"][name], drawn["gsr"]))
            for name in held_out.labels
        }

    rows: dict[str, Scores] = {}
    for kind, scores in (("int8", held_out.int8), ("float", held_out.float32), ("yardstick", held_out.yardstick)):
        rows |= {f"PPG alone, {kind}": scores["ppg"], f"GSR alone, {kind}": scores["gsr"]}
        rows[f"PPG and GSR, {kind}"] = summed(scores, own if kind == "yardstick" else lines)
    rows["heart rate alone"] = held_out.heart_rate
    return {name: measure(held_out.labels, scores, seed) for name, scores in rows.items()}


def _calibrated(scores: Floats, line: Line) -> Floats:
    return np.asarray(line.slope * scores + line.intercept)


def ship(
    people: Sequence[Subject],
    settings: Settings,
    lines: Mapping[str, Line],
    found: Mapping[str, Auc],
    models_dir: Path,
    began: float,
) -> None:
    """Train on every subject, export, and write networks, calibrations and card into the bundle.

    Args:
        people: all subjects.
        settings: seed and epochs.
        lines: calibration lines.
        found: figures for the card.
        models_dir: the bundle's folder.
        began: monotonic seconds at which the run began.
    """
    (models_dir / CARD).parent.mkdir(parents=True, exist_ok=True)
    (models_dir / CARD).touch()
    learnt: dict[str, int] = {
        signal: _ship_network(people, signal, settings, lines[signal], models_dir) for signal in SIGNALS
    }
    weight, bias = heart_rate_weights(joined(people, "ppg"))
    for name, line in lines.items():
        extra = {"weight_rank": float(weight), "bias": float(bias)} if name == "hr" else {}
        fitted = {"slope": line.slope, "intercept": line.intercept, "scatter": line.scatter}
        write_calibration(models_dir, name, {key: round(value, 4) for key, value in (fitted | extra).items()})
    labels = np.concatenate([person.labels for person in people])
    run = card.Run(
        settings=settings,
        subjects=tuple(person.name for person in people),
        seconds=labels.size,
        aroused=float(labels.mean()),
        parameters=learnt,
        lines={name: (line.slope, line.intercept) for name, line in lines.items()},
        scatter={name: line.scatter for name, line in lines.items()},
        minutes=(time.monotonic() - began) / 60.0,
    )
    (models_dir / CARD).write_text(card.write(run, found))


def _ship_network(people: Sequence[Subject], signal: Signal, settings: Settings, line: Line, models_dir: Path) -> int:
    """One network into the bundle; returns how many numbers it learnt."""
    seen = joined(people, signal)
    network = train(seen, settings)
    file = f"arousal_{signal}.tflite"
    export(network, seen.inputs, models_dir / file)
    inputs, outputs = tensor_specs(models_dir / file, ["seconds"], ["log_odds"])
    write_model(
        models_dir,
        f"arousal_{signal}",
        file=file,
        card=CARD,
        inputs=inputs,
        outputs=outputs,
        parameters={"features": list(_FEATURES[signal]), "scatter": round(line.scatter, 4)},
    )
    return parameter_count(network)
