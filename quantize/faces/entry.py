"""The network's entry in the bundle: what the estimator reads, and where it is written."""

from __future__ import annotations

import hashlib
from pathlib import Path

from edge.bundle import Model, Parameters
from edge.face.estimator import MODEL
from edge.face.units import LABELS
from quantize.bundle import tensor_specs, write_calibration, write_model
from quantize.faces.heads import HEADS

Settings = dict[str, list[float]]
"""Parameters of the network's bundle entry; lists of one are written as plain numbers."""


def int8_model(file: Path) -> Model:
    """The exported network as the daemon would get it from a bundle, before there is one."""
    inputs, outputs = tensor_specs(file, ["face"], list(HEADS))
    data = file.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return Model(MODEL, file, data, digest, file.parent / "cards/face_au.md", inputs, outputs, Parameters(MODEL, {}))


def bind(out: Path, parameters: Settings, line: tuple[float, float]) -> None:
    """Write the network's entry and the face's calibration into the bundle.

    Args:
        out: the bundle's folder; the network and its card lie there already.
        parameters: numbers and lists of numbers that the estimator reads.
        line: slope and intercept of the log-odds of pain from PSPI change.
    """
    model = int8_model(out / "face_au.tflite")
    write_model(
        out,
        MODEL,
        file="face_au.tflite",
        card="cards/face_au.md",
        inputs=model.inputs,
        outputs=model.outputs,
        parameters={"labels": list(LABELS)} | {k: v if len(v) > 1 else v[0] for k, v in parameters.items()},
    )
    write_calibration(out, "face", {"slope": line[0], "intercept": line[1]})
