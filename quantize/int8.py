"""From a float file to a full int8 one, for every network of the bundle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quantize.convert import quiet


def quantise(source: Path, target: Path, samples: NDArray[np.float32]) -> None:
    """Quantise weights and activations to int8 after training.

    The ranges are the true minima and maxima over the samples. The quantiser's default, a moving average of each
    sample's range, shrinks the range of small outputs until they are useless.

    Args:
        source: float .tflite.
        target: int8 .tflite to write.
        samples: (n, ...) inputs, the first axis being the samples, that cover what the network will see.
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
    with quiet():
        ranges.calibrate(data, quantiser._recipe_manager)
        target.unlink(missing_ok=True)
        quantiser.quantize(ranges.get_model_qsvs()).export_model(str(target))
