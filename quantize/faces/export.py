"""From a trained network to a full int8 file: int8 in, int8 out, static batch 1."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.face.align import SIDE_PX

if TYPE_CHECKING:
    from torch import nn


def export_float(network: nn.Sequential, path: Path) -> None:
    """Write a float32 .tflite with input (1, SIDE_PX, SIDE_PX, 1) and output (1, 9)."""
    import litert_torch
    import torch

    channels_last = litert_torch.to_channel_last_io(network, args=[0])
    sample = (torch.zeros(1, SIDE_PX, SIDE_PX, 1),)
    litert_torch.convert(channels_last.eval(), sample).export(str(path))


def quantise(source: Path, target: Path, samples: NDArray[np.float32]) -> None:
    """Quantise weights and activations to int8 after training.

    The ranges are the true minima and maxima over the samples. The quantiser's default, a moving average of each
    sample's range, shrinks the range of small outputs until they are useless.

    Args:
        source: float .tflite.
        target: int8 .tflite to write.
        samples: (n, SIDE_PX, SIDE_PX, 1) inputs that cover what the network will see.
    """
    from ai_edge_quantizer import calibrator, quantizer, recipe
    from ai_edge_quantizer.utils import qsv_utils, tfl_interpreter_utils

    key = next(iter(tfl_interpreter_utils.create_tfl_interpreter(str(source)).get_signature_list()))
    names = tfl_interpreter_utils.create_tfl_interpreter(str(source)).get_signature_list()[key]["inputs"]
    quantiser = quantizer.Quantizer(str(source))
    quantiser.load_quantization_recipe(recipe.static_wi8_ai8())
    ranges = calibrator.Calibrator(
        str(source),
        num_threads=1,
        mode=calibrator.CalibrationMode.CALIBRATION_PRESERVE_ALL_TENSORS,
        qsv_update_func=qsv_utils.min_max_update,
    )
    data = {key: [{names[0]: sample[None]} for sample in samples]}
    ranges.calibrate(data, quantiser._recipe_manager)
    target.unlink(missing_ok=True)
    quantiser.quantize(ranges.get_model_qsvs()).export_model(str(target))
