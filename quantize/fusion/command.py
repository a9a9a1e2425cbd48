"""`python -m quantize fusion`: reliabilities and thresholds, into the bundle and its card."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from edge import config
from edge.bundle import Bundle
from edge.fusion.evidence import ORDER, mode_key, reliability_key
from quantize.bundle import write_calibration
from quantize.extras import missing_packages
from quantize.fusion import lives as simulated
from quantize.fusion.card import card
from quantize.fusion.compare import compare, table
from quantize.fusion.thresholds import Budget, fit, load
from quantize.fusion.weigh import courses, reliabilities

SEEDS = 6
"""Seeds of each scenario of mixed daily life: 30 lives of two hours, about 280 episodes."""

FALSE_PER_HOUR = 0.35
"""False pain alarms per hour without pain on the lives that thresholds are chosen on. Below the 0.5 that is
allowed, because what is chosen on some lives does worse on others."""

MOST_ALARMED = 0.02
"""Share of the time without pain that alarms may last: a threshold below which the alarm never ends finds all pain."""

AT_REST = 0.02
"""Share of a real wrist's seconds at rest that may lie above the threshold of a mode without a face."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the job and its options."""
    parser = subparsers.add_parser("fusion", help="fit reliabilities and thresholds of the fusion")
    parser.add_argument("--seed", type=int, default=1, help="of the networks of --compare (%(default)s)")
    parser.add_argument("--lives", type=int, default=SEEDS, help="seeds of each scenario (%(default)s)")
    parser.add_argument("--hours", type=float, help="cut lives to this length (default: two hours)")
    parser.add_argument(
        "--budget", type=float, default=FALSE_PER_HOUR, help="false alarms per hour on them (%(default)s)"
    )
    parser.add_argument("--processes", type=int, default=min(os.cpu_count() or 1, 4), help="simulators (%(default)s)")
    parser.add_argument("--compare", action="store_true", help="only compare ways of fusing, and print the table")
    parser.add_argument("--cache", type=Path, default=Path(".cache/quantize"), help="lives and scores (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("models"), help="bundle to write to (%(default)s)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Fit, write the bundle's calibration and the card; or compare."""
    if missing_packages("quantize", ("tqdm", *(("torch", "ai_edge_quantizer") if arguments.compare else ()))):
        return 1
    bundle = Bundle.load(arguments.out)
    lines = {
        modality: (bundle.calibration(modality).number("slope"), bundle.calibration(modality).number("intercept"))
        for modality in ORDER
    }
    budget = Budget(arguments.budget, MOST_ALARMED, AT_REST, config.Alarm())
    try:
        held_out = load(arguments.cache / "heldout_arousal.npz", lines)
    except FileNotFoundError as error:
        sys.stderr.write(f"{error.filename} is missing: run `python -m quantize biosignal` first\n")
        return 1
    seeds = range(1, arguments.lives + 1)
    lives = simulated.load(arguments.cache, seeds, _bar, arguments.processes, arguments.hours)
    if arguments.compare:
        sys.stdout.write(table(compare(lives, lines, budget, arguments.seed)) + "\n")
        return 0
    evidence = [courses(life, lines) for life in lives]
    reliability = reliabilities(lives, evidence)
    thresholds = fit(lives, evidence, reliability, held_out, budget)
    settings = {reliability_key(modality): value for modality, value in reliability.items()}
    settings |= {mode_key(row.mode): round(row.log_odds, 4) for row in thresholds}
    write_calibration(arguments.out, "fusion", settings)
    (arguments.out / "cards" / "fusion.md").write_text(card(thresholds, reliability, budget, lives))
    return 0


def _bar(items: Iterable[simulated.Life], total: int) -> Iterable[simulated.Life]:
    from tqdm import tqdm

    yield from tqdm(items, total=total, desc="live", unit="life")
