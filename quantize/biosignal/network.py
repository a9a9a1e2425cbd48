"""The arousal networks: a minute of one signal's vectors to log-odds of arousal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.features import SEQUENCE_S

if TYPE_CHECKING:
    from torch import Tensor, nn

WIDTH = 12
"""Channels of each layer. 6 and 24 were within 0.005 of AUC on grouped folds."""

DROPOUT = 0.2
"""Share of the last layer's channels left out while training."""

_LAYERS = 3
_KERNEL = 5


def build(features: int) -> nn.Sequential:
    """The network: (n, features, 1, 60) to (n, 1) log-odds.

    Three (1, 5) convolutions of stride 2, written in two dimensions because one-dimensional ones export dozens of
    transpositions; the output sees all eight places that are left, so it may weigh the newest seconds most.
    """
    from torch import nn

    parts: list[nn.Module] = []
    channels, length = features, SEQUENCE_S
    for _ in range(_LAYERS):
        parts += [
            nn.Conv2d(channels, WIDTH, (1, _KERNEL), stride=(1, 2), padding=(0, _KERNEL // 2), bias=False),
            nn.BatchNorm2d(WIDTH),
            nn.ReLU(),
        ]
        channels, length = WIDTH, (length + 1) // 2
    parts += [nn.Dropout2d(DROPOUT), nn.Conv2d(WIDTH, 1, (1, length)), nn.Flatten()]
    return nn.Sequential(*parts)


def channels_first(inputs: NDArray[np.float32]) -> Tensor:
    """(n, 60, features) as the tensor (n, features, 1, 60)."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(inputs.transpose(0, 2, 1)[:, :, None]))


def predict(network: nn.Sequential, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Log-odds (n,) of (n, 60, features) minutes."""
    import torch

    network.eval()
    with torch.no_grad():
        return np.asarray(network(channels_first(inputs)).numpy()[:, 0], dtype=np.float64)


def parameter_count(network: nn.Sequential) -> int:
    """How many numbers are learnt."""
    return sum(int(part.numel()) for part in network.parameters())
