"""The arousal networks: half a minute of one signal's vectors to log-odds of arousal, never falling in any feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.features import SEQUENCE_S, filled

if TYPE_CHECKING:
    from torch import Tensor, nn

WIDTH = 16
"""Channels of both layers."""

DROPOUT = 0.1
"""Share of the last layer's values left out while training."""

_KERNEL = 5
_LOWEST_GAIN = 0.05
"""Smallest gain of a batch normalisation: above 0, or its channel would turn round or die."""


def build(features: int) -> nn.Sequential:
    """The network: (n, features, 1, 30) to (n, 1) log-odds.

    A (1, 1) layer bends every second, a (1, 5) layer of stride 2 joins neighbours, and the output weighs the 15 places
    that are left. Convolutions are two-dimensional because one-dimensional ones export dozens of transpositions.

    ReLU6 and not ReLU: with weights of one sign, ReLU could only bend upwards, and a large artefact would count most.
    """
    import torch
    from torch import nn

    network = nn.Sequential(
        nn.Conv2d(features, WIDTH, 1, bias=False),
        nn.BatchNorm2d(WIDTH),
        nn.ReLU6(),
        nn.Conv2d(WIDTH, WIDTH, (1, _KERNEL), stride=(1, 2), padding=(0, _KERNEL // 2), bias=False),
        nn.BatchNorm2d(WIDTH),
        nn.ReLU6(),
        nn.Dropout(DROPOUT),
        nn.Conv2d(WIDTH, 1, (1, (SEQUENCE_S + 1) // 2)),
        nn.Flatten(),
    )
    with torch.no_grad():
        for part in network:
            if isinstance(part, nn.Conv2d):
                part.weight.abs_()
            elif isinstance(part, nn.BatchNorm2d):
                part.bias.uniform_(-1.0, 2.0)  # bends at different heights
    return network


def project(network: nn.Sequential) -> None:
    """Make the network monotone again after a step: no weight below 0, except those of "valid".

    Every feature is written so that more of it speaks for arousal. Left free, the network learns from this data set
    that faster responses or a steeper rise *lower* it, because speech and re-seated electrodes come with the labels.
    """
    import torch
    from torch import nn

    with torch.no_grad():
        for place, part in enumerate(network):
            if isinstance(part, nn.Conv2d):
                (part.weight[:, 1:] if place == 0 else part.weight).clamp_(min=0.0)
            elif isinstance(part, nn.BatchNorm2d):
                part.weight.clamp_(min=_LOWEST_GAIN)


def channels_first(inputs: NDArray[np.float32]) -> Tensor:
    """(n, 30, features) as the tensor (n, features, 1, 30)."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(inputs.transpose(0, 2, 1)[:, :, None]))


def predict(network: nn.Sequential, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Log-odds (n,) of (n, 30, features) stretches."""
    import torch

    network.eval()
    with torch.no_grad():
        return np.asarray(network(channels_first(filled(inputs))).numpy()[:, 0], dtype=np.float64)


def parameter_count(network: nn.Sequential) -> int:
    """How many numbers are learnt."""
    return sum(int(part.numel()) for part in network.parameters())
