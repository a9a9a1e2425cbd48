"""What a machine computes: every shipped network's int8 outputs to the golden probes and to noise, as one JSON object.

Run by this machine's Python and by the box's, with nothing but the program installed; the two must say the same.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import random
import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle, Model
from edge.golden import deviation
from edge.inference import Interpreter, runtime

NOISES = 30
"""Further inputs beside the two golden probes: every network's outputs number a few thousand with them."""


def inputs(model: Model) -> Iterator[list[NDArray[np.int8]]]:
    """Noise over the full range, the same bytes on every machine and under every numpy."""
    for seed in range(NOISES):
        noise = random.Random(seed)  # noqa: S311
        yield [
            np.frombuffer(noise.randbytes(math.prod(spec.shape)), np.int8).reshape(spec.shape) for spec in model.inputs
        ]


def fingerprint(interpreter: Interpreter) -> str:
    """SHA-256 of all outputs to all that noise, in order."""
    seen = hashlib.sha256()
    for given in inputs(interpreter.model):
        for output in interpreter.run_int8(*given):
            seen.update(output.tobytes())
    return seen.hexdigest()


def main() -> None:
    """Print them."""
    interpreters = {name: Interpreter(model) for name, model in Bundle.load().models.items()}
    found = {
        "machine": platform.machine(),
        "runtime": f"{runtime().name} {runtime().version}",
        "numpy": np.__version__,
        "golden": {name: deviation(one) for name, one in interpreters.items()},
        "delegated": {name: one.delegated for name, one in interpreters.items()},
        "outputs": {name: fingerprint(one) for name, one in interpreters.items()},
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
