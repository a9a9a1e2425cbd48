"""Training of one arousal network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge.biosignal.features import SEQUENCE_S
from quantize.biosignal.dataset import Stretches
from quantize.biosignal.network import build, channels_first, project

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn

EPOCHS = 4
"""Passes over the training stretches; with 8, unseen people are told apart 0.01 worse by their skin."""

BATCH = 256
"""Stretches per step."""

RATE = 5e-3
"""Learning rate; it stays, and the weights after each step of the second half are averaged (Izmailov et al. 2018)."""

NOISE = 0.5
"""Standard deviation of noise added to the features, in their own units (an eighth of all ranks, 5 bpm)."""

GRADIENT_LIMIT = 1.0
"""Gradients are clipped to this norm."""

SHORTEST_S = 10
"""Half of the stretches lose their beginning, down to this many seconds: so does a band that has just come back."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a training run depends on besides its data."""

    seed: int
    epochs: int = EPOCHS


def train(stretches: Stretches, settings: Settings) -> nn.Sequential:
    """Train a network on stretches, classes weighted to even odds: its log-odds are against a 50/50 prior.

    Args:
        stretches: of the training subjects.
        settings: seed and epochs.

    Raises:
        ValueError: the stretches are of one class only.
    """
    import torch
    from torch import nn, optim
    from torch.optim.swa_utils import AveragedModel

    share = float(stretches.labels.mean()) if stretches.labels.size else 0.0
    if not 0.0 < share < 1.0:
        raise ValueError("training needs stretches with and without arousal")
    torch.manual_seed(settings.seed)
    source = torch.Generator().manual_seed(settings.seed)
    network = build(stretches.inputs.shape[2])
    inputs, labels = channels_first(stretches.inputs), torch.from_numpy(stretches.labels.astype(np.float32))
    size = min(BATCH, len(labels))
    steps = len(labels) // size
    optimiser = optim.Adam(network.parameters(), RATE)
    averaged = AveragedModel(network, use_buffers=True)
    loss = nn.BCEWithLogitsLoss(pos_weight=torch.tensor((1.0 - share) / share))
    network.train()
    for epoch in range(settings.epochs):
        order = torch.randperm(len(labels), generator=source)
        for step in range(steps):
            batch = order[step * size : (step + 1) * size]
            optimiser.zero_grad()
            loss(network(_vary(inputs[batch], source))[:, 0], labels[batch]).backward()
            nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_LIMIT)
            optimiser.step()
            project(network)
            if 2 * (epoch * steps + step) >= settings.epochs * steps:
                averaged.update_parameters(network)
    network.load_state_dict(averaged.module.state_dict())
    return network.eval()


def _vary(inputs: Tensor, source: Generator) -> Tensor:
    """Shorten half of the stretches, add noise to the usable seconds, and fill the others with their mean."""
    import torch

    lengths = torch.randint(SHORTEST_S, 2 * SEQUENCE_S, (len(inputs), 1, 1, 1), generator=source)
    kept = inputs * (torch.arange(SEQUENCE_S) >= SEQUENCE_S - lengths)
    noise = NOISE * torch.randn(kept.shape, generator=source)
    noise[:, 0] = 0.0
    valid = kept[:, :1]
    noisy = kept + noise * valid
    mean = noisy.sum(dim=3, keepdim=True) / valid.sum(dim=3, keepdim=True).clamp(min=1.0)
    return torch.cat([valid, torch.where(valid > 0.0, noisy, mean)[:, 1:]], dim=1)
