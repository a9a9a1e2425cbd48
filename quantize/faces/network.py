"""The face network: a few plain convolutions that an int8 interpreter runs as one delegated graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.face.align import SIDE_PX
from quantize.faces.heads import HEADS, Outputs

if TYPE_CHECKING:
    from torch import Tensor, nn

LAYERS = ((12, 2), (16, 1), (24, 2), (40, 1), (56, 2), (64, 1), (96, 2))
"""Channels and stride of each 3x3 convolution: 80 pixels become 5."""

HIDDEN = 128
"""Width of the layer before the outputs; it sees all 5x5 places, so it knows where on the face something is."""

_LAST_PLACES = 5


def build() -> nn.Sequential:
    """The network: (n, 1, 80, 80) normalised crops to (n, all of HEADS), standardised as training wants them.

    Batch normalisation stands before every ReLU, the hidden layer's too: without it hidden units died and the outputs
    collapsed to three dimensions.
    """
    from torch import nn

    def block(inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> list[nn.Module]:
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]

    parts: list[nn.Module] = []
    channels = 1
    for outputs, stride in LAYERS:
        parts += block(channels, outputs, 3, stride, 1)
        channels = outputs
    parts += block(channels, HIDDEN, _LAST_PLACES, 1, 0)
    parts += [nn.Conv2d(HIDDEN, sum(HEADS.values()), 1), nn.Flatten()]
    return nn.Sequential(*parts)


def parameter_count(network: nn.Sequential) -> int:
    """How many numbers are learnt."""
    return sum(int(part.numel()) for part in network.parameters())


def multiply_adds() -> int:
    """Multiplications with addition that one face costs."""
    total, channels, places = 0, 1, SIDE_PX
    for outputs, stride in LAYERS:
        places //= stride
        total += channels * outputs * 9 * places**2
        channels = outputs
    return total + channels * HIDDEN * _LAST_PLACES**2 + HIDDEN * sum(HEADS.values())


def for_export(network: nn.Sequential, mean: NDArray[np.float32], deviation: NDArray[np.float32]) -> nn.Module:
    """The trained network with batch normalisation folded away and one output for each of `HEADS`, in plain units.

    Args:
        network: as trained on standardised targets.
        mean: (all of HEADS,) to add to the outputs once they are multiplied with `deviation`.
        deviation: (all of HEADS,).
    """
    import torch
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    network = network.eval()
    parts: list[nn.Module] = []
    children = list(network)
    for place, part in enumerate(children):
        if isinstance(part, nn.BatchNorm2d):
            parts[-1] = fuse_conv_bn_eval(children[place - 1], part)
        else:
            parts.append(part)
    last = parts[-2]
    scale, shift = torch.from_numpy(deviation), torch.from_numpy(mean)
    weight, bias = last.weight * scale[:, None, None, None], last.bias * scale + shift

    class Exported(nn.Module):
        """Trunk and one small convolution per output: each gets an int8 range of its own."""

        def __init__(self) -> None:
            super().__init__()
            self.trunk = nn.Sequential(*parts[:-2])
            self.heads = nn.ModuleList()
            first = 0
            for width in HEADS.values():
                head = nn.Conv2d(HIDDEN, width, 1)
                with torch.no_grad():
                    head.weight.copy_(weight[first : first + width])
                    head.bias.copy_(bias[first : first + width])
                self.heads.append(head)
                first += width

        def forward(self, face: Tensor) -> tuple[Tensor, ...]:
            hidden = self.trunk(face)
            return tuple(head(hidden).flatten(1) for head in self.heads)

    return Exported().eval()


def predict(network: nn.Module, inputs: NDArray[np.float32]) -> Outputs:
    """Outputs of an exported network for (n, 1, 80, 80) inputs, in batches."""
    import torch

    network.eval()
    with torch.no_grad():
        batches = [network(torch.from_numpy(inputs[k : k + 256])) for k in range(0, len(inputs), 256)]
    columns = [np.asarray(torch.cat(column).numpy(), dtype=np.float32) for column in zip(*batches, strict=True)]
    return Outputs(*columns)


def hidden_alive(network: nn.Module, inputs: NDArray[np.float32]) -> int:
    """How many of the `HIDDEN` units ever answer to (n, 1, 80, 80) inputs: dead ones are the sign of a collapse."""
    import torch

    with torch.no_grad():
        answers = network.trunk(torch.from_numpy(inputs)).flatten(1)
    return int((answers.max(0).values > 0).sum())
