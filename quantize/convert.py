"""From a trained network to a float file, for every network of the bundle; and the proof that both say the same."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import nn

MOST_APART = 1e-3
"""Largest difference between the answers of the network and of its file, of the largest answer: rounding is a
thousandth of it."""


class ExportError(RuntimeError):
    """A written file does not compute what its network computes."""


def write_float(network: nn.Module, shape: Sequence[int], path: Path, *, grids: Sequence[int] = ()) -> None:
    """Write a float32 .tflite with channels last, and compare its answers with the network's.

    Args:
        network: takes one tensor with channels second. It is laid out plainly first: the exporter takes the weights of
            a channels-last network for one another.
        shape: of its input, channels second: (1, channels, height, width).
        path: file to write.
        grids: places of the outputs that are pictures too, and get channels last as well.

    Raises:
        ExportError: the file answers otherwise than the network.
    """
    import litert_torch
    import torch

    network = network.to(memory_format=torch.contiguous_format).eval()
    batch, channels, height, width = shape
    last = litert_torch.to_channel_last_io(network, args=[0], outputs=list(grids) or None)
    with quiet():
        litert_torch.convert(last.eval(), (torch.zeros(batch, height, width, channels),)).export(str(path))
    rng = np.random.default_rng(1)
    for _ in range(3):
        picture = rng.normal(0, 1, (batch, height, width, channels)).astype(np.float32)
        with torch.no_grad():
            wanted = last(torch.from_numpy(picture))
        _compare(path, picture, [one.numpy() for one in (wanted if isinstance(wanted, tuple) else (wanted,))])


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence the converters: they tell their steps on both streams, past Python's too, and warn of themselves."""
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            streams = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
            with streams[0], streams[1], warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _compare(path: Path, picture: NDArray[np.float32], wanted: Sequence[NDArray[np.float32]]) -> None:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
    interpreter.invoke()
    for place, (answer, detail) in enumerate(zip(wanted, interpreter.get_output_details(), strict=True)):
        apart = float(np.abs(interpreter.get_tensor(detail["index"]) - answer).max())
        if apart > MOST_APART * max(1.0, float(np.abs(answer).max())):
            raise ExportError(f"{path}: output {place} is {apart:.3g} off what the network says")
