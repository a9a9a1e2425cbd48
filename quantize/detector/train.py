"""Training of the detector: focal loss on the scores, smooth L1 on boxes and landmarks; it can be interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.face.scan import HEADS, STRIDES
from quantize.detector.data import rows_of, varied, wanted
from quantize.detector.network import build
from quantize.faces.rooms import Scenes

if TYPE_CHECKING:
    from torch import Tensor, nn

BATCH = 16
"""Pictures per step."""

PEAK_RATE = 4e-3
"""Highest learning rate of the one-cycle schedule."""

GRADIENT_LIMIT = 5.0

_PLACE, _SIZE, _VISIBLE = 6.0, 2.0, 0.3
"""Weights of the losses beside that of the scores (chosen: each then has about the same size after an epoch)."""

_POSITIVE = 2.0
"""Weight of a missed head against a false one."""


def _loss(answers: tuple[Tensor, ...], targets: list[tuple[Tensor, ...]]) -> Tensor:
    """The whole loss of a batch; `targets` has score, place, visible and known of each grid, channels last."""
    import torch
    from torch.nn import functional

    total = torch.zeros(())
    for grid in range(len(STRIDES)):
        said, place, size, visible = (
            answer.permute(0, 2, 3, 1) for answer in answers[grid * len(HEADS) : (grid + 1) * len(HEADS)]
        )
        score, where, seen, known = targets[grid]
        heads = (known > 0).sum().clamp(min=1)
        chance = torch.sigmoid(said)
        hit = -functional.logsigmoid(said) * (1 - chance) ** 2 * (score == 1) * _POSITIVE
        false = -functional.logsigmoid(-said) * chance**2 * (score == 0)
        total = total + (hit.sum() + false.sum()) / heads
        box = functional.smooth_l1_loss(place, where[..., :12], beta=0.05, reduction="none")
        box = box[..., :2].sum(-1) * (known > 0) + 0.5 * box[..., 2:].sum(-1) * (known == 2)
        side = functional.smooth_l1_loss(size, where[..., 12:], beta=0.1, reduction="none")[..., 0] * (known > 0)
        shown = functional.binary_cross_entropy_with_logits(visible, seen, reduction="none").sum(-1) * (known == 2)
        total = total + (_PLACE * box.sum() + _SIZE * side.sum() + _VISIBLE * shown.sum()) / heads
    return total


def _batch(
    scenes: Scenes, rows: list[NDArray[np.void]], chosen: NDArray[np.int64], rng: np.random.Generator
) -> tuple[Tensor, list[tuple[Tensor, ...]]]:
    import torch

    made = [varied(scenes.pictures[k], rows[k], rng) for k in chosen]
    inputs = torch.from_numpy(np.stack([picture[None] for picture, _ in made]))
    grids = list(zip(*(wanted(heads) for _, heads in made), strict=True))
    targets = [
        tuple(
            torch.from_numpy(np.stack([getattr(one, name) for one in grid]))
            for name in ("score", "place", "visible", "known")
        )
        for grid in grids
    ]
    return inputs.contiguous(memory_format=torch.channels_last), targets


def train(scenes: Scenes, path: Path, *, seed: int, epochs: int) -> tuple[nn.Module, list[float]]:
    """Train for `epochs`, keeping the state after each in `path`, and going on from there after an interruption.

    Args:
        scenes: training scenes.
        path: where the state is kept; it is only taken up by a run with the same settings and pictures.
        seed: of the weights, the order and the changes.
        epochs: passes over the scenes.

    Returns:
        The network and the mean loss of each epoch.
    """
    import torch
    from torch import nn
    from tqdm import tqdm

    torch.manual_seed(seed)
    torch.set_num_threads(1)  # two stall each other where anything else runs
    network = build().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=1e-3)
    steps = len(scenes.pictures) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=epochs * steps, pct_start=0.15)
    settings = [seed, epochs, len(scenes.pictures), int(scenes.pictures[::97].astype(np.int64).sum())]
    history: list[float] = []
    if path.exists():
        kept = torch.load(path, weights_only=True)
        if kept["settings"] == settings:
            network.load_state_dict(kept["network"])
            optimiser.load_state_dict(kept["optimiser"])
            schedule.load_state_dict(kept["schedule"])
            history = list(kept["history"])
    rows = rows_of(scenes)
    for epoch in range(len(history), epochs):
        rng = np.random.default_rng([seed, 7, epoch])
        network.train()
        order, losses = rng.permutation(len(scenes.pictures)), []
        for k in tqdm(range(steps), desc=f"epoch {epoch + 1}/{epochs}", unit="step"):
            inputs, targets = _batch(scenes, rows, order[k * BATCH : (k + 1) * BATCH], rng)
            loss = _loss(network(inputs), targets)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_LIMIT)
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
        history.append(float(np.mean(losses)))
        state = {"settings": settings, "network": network.state_dict(), "optimiser": optimiser.state_dict()}
        state |= {"schedule": schedule.state_dict(), "history": history}
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)
    return network.eval(), history
