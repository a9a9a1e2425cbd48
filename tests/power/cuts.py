"""Cuts the power of box and station wherever it can hurt: `python -m tests.power.cuts STEPS [SEED] [every]`.

A life is written through a layer that notes every write and sync; then the power is cut before and after each sync
and after each promise (`every`: before and after each write as well), four fates each, and the true program opens what
is left. Exit code 0: whatever had been announced, answered or confirmed was there, and no file was damaged.
"""

from __future__ import annotations

import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.power.disk import Fate, Mark, Op, Sync, cuts
from tests.power.lives import BoxLife, Life, LostError, StationLife
from tests.power.recorded import recording, unaltered

LIVES: dict[str, Callable[[], Life]] = {"box": BoxLife, "station": StationLife}


@dataclass(frozen=True, slots=True)
class Campaign:
    """What came of the cuts of one life.

    Attributes:
        writes, syncs, promises: in the log.
        cuts: how many were made.
        losses: what was not there, in words.
    """

    writes: int
    syncs: int
    promises: int
    cuts: int
    losses: tuple[str, ...]


def campaign(
    life: Life,
    steps: int,
    seed: int,
    *,
    every: bool = False,
    alter: Callable[[str], str] = unaltered,
    checkpoint_pages: int = 60,
    most_losses: int = 5,
) -> Campaign:
    """Write a life down and cut it short everywhere.

    Args:
        life: of a box or of a station.
        steps: its length.
        seed: of everything that is drawn.
        every: cut at each write, not only at each sync and promise.
        alter: another wording of statements, to break it on purpose.
        checkpoint_pages: see `recording`; few, so that the log comes home often.
        most_losses: enough to stop at.
    """
    log: list[Op] = []
    chance = random.Random(seed)  # noqa: S311 - a course of events
    with tempfile.TemporaryDirectory(prefix="anodyne-power-", dir=_memory()) as place:
        (whole := Path(place) / "whole").mkdir()
        with recording(log, alter, checkpoint_pages):
            life.live(whole, log, steps, chance)
        promises = _promises(log)
        made, losses = 0, []
        for done, disk in cuts(log, lambda op: every or isinstance(op, Sync | Mark)):
            for fate in Fate:
                made += 1
                (folder := Path(place) / f"cut{made}").mkdir()
                for name, content in disk.after(fate, chance).items():
                    (folder / name).write_bytes(content)
                try:
                    life.check(folder, promises[done])
                except LostError as loss:
                    losses.append(f"{fate} after {done} operations: {loss}")
                for file in folder.iterdir():
                    file.unlink()
            if len(losses) >= most_losses:
                break
    syncs = sum(isinstance(op, Sync) for op in log)
    marks = sum(isinstance(op, Mark) for op in log)
    return Campaign(len(log) - syncs - marks, syncs, marks, made, tuple(losses))


def _promises(log: list[Op]) -> list[int]:
    """The last promise before each number of operations."""
    last, found = -1, [-1]
    for op in log:
        last = op.promise if isinstance(op, Mark) else last
        found.append(last)
    return found


def _memory() -> Path | None:
    """Memory instead of a disk: the files of a cut live for a moment."""
    memory = Path("/dev/shm")  # noqa: S108 - nothing of it outlives the run
    return memory if memory.is_dir() else None


def main(steps: int, seed: int, *, every: bool) -> int:
    """Cut the lives of box and station short and print one line of JSON for each."""
    logging.disable(logging.CRITICAL)  # a command cut short is told as such, thousands of times
    failed = 0
    for name, life in LIVES.items():
        began_s = time.monotonic()
        found = campaign(life(), steps, seed, every=every)
        failed += bool(found.losses)
        figures = {"writes": found.writes, "syncs": found.syncs, "promises": found.promises, "cuts": found.cuts}
        told = {"losses": list(found.losses), "seed": seed, "seconds": round(time.monotonic() - began_s, 1)}
        sys.stdout.write(json.dumps({"life": name, **figures, **told}) + "\n")
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:] if one.isdecimal()]
    sys.exit(main(numbers[0], numbers[1] if len(numbers) > 1 else 1, every="every" in sys.argv))
