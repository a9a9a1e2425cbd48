"""From the trained detector to a full int8 file, and its entry in the bundle."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edge.bundle import Model, Parameters
from edge.face.finder import MODEL
from edge.face.scan import HEIGHT_PX, OUTPUTS, WIDTH_PX, normalise
from quantize.bundle import tensor_specs, write_model
from quantize.convert import write_float
from quantize.faces.rooms import Scenes
from quantize.int8 import quantise

if TYPE_CHECKING:
    from torch import nn

CALIBRATION_SCENES = 400
"""Scenes whose true minima and maxima become the int8 ranges."""


def export(network: nn.Module, scenes: Scenes, float_file: Path, int8_file: Path) -> None:
    """Write both files.

    Args:
        network: trained, batch normalisation folded (`network.fused`).
        scenes: what the int8 ranges are taken from.
        float_file: float32 .tflite to write.
        int8_file: int8 .tflite to write: input (1, HEIGHT_PX, WIDTH_PX, 1), outputs `OUTPUTS`, channels last.
    """
    write_float(network, (1, 1, HEIGHT_PX, WIDTH_PX), float_file, grids=range(len(OUTPUTS)))
    pictures = scenes.pictures[:: max(1, len(scenes.pictures) // CALIBRATION_SCENES)][:CALIBRATION_SCENES]
    samples = np.stack([normalise(picture)[:, :, None] for picture in pictures])
    quantise(float_file, int8_file, samples)


def int8_model(file: Path, least: float) -> Model:
    """The exported network as the daemon would get it from a bundle, before there is one."""
    inputs, outputs = tensor_specs(file, ["picture"], list(OUTPUTS))
    data = file.read_bytes()
    settings = Parameters(f"model.{MODEL}.parameters", {"least": least})
    digest = hashlib.sha256(data).hexdigest()
    return Model(MODEL, file, data, digest, file.parent / f"cards/{MODEL}.md", inputs, outputs, settings)


def bind(out: Path, least: float) -> None:
    """Write the network's entry into the bundle in `out`, where file and card lie already."""
    model = int8_model(out / f"{MODEL}.tflite", least)
    write_model(
        out,
        MODEL,
        file=f"{MODEL}.tflite",
        card=f"cards/{MODEL}.md",
        inputs=model.inputs,
        outputs=model.outputs,
        parameters={"least": least},
    )
