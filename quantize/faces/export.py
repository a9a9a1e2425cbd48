"""From a trained network to a full int8 file: int8 in, int8 out, static batch 1."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge.face.align import SIDE_PX
from quantize.convert import write_float

if TYPE_CHECKING:
    from torch import nn


def export_float(network: nn.Module, path: Path) -> None:
    """Write a float32 .tflite with input (1, SIDE_PX, SIDE_PX, 1) and the outputs of `HEADS`."""
    write_float(network, (1, 1, SIDE_PX, SIDE_PX), path)
