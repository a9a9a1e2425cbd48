"""From a trained arousal network to a full int8 file, and its answers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.features import SEQUENCE_S, filled
from quantize.convert import write_float
from quantize.int8 import quantise

if TYPE_CHECKING:
    from torch import nn

CALIBRATION_STRETCHES = 600
"""Stretches over which the ranges of all tensors are taken."""


def export(network: nn.Sequential, samples: NDArray[np.float32], target: Path) -> None:
    """Write an int8 .tflite with input (1, 1, 30, features) and output (1, 1).

    Args:
        network: trained.
        samples: (n, 30, features) training stretches.
        target: file to write.
    """
    features = samples.shape[2]
    picked = samples[np.linspace(0, len(samples) - 1, min(CALIBRATION_STRETCHES, len(samples))).astype(int)]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "float.tflite"
        write_float(network, (1, features, 1, SEQUENCE_S), source)
        quantise(source, target, filled(picked)[:, None])


def predict_int8(path: Path, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Log-odds (n,) of (n, 30, features) stretches from an int8 file."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path))
    interpreter.allocate_tensors()
    entry, leave = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero = entry["quantization"]
    steps = np.clip(np.rint(filled(inputs) / np.float32(scale)) + zero, -128, 127).astype(np.int8)
    out = np.empty(len(inputs))
    for row, stretch in enumerate(steps):
        interpreter.set_tensor(entry["index"], stretch[None, None])
        interpreter.invoke()
        out[row] = int(interpreter.get_tensor(leave["index"]).ravel()[0])
    return np.asarray((out - leave["quantization"][1]) * leave["quantization"][0])
