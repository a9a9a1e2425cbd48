"""The action unit network: a few plain convolutions that an int8 interpreter runs as one delegated graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.face.units import LABELS

if TYPE_CHECKING:
    from torch import Tensor, nn

LAYERS = ((16, 2), (24, 1), (32, 2), (48, 1), (64, 2), (64, 1), (96, 2))
"""Channels and stride of each 3x3 convolution: 80 pixels become 5."""

HIDDEN = 96
"""Width of the layer before the output; it sees all 5x5 places, so it knows where on the face something is."""

_LAST_PLACES = 5


def build() -> nn.Sequential:
    """The network: (n, 1, 80, 80) normalised crops to (n, 9) standardised intensities.

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
    parts += [nn.Conv2d(HIDDEN, len(LABELS), 1), nn.Flatten()]
    return nn.Sequential(*parts)


def parameter_count(network: nn.Sequential) -> int:
    """How many numbers are learnt."""
    return sum(int(part.numel()) for part in network.parameters())


def for_export(network: nn.Sequential, mean: NDArray[np.float32], deviation: NDArray[np.float32]) -> nn.Sequential:
    """The trained network with batch normalisation folded away and intensities 0..5 as its output.

    Args:
        network: as trained on standardised targets.
        mean: (9,) of the training targets.
        deviation: (9,) standard deviation of the training targets.
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
    output = nn.Conv2d(HIDDEN, len(LABELS), 1)
    scale = torch.from_numpy(deviation)
    with torch.no_grad():
        output.weight.copy_(last.weight * scale[:, None, None, None])
        output.bias.copy_(last.bias * scale + torch.from_numpy(mean))
    return nn.Sequential(*parts[:-2], output, parts[-1]).eval()


def predict(network: nn.Sequential, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Outputs (n, 9) of a network for (n, 1, 80, 80) inputs, in batches."""
    import torch

    network.eval()
    with torch.no_grad():
        batches: list[Tensor] = [network(torch.from_numpy(inputs[k : k + 256])) for k in range(0, len(inputs), 256)]
    return np.asarray(torch.cat(batches).numpy(), dtype=np.float32)
