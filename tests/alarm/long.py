"""Random hours of alarms from kept seeds: `python -m tests.alarm.long HOURS [FIRST_SEED]`."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from edge.types import BoxFacts, Condition, Hold, Modality
from tests.alarm.invariants import Broken, CheckedBed

HOURS_PER_SEED = 10

MODES = ((Modality.FACE,), (Modality.PPG, Modality.GSR), (Modality.FACE, Modality.PPG, Modality.GSR))
SCORES = (0.0, 3.4, 3.5, 4.0, 4.9, 5.0, 5.5, 6.0, 7.4, 7.5, 10.0)
HOT = BoxFacts(temperature_c=90.0, clock_synced=False, station_silent=True)


def play(seed: int, hours: float, folder: Path) -> int:
    """Play one seed.

    Returns:
        How many ticks were checked.

    Raises:
        Broken: an invariant does not hold.
    """
    rng = random.Random(seed)  # noqa: S311  # a course of events, not a secret
    bed = CheckedBed(folder, tick_s=rng.choice((1.0, 2.0, 5.0)))
    try:
        while bed.ticks * bed.tick_s < hours * 3600:
            event(bed, rng)
        return bed.ticks
    finally:
        bed.close()


def event(bed: CheckedBed, rng: random.Random) -> None:
    """Let one thing happen."""
    spell = rng.choice((3, 8, 15, 30, 60, 150, 400))
    match rng.randrange(14):
        case 0 | 1 | 2 | 3:
            bed.see(rng.choice(SCORES), spell)
        case 4:
            for _ in range(rng.randrange(2, 12)):  # flapping
                bed.see(None, rng.choice((2, 6, 16)))
                bed.see(rng.choice(SCORES), rng.choice((2, 4, 7)))
        case 5:
            bed.see(rng.choice(SCORES), spell, rng.choice(MODES))
        case 6 | 7:
            bed.see(None, spell)
        case 8 | 9:
            bed.acknowledge(rng.choice(list(Condition)))
        case 10:
            bed.restart(boot=rng.random() < 0.5)
        case 11:
            bed.step_wall(rng.randint(-86_400, 86_400))
        case 12:
            bed.hold(rng.choice((Hold.CARE, Hold.AUDIO_PAUSED, Hold.ALARMS_PAUSED, Hold.QUIET)), rng.choice((20, 200)))
            bed.shift(rng.choice((-1.0, 0.0, 0.0, 0.25)))
        case _:
            bed.see(rng.choice(SCORES), spell, facts=HOT)


def main(hours: float, first_seed: int) -> int:
    """Play seed after seed; 1 where an invariant broke."""
    memory = Path("/dev/shm")  # noqa: S108  # states need no disk here: what is on one is tested elsewhere
    where = memory if memory.is_dir() else None
    began_s, ticks, seed = time.monotonic(), 0, first_seed
    played_h = 0.0
    while played_h < hours:
        with tempfile.TemporaryDirectory(prefix="anodyne-alarm-", dir=where) as folder:
            try:
                ticks += play(seed, min(HOURS_PER_SEED, hours - played_h), Path(folder))
            except KeyboardInterrupt:
                hours = played_h
                break
            except Broken as broken:
                sys.stdout.write(f"seed {seed}: {broken}\n")
                return 1
        played_h += HOURS_PER_SEED
        seed += 1
    taken_s = time.monotonic() - began_s
    seeds = f"{seed - first_seed} seeds from {first_seed}"
    sys.stdout.write(f"{hours:g} simulated hours, {seeds}, {ticks} ticks in {taken_s:.0f} s: every invariant holds\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
