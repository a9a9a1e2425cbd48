"""Simulated lives as the fusion hears them: every estimate of the true daemon, once a second, beside the latent pain.

There is no open recording of face and wristband of one person in pain. What is known apart of each (how the networks
err, how pulse and skin of resting people wander, which way pain moves them) is put together in the simulated patient;
docs/scenes.md says what of it is measured and what is chosen. Lives are played with the installed bundle.
"""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

import edge
from edge.bundle import Bundle, installed_folder
from edge.sensors.simulated.scene import Scene
from edge.simulate.library import find, lasting
from edge.simulate.run import Simulation, simulate
from edge.simulate.suite import EVERYTHING, LIVES, SUITE_TICK_S, TUNING_SEEDS
from edge.simulate.truth import SORE, TAIL_S

T = TypeVar("T")
Bar = Callable[[Iterable[T], int], Iterable[T]]
Floats = NDArray[np.float64]

EPISODES_PER_HOUR = 9.0
"""Of pain, in lives that are fitted on: twice as many as in the lives of the table, so that an hour teaches more."""

AFTER_S = 30.0
"""So long after pain signals are on their way back: seconds that are neither pain nor calm."""

BEFORE_S = 8.0
"""So long after its onset pain has not reached every signal."""

PAIN_FROM = 4.0
"""Latent pain that counts as pain where evidence is fitted; between `edge.simulate.truth.SORE` and this nothing is
said."""

FIRST_S = 60.0
"""The first minute of a life is left out: the box is still learning the person."""

_PACKAGES = ("biosignal", "face", "sensors/simulated", "simulate", "timeline")


@dataclass(frozen=True, slots=True, eq=False)
class Life:
    """One life, once a second.

    Attributes:
        name: scenario and seed.
        pain: (n,) latent pain 0..10.
        figures: "<modality>.<figure>" to (n,) values, NaN where unknown; "<modality>.value" is the estimate's value,
            "<modality>.quality" its quality (0 where absent).
    """

    name: str
    pain: Floats
    figures: Mapping[str, Floats]

    def of(self, key: str) -> Floats:
        """(n,) one figure; NaN throughout where it never came."""
        known = self.figures.get(key)
        return np.full(self.pain.size, np.nan) if known is None else known

    @property
    def calm(self) -> NDArray[np.bool_]:
        """(n,) surely without pain: below `SORE` now and for `AFTER_S` before."""
        return self._learnt & ~_within(self.pain >= SORE, AFTER_S)

    @property
    def hurts(self) -> NDArray[np.bool_]:
        """(n,) surely in pain: `PAIN_FROM` or more for `BEFORE_S` already."""
        return self._learnt & (self.pain >= PAIN_FROM) & ~_within(self.pain < PAIN_FROM, BEFORE_S)

    @property
    def alarm_free(self) -> NDArray[np.bool_]:
        """(n,) where a pain alarm would be a false one (`edge.simulate.truth.TAIL_S`)."""
        return ~_within(self.pain >= SORE, TAIL_S)

    @property
    def _learnt(self) -> NDArray[np.bool_]:
        return np.arange(self.pain.size) >= FIRST_S


def _within(flags: NDArray[np.bool_], seconds: float) -> NDArray[np.bool_]:
    """(n,) where any of this and the `seconds` before is True."""
    reach = round(seconds) + 1
    return np.asarray(np.convolve(flags, np.ones(reach), "full")[: flags.size] > 0.5)


def live(name: str, seed: int, hours: float | None = None) -> Life:
    """Run one life through the daemon and keep what fusion was given.

    Args:
        name: shipped scenario with a drawn life.
        seed: one of `TUNING_SEEDS`.
        hours: cut to this length; default: as the scenario says.

    Raises:
        ValueError: a seed that is held out for the table of targets.
    """
    if seed not in TUNING_SEEDS:
        raise ValueError(f"seed {seed} is held out: fit on {TUNING_SEEDS.start} to {TUNING_SEEDS.stop - 1}")
    run = simulate(_dense(lasting(find(name), hours)), seed, EVERYTHING, SUITE_TICK_S, keep=True)
    return Life(f"{name}-{seed}", run.truth.pain.astype(np.float64), _figures(run))


def _dense(scene: Scene) -> Scene:
    values = scene.model_dump()
    values["life"]["episodes_per_hour"] = EPISODES_PER_HOUR
    return Scene.model_validate(values)


def _figures(run: Simulation) -> dict[str, Floats]:
    size = run.truth.pain.size
    found: dict[str, Floats] = {}

    def put(key: str, second: int, value: float) -> None:
        found.setdefault(key, np.full(size, np.nan))[second] = value

    for second, heard in enumerate(run.heard[:size]):
        for estimate in heard.estimates:
            put(f"{estimate.modality}.quality", second, estimate.quality if estimate.absence is None else 0.0)
            if estimate.absence is None:
                put(f"{estimate.modality}.value", second, estimate.value)
                for figure, value in estimate.evidence.items():
                    if not figure.endswith("_sd"):
                        put(f"{estimate.modality}.{figure}", second, value)
    return found


def load(cache: Path, seeds: Sequence[int], bar: Bar[Life], processes: int, hours: float | None = None) -> list[Life]:
    """Every scenario of mixed daily life with every seed, from the cache where it is fresh.

    Args:
        cache: folder for intermediate files; lives already there are taken up.
        seeds: of `TUNING_SEEDS`.
        bar: shows progress.
        processes: worker processes.
        hours: cut lives to this length.
    """
    folder = cache / f"lives-{digest()}"
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [(folder, name, seed, hours) for seed in seeds for name in LIVES]
    if processes == 1:
        return list(bar(map(_kept, tasks), len(tasks)))
    with multiprocessing.Pool(processes, maxtasksperchild=1) as pool:
        return list(bar(pool.imap(_kept, tasks), len(tasks)))


def _kept(task: tuple[Path, str, int, float | None]) -> Life:
    folder, name, seed, hours = task
    path = folder / f"{name}-{seed}{'' if hours is None else f'-{hours:g}h'}.npz"
    if not path.exists():
        life = live(name, seed, hours)
        whole = path.with_suffix(".part.npz")
        np.savez_compressed(whole, pain=life.pain, **{key: row.astype(np.float32) for key, row in life.figures.items()})  # type: ignore[arg-type]  # numpy types **kwds as its own options
        whole.replace(path)
    with np.load(path) as stored:
        figures = {key: stored[key].astype(np.float64) for key in stored.files if key != "pain"}
        return Life(path.stem, stored["pain"], figures)


def digest() -> str:
    """Of everything a life depends on but the fusion, so that a cache is not used after it has changed."""
    whole = hashlib.sha256()
    root = Path(edge.__path__[0])
    for package in _PACKAGES:
        for path in sorted((root / package).rglob("*.py")) + sorted((root / package).rglob("*.toml")):
            whole.update(path.read_bytes())
    bundle = Bundle.load(installed_folder())
    for model in bundle.models.values():
        whole.update(model.data + repr(sorted(model.parameters.items())).encode())
    return whole.hexdigest()[:12]
