"""Golden answers: does this machine's runtime compute what was measured when the model was exported?

A bundle keeps each network's int8 outputs to a few fixed probes. LiteRT gives them bit for bit on x86-64 and aarch64;
tflite-runtime's own kernels round otherwise and may differ by a few steps.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Model, TensorSpec
from edge.errors import InferenceError, InferenceReason
from edge.inference import Interpreter

TOLERANCE_STEPS = {"ai-edge-litert": 0, "tflite-runtime": 8}
"""Largest difference that counts as the same answer, int8 steps. Measured on exported networks of this project's
kinds, on both: LiteRT is bit-identical on x86-64 and aarch64 (through XNNPACK; without it, by up to 9 off on aarch64),
tflite-runtime 2.14 differs from it by up to 3 in networks with a few outputs, and by up to 7 in one of the detector's
19,200."""

_KNUTH = 2654435761
"""Knuth's multiplicative hash constant (2^32 divided by the golden ratio): noise that needs no random generator."""

_WAVES = 5
"""Periods of the smooth probe over the whole tensor."""


def probes(model: Model) -> Iterator[list[NDArray[np.int8]]]:
    """The fixed inputs of a model, one array per declared input: noise over the full range, then a smooth wave."""
    yield [_noise(spec) for spec in model.inputs]
    yield [_wave(spec) for spec in model.inputs]


def answers(interpreter: Interpreter) -> list[list[list[int]]]:
    """The outputs to every probe: per probe, per declared output, flattened.

    Raises:
        InferenceError: the runtime fails.
    """
    return [
        [[int(step) for step in output.ravel()] for output in interpreter.run_int8(*probe)]
        for probe in probes(interpreter.model)
    ]


def deviation(interpreter: Interpreter) -> int | None:
    """Largest difference from the golden answers, int8 steps; None where the bundle holds none.

    Raises:
        InferenceError: the runtime fails, or gives another number of outputs (REJECTED).
    """
    if not interpreter.model.golden:
        return None
    found, golden = list(_flat(answers(interpreter))), list(_flat(interpreter.model.golden))
    if len(found) != len(golden):
        raise InferenceError(
            InferenceReason.REJECTED,
            f'model "{interpreter.model.name}" gives {len(found)} values to the probes, '
            f"the bundle has {len(golden)} golden answers",
        )
    return max(abs(given - wanted) for given, wanted in zip(found, golden, strict=True))


def _flat(nested: object) -> Iterator[int]:
    if isinstance(nested, (list, tuple)):
        for item in nested:
            yield from _flat(item)
    elif isinstance(nested, int):
        yield nested


def _noise(spec: TensorSpec) -> NDArray[np.int8]:
    steps = (np.arange(int(np.prod(spec.shape)), dtype=np.uint64) * np.uint64(_KNUTH)) >> np.uint64(13)
    noise: NDArray[np.int8] = (steps % np.uint64(256)).astype(np.uint8).view(np.int8).reshape(spec.shape)
    return noise


def _wave(spec: TensorSpec) -> NDArray[np.int8]:
    """A triangle wave in integers, so that every machine makes the same one."""
    size = int(np.prod(spec.shape))
    phase = np.arange(size, dtype=np.int64) * _WAVES * 510 // size % 510
    wave: NDArray[np.int8] = (np.abs(phase - 255) - 128).astype(np.int8).reshape(spec.shape)
    return wave
