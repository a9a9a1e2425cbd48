"""Soaks a box: `python -m tests.soak hours 72 [FOLDER] [record]` on virtual time, `... minutes 60` in real time.

An interrupt ends it early, and what there is is judged. Writes FOLDER/soak-*.json and .png; exit code 1 where a
declared limit (`tests.soak.limits`) was not kept.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from edge import clock as clocks
from edge.clock import SystemClock
from tests.soak.bed import SoakBed
from tests.soak.clock import SoakClock
from tests.soak.gauges import Sample
from tests.soak.limits import holding
from tests.soak.picture import draw

LOOKS = 400
"""Looks in a soak of any length, at least `LEAST_S` apart."""

LEAST_S = {"hours": 10.0, "minutes": 1.0}
"""Seconds between two looks at least: each collects rubbish first, which takes longer than seconds of virtual time."""


WARM_UP_S = 4 * 3600.0
"""Until then a box may grow, seconds: the history of a person's signals holds two hours, and the first of the
simulator's lives has to have ended."""


def warm_up_s(length_s: float) -> float:
    """Of a soak of this length: at most half of it."""
    return min(WARM_UP_S, length_s / 2)


def main(unit: str, amount: float, folder: Path, *, record: bool) -> int:
    """Soak, judge, draw."""
    logging.disable(logging.ERROR)  # what fails on purpose is no news
    virtual = unit == "hours"
    length_s = amount * (3600 if virtual else 60)
    clock = SoakClock() if virtual else SystemClock()
    folder.mkdir(parents=True, exist_ok=True)
    begun_s = time.monotonic()
    memory = Path("/dev/shm")  # noqa: S108 - where a box keeps its hourly news, as /run is there
    run = memory if memory.is_dir() else folder
    with (
        tempfile.TemporaryDirectory(prefix="soak-", dir=folder) as place,
        tempfile.TemporaryDirectory(prefix="anodyne-soak-run-", dir=run) as news,
    ):
        os.environ["RUNTIME_DIRECTORY"] = news
        bed = SoakBed(Path(place), clock, seed=1, record=record)
        signal.signal(signal.SIGINT, lambda *_: setattr(bed, "enough", True))

        def told(sample: Sample) -> None:
            if len(bed.samples) % (LOOKS // 20) == 0:
                sys.stderr.write(f"{sample} after {time.monotonic() - begun_s:.0f} s\n")

        clocks.run(clock, bed.live(length_s, max(LEAST_S[unit], length_s / LOOKS), told))
    samples = bed.samples.all()
    length_s = samples[-1].at_s
    lasted = round(length_s / (3600 if virtual else 60), 2)
    found = holding(samples, warm_up_s(length_s), round(bed.counts["transitions"] / length_s * 3600, 1))
    broken = found.broken()
    name = f"soak-{lasted:g}-{unit}{'-recording' if record else ''}"
    figures = {
        unit: lasted,
        **asdict(found),
        "resident_mib": round(samples[-1].resident_kib / 1024, 1),
        "counts": dict(sorted(bed.counts.items())),
        "took_s": round(time.monotonic() - begun_s),
        "broken": broken,
    }
    rows = [list(asdict(one).values()) for one in samples]
    (folder / f"{name}.json").write_text(json.dumps({**figures, "samples": rows}) + "\n")
    day = found.written_bytes_per_day / 1e6
    what = f"{lasted:g} {unit}{' with recording' if record else ''}"
    title = f"{what}: {day:.1f} MB written a day, {len(broken)} limits broken"
    draw(samples, warm_up_s(length_s), title, folder / f"{name}.png")
    sys.stdout.write(json.dumps(figures) + "\n")
    return 1 if broken else 0


if __name__ == "__main__":
    words = sys.argv[1:]
    recording = "record" in words
    places = [one for one in words[2:] if one != "record"]
    sys.exit(main(words[0], float(words[1]), Path(places[0] if places else "build/soak"), record=recording))
