"""Training of the action unit network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.face.align import SIDE_PX, normalise
from edge.face.units import LABELS
from quantize.faces.collection import Faces, Split
from quantize.faces.network import build, predict

if TYPE_CHECKING:
    from torch import Tensor, nn

BATCH = 64
"""Faces per step."""

PEAK_RATE = 3e-3
"""Highest learning rate of the one-cycle schedule."""

GRADIENT_LIMIT = 1.0
"""Gradients are clipped to this norm: one hard batch must not kill hidden units."""

PSPI_SHARE = 0.3
"""Weight of the PSPI error beside the mean error of the units: PSPI is what the daemon acts on."""

_CUTOUT_SHARE = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A trained network.

    Attributes:
        network: outputs standardised intensities.
        mean, deviation: (9,) that turn them into intensities 0..5.
        history: mean Pearson r on the tuning identities after each epoch.
        best_epoch: the epoch whose weights are kept, counted from 1.
    """

    network: nn.Sequential
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    history: tuple[float, ...]
    best_epoch: int


def inputs_of(faces: Faces) -> NDArray[np.float32]:
    """Network inputs (n, 1, SIDE_PX, SIDE_PX) of rendered faces, by the very function of the daemon."""
    inputs = np.empty((len(faces.crops), 1, SIDE_PX, SIDE_PX), np.float32)
    for k, crop in enumerate(faces.crops):
        inputs[k, 0] = normalise(crop)[0, :, :, 0]
    return inputs


def mean_r(truth: NDArray[np.float32], guess: NDArray[np.float32]) -> float:
    """Mean Pearson correlation over the action units of (n, 9) arrays."""
    return float(np.mean([np.corrcoef(truth[:, k], guess[:, k])[0, 1] for k in range(truth.shape[1])]))


def _varied(batch: Tensor, rng: np.random.Generator) -> Tensor:
    """Mirror half of the faces, change their contrast a little, hide a patch of some."""
    mirrored = rng.random(len(batch)) < 0.5
    batch[mirrored] = batch[mirrored].flip(3)
    batch *= float(rng.uniform(0.9, 1.1))
    for k in np.flatnonzero(rng.random(len(batch)) < _CUTOUT_SHARE):
        height, width = rng.integers(8, 28, 2)
        top, left = int(rng.integers(0, SIDE_PX - height)), int(rng.integers(0, SIDE_PX - width))
        batch[int(k), 0, top : top + int(height), left : left + int(width)] = float(rng.uniform(-1.5, 1.5))
    return batch


def _pspi(units: Tensor) -> Tensor:
    """PSPI with AU43 as a share, so that it has a gradient."""
    import torch

    at = {name: units[:, k] for k, name in enumerate(LABELS)}
    orbit, levator = torch.maximum(at["AU6"], at["AU7"]), torch.maximum(at["AU9"], at["AU10"])
    return at["AU4"] + orbit + levator + at["AU43"] / 5


def train(faces: Split, *, seed: int, epochs: int) -> Trained:
    """Train for `epochs` and keep the epoch that reads the tuning identities best.

    Args:
        faces: rendered faces, split by identity.
        seed: of the weights, the order and the augmentation.
        epochs: passes over the training faces.
    """
    import torch
    from torch import nn
    from tqdm import tqdm

    torch.manual_seed(seed)
    torch.set_num_threads(1)  # two stall each other where anything else runs (measured: 1.4 s against 0.12 s a step)
    rng = np.random.default_rng([seed, 1])
    inputs = torch.from_numpy(inputs_of(faces.train))
    tune_inputs = inputs_of(faces.tune)
    mean = faces.train.units.mean(axis=0)
    deviation = faces.train.units.std(axis=0)
    targets = torch.from_numpy((faces.train.units - mean) / deviation)
    scale, shift = torch.from_numpy(deviation), torch.from_numpy(mean)
    network = build().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=1e-3)
    steps = len(inputs) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=epochs * steps, pct_start=0.2)
    loss_of = nn.SmoothL1Loss()
    history: list[float] = []
    best: dict[str, Tensor] = {}
    with tqdm(total=epochs * steps, desc="train", unit="step") as bar:
        for _ in range(epochs):
            network.train()
            order = rng.permutation(len(inputs))
            for k in range(steps):
                chosen = torch.from_numpy(order[k * BATCH : (k + 1) * BATCH])
                batch = _varied(inputs[chosen], rng).contiguous(memory_format=torch.channels_last)
                guess, truth = network(batch), targets[chosen]
                pspi_loss = loss_of(_pspi(guess * scale + shift) / 3, _pspi(truth * scale + shift) / 3)
                loss = loss_of(guess, truth) + PSPI_SHARE * pspi_loss
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_LIMIT)
                optimiser.step()
                schedule.step()
                bar.update()
            history.append(mean_r(faces.tune.units, predict(network, tune_inputs)))
            bar.set_postfix(tune_r=f"{history[-1]:.3f}")
            if history[-1] == max(history):
                best = {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict(best)
    return Trained(network.eval(), mean, deviation, tuple(history), int(np.argmax(history)) + 1)


def trained_or_kept(faces: Split, path: Path, *, seed: int, epochs: int) -> Trained:
    """Train, or take what an earlier run with the same settings and pictures has left in `path`."""
    import torch

    pictures = int(faces.train.crops.astype(np.int64).sum())
    if path.exists():
        kept = torch.load(path, weights_only=True)
        if kept["pictures"] == pictures:
            network = build()
            network.load_state_dict(kept["network"])
            mean, deviation = kept["mean"].numpy(), kept["deviation"].numpy()
            return Trained(network.eval(), mean, deviation, tuple(kept["history"]), kept["best_epoch"])
    trained = train(faces, seed=seed, epochs=epochs)
    kept = {
        "pictures": pictures,
        "network": trained.network.state_dict(),
        "mean": torch.from_numpy(trained.mean),
        "deviation": torch.from_numpy(trained.deviation),
        "history": list(trained.history),
        "best_epoch": trained.best_epoch,
    }
    torch.save(kept, path)
    return trained
