"""Training of the face network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.face.align import CLIP, SIDE_PX, normalise
from quantize.faces.collection import Faces, Split
from quantize.faces.heads import HEADS
from quantize.faces.losses import SHARES, Targets, loss_terms, targets_of, total_loss
from quantize.faces.network import build

if TYPE_CHECKING:
    from torch import Tensor, nn

BATCH = 64
"""Crops per step."""

TOGETHER = 4
"""Crops of one person that go into a batch together, so that the descriptor has something to compare."""

PEAK_RATE = 3e-3
"""Highest learning rate of the one-cycle schedule."""

GRADIENT_LIMIT = 1.0
"""Gradients are clipped to this norm: one hard batch must not kill hidden units."""

REPEATED = 0.5
"""Share of the faces of some groups (`hard`) that are shown twice in an epoch: earlier networks took painless ones
among them for pain 1.3 to 1.9 times as often as others."""

HARD_LIGHTS = ("infrared", "dim", "side")
HARD_WEAR = ("glasses", "hand", "pillow")
HARD_TRAITS = ("ptosis",)
"""Lights, things worn and traits of those groups."""

DARK_SKIN = 1 / 3
"""The third of the people with the least reflectance counts as dark."""

TAUGHT = 0.5
"""Weight of the teachers' mean against the truth where there are teachers (distillation, Hinton et al. 2015)."""

_CUTOUT_SHARE = 0.15
_BLUR_SHARE = 0.12
_NOISE_SHARE = 0.15


class _Stateful(Protocol):
    """What can be taken up where it was left."""

    def state_dict(self) -> dict[str, object]: ...

    def load_state_dict(self, state_dict: dict[str, object]) -> object: ...


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A trained network.

    Attributes:
        network: outputs standardised intensities and the other heads.
        mean, deviation: (all of HEADS,) that turn its outputs into plain units.
        history: mean Pearson r of the intensities on the tuning identities after each epoch.
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
    """Mean Pearson correlation over the action units of (n, 17) arrays."""
    return float(np.mean([np.corrcoef(truth[:, k], guess[:, k])[0, 1] for k in range(truth.shape[1])]))


def _order(identity: NDArray[np.int64], again: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """All crops in a random order in which those of one person come `TOGETHER` at a time; a share of some twice."""
    twice = np.flatnonzero(again & (rng.random(len(again)) < REPEATED))
    shuffled = rng.permutation(np.r_[np.arange(len(identity)), twice])
    by_person = shuffled[np.argsort(identity[shuffled], kind="stable")]
    starts = np.flatnonzero(np.r_[True, np.diff(identity[by_person]) != 0])
    groups = [
        person[k : k + TOGETHER] for person in np.split(by_person, starts[1:]) for k in range(0, len(person), TOGETHER)
    ]
    return np.concatenate([groups[int(k)] for k in rng.permutation(len(groups))])


def _varied(face: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """One normalised crop with another contrast curve, softer, noisier, or with a patch hidden."""
    if rng.random() < _BLUR_SHARE:
        face = np.asarray(cv2.GaussianBlur(face, (0, 0), float(rng.uniform(0.4, 1.1))), dtype=np.float32)
    if rng.random() < _NOISE_SHARE:
        face = face + np.asarray(rng.normal(0, rng.uniform(0.02, 0.12), face.shape), dtype=np.float32)
    bend = np.float32(rng.normal(0, 0.08))  # a camera's own gamma, as far as normalisation leaves it
    face = np.asarray(face * np.float32(rng.uniform(0.88, 1.12)) + bend * (np.square(face) - 1), dtype=np.float32)
    if rng.random() < _CUTOUT_SHARE:
        height, width = rng.integers(8, 26, 2)
        top, left = int(rng.integers(0, SIDE_PX - height)), int(rng.integers(0, SIDE_PX - width))
        face = face.copy()
        face[top : top + int(height), left : left + int(width)] = float(rng.uniform(-1.5, 1.5))
    return np.clip(face, -CLIP, CLIP)


_MIRRORED_TRACK = np.array([-1, 1, 1, -1], np.float32)


def hard(faces: Faces) -> NDArray[np.bool_]:
    """(n,) faces that are shown more often: dark ones, and those of `HARD_LIGHTS`, `HARD_WEAR` and `HARD_TRAITS`."""
    rows = faces.rows
    dark = rows["skin"] <= np.quantile(rows["skin"][rows["face"]], DARK_SKIN)
    named = np.isin(rows["light"], HARD_LIGHTS) | np.isin(rows["worn"], HARD_WEAR) | np.isin(rows["trait"], HARD_TRAITS)
    return np.asarray(rows["face"] & (dark | named))


class _Batches:
    """Augmented batches; the right and left half of some faces change places, with everything that depends on it."""

    def __init__(
        self, faces: Faces, mean: NDArray[np.float32], deviation: NDArray[np.float32], teachers: Sequence[Trained]
    ) -> None:
        import torch

        self._inputs = inputs_of(faces)
        self._targets = targets_of(faces, mean, deviation)
        if teachers:
            shown = self._targets.face > 0
            said = torch.stack([_said(one.network, self._inputs, len(mean)) for one in teachers]).mean(0)
            self._targets.units[shown] = (1 - TAUGHT) * self._targets.units[shown] + TAUGHT * said[shown]
        self._identity = faces.identity
        self._hard = hard(faces)
        self._mirror = torch.from_numpy(_MIRRORED_TRACK)
        self.steps = int(len(self._inputs) + REPEATED * self._hard.sum()) // BATCH

    def epoch(self, rng: np.random.Generator) -> Iterator[tuple[Tensor, Targets]]:
        """Inputs (n, 1, 80, 80) and targets of every batch."""
        import torch

        order = _order(self._identity, self._hard, rng)
        for k in range(self.steps):
            chosen = np.take(order, range(k * BATCH, (k + 1) * BATCH), mode="wrap")
            batch = torch.from_numpy(np.stack([_varied(face[0], rng)[None] for face in self._inputs[chosen]]))
            targets = self._targets.where(torch.from_numpy(chosen))
            mirrored = torch.from_numpy(rng.random(len(chosen)) < 0.5)
            batch[mirrored] = batch[mirrored].flip(3)
            targets.track[mirrored] *= self._mirror
            targets.visible[mirrored] = targets.visible[mirrored][:, [0, 2, 1, 3, 4]]
            yield batch.contiguous(memory_format=torch.channels_last), targets


def _plain_units(mean: NDArray[np.float32], deviation: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """Shift and scale of all outputs: only the intensities are standardised."""
    others = sum(HEADS.values()) - len(mean)
    return np.r_[mean, np.zeros(others, np.float32)], np.r_[deviation, np.ones(others, np.float32)]


def _said(network: nn.Sequential, inputs: NDArray[np.float32], units: int) -> Tensor:
    """(n, units) standardised intensities."""
    import torch

    network.eval()
    with torch.no_grad():
        parts = [network(torch.from_numpy(inputs[k : k + 256]))[:, :units] for k in range(0, len(inputs), 256)]
    return torch.cat(parts)


def recalibrated(trained: Trained, tune: Faces) -> Trained:
    """The same network with deviations as large as its errors on the tuning identities, unit by unit.

    What is taught is half the teachers' mean, which is nearer to the network than the truth is: its own word on its
    errors is too small (90 % intervals of PSPI then hold 66 %).

    Args:
        trained: as training left it.
        tune: crops of the tuning identities that show a face.
    """
    units = tune.units.shape[1]
    said = _said(trained.network, inputs_of(tune), 2 * units).numpy()
    read, log_deviation = said[:, :units], said[:, units:]
    error = read * trained.deviation[:units] + trained.mean[:units] - tune.units
    shift = 0.5 * np.log(np.mean(np.square(error / np.exp(log_deviation)), axis=0))
    mean = trained.mean.copy()
    mean[units : 2 * units] += shift.astype(np.float32)
    return replace(trained, mean=mean)


def train(faces: Split, path: Path, *, seed: int, epochs: int, teachers: Sequence[Trained] = ()) -> Trained:
    """Train for `epochs` and keep the epoch that reads the tuning identities best.

    Args:
        faces: rendered faces, split by identity.
        path: where the state is kept after each epoch; a run with the same settings and pictures goes on from there.
        seed: of the weights, the order and the augmentation.
        epochs: passes over the training faces.
        teachers: trained on the same faces; their mean is half of what is taught.
    """
    import torch
    from torch import nn
    from tqdm import tqdm

    torch.manual_seed(seed)
    torch.set_num_threads(1)  # two stall each other where anything else runs (measured: 1.4 s against 0.12 s a step)
    shown = faces.train.where(faces.train.rows["face"])
    mean, deviation = shown.units.mean(axis=0), shown.units.std(axis=0)
    batches = _Batches(faces.train, mean, deviation, teachers)
    tune = faces.tune.where(faces.tune.rows["face"])
    tune_inputs = inputs_of(tune)
    scale, shift = torch.from_numpy(deviation), torch.from_numpy(mean)
    network = build().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=1e-3)
    total = epochs * batches.steps
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=total, pct_start=0.2)
    parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
    settings = [seed, epochs, len(teachers), len(faces.train.crops), int(faces.train.crops.astype(np.int64).sum())]
    history, best = _taken_up(path, settings, parts)
    with tqdm(total=total, initial=len(history) * batches.steps, desc="train", unit="step", mininterval=5) as bar:
        for epoch in range(len(history), epochs):
            network.train()
            sums = dict.fromkeys(SHARES, 0.0)
            for batch, targets in batches.epoch(np.random.default_rng([seed, 1, epoch])):
                terms = loss_terms(network(batch), targets, shift, scale)
                optimiser.zero_grad()
                total_loss(terms).backward()
                nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_LIMIT)
                optimiser.step()
                schedule.step()
                bar.update()
                for name, term in terms.items():
                    sums[name] += float(term.detach()) / batches.steps
            history.append(mean_r(tune.units, _said(network, tune_inputs, tune.units.shape[1]).numpy()))
            bar.set_postfix(tune_r=f"{history[-1]:.3f}", **{name: f"{value:.3f}" for name, value in sums.items()})
            if history[-1] == max(history):
                best = {name: value.clone() for name, value in network.state_dict().items()}
            state = {name: part.state_dict() for name, part in parts.items()}
            torch.save({"settings": settings, "history": history, "best": best} | state, path.with_suffix(".part"))
            path.with_suffix(".part").replace(path)
    network.load_state_dict(best)
    plain_mean, plain_deviation = _plain_units(mean, deviation)
    return Trained(network.eval(), plain_mean, plain_deviation, tuple(history), int(np.argmax(history)) + 1)


def _taken_up(path: Path, settings: list[int], parts: Mapping[str, _Stateful]) -> tuple[list[float], dict[str, Tensor]]:
    """Put an interrupted run's state into `parts`; its history and best weights, both empty where there is none."""
    import torch

    if not path.exists():
        return [], {}
    kept = torch.load(path, weights_only=True)
    if kept["settings"] != settings:
        return [], {}
    for name, part in parts.items():
        part.load_state_dict(kept[name])
    return list(kept["history"]), dict(kept["best"])
