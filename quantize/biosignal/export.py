"""From a trained arousal network to a full int8 file, and its answers."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.features import SEQUENCE_S
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
    import litert_torch
    import torch

    features = samples.shape[2]
    picked = samples[np.linspace(0, len(samples) - 1, min(CALIBRATION_STRETCHES, len(samples))).astype(int)]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")  # the converter warns about its own internals at every call
        source = Path(folder) / "float.tflite"
        channels_last = litert_torch.to_channel_last_io(network.eval(), args=[0])
        litert_torch.convert(channels_last.eval(), (torch.zeros(1, 1, SEQUENCE_S, features),)).export(str(source))
        quantise(source, target, picked[:, None])


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the converter: it tells its steps on both streams, some of them past Python's."""
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def predict_int8(path: Path, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Log-odds (n,) of (n, 30, features) stretches from an int8 file."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path))
    interpreter.allocate_tensors()
    entry, leave = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero = entry["quantization"]
    steps = np.clip(np.rint(inputs / np.float32(scale)) + zero, -128, 127).astype(np.int8)
    out = np.empty(len(inputs))
    for row, stretch in enumerate(steps):
        interpreter.set_tensor(entry["index"], stretch[None, None])
        interpreter.invoke()
        out[row] = int(interpreter.get_tensor(leave["index"]).ravel()[0])
    return np.asarray((out - leave["quantization"][1]) * leave["quantization"][0])
