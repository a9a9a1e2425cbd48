"""`python -m quantize fusion`: thresholds of every mode, into the bundle and its card."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from edge.bundle import Bundle
from edge.fusion.evidence import ORDER, mode_key
from quantize.bundle import write_calibration
from quantize.fusion.thresholds import PAIN_PSPI, PAIRS, Threshold, fit, load

BUDGET = 0.02
"""Share of calm seconds above the threshold. The alarm's condition delay (10 s by default) then asks for ten such
seconds in a row; single ones never sound."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the job and its options."""
    parser = subparsers.add_parser("fusion", help="fit the fusion's thresholds from held-out scores")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random pairing (%(default)s)")
    parser.add_argument("--budget", type=float, default=BUDGET, help="false-alarm share of calm seconds (%(default)s)")
    parser.add_argument("--cache", type=Path, default=Path(".cache/quantize"), help="held-out scores (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("models"), help="bundle to write to (%(default)s)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Fit, write the bundle's calibration and the card."""
    bundle = Bundle.load(arguments.out)
    lines = {
        modality: (bundle.calibration(modality).number("slope"), bundle.calibration(modality).number("intercept"))
        for modality in ORDER
    }
    try:
        held_out = load(arguments.cache / "heldout_face.npz", arguments.cache / "heldout_arousal.npz", lines)
    except FileNotFoundError as error:
        sys.stderr.write(f"{error.filename} is missing: run `python -m quantize faces` and `… biosignal` first\n")
        return 1
    thresholds = fit(held_out, arguments.budget, arguments.seed)
    write_calibration(arguments.out, "fusion", {mode_key(row.mode): round(row.log_odds, 4) for row in thresholds})
    (arguments.out / "cards" / "fusion.md").write_text(card(thresholds, arguments.budget, arguments.seed))
    return 0


def card(thresholds: Sequence[Threshold], budget: float, seed: int) -> str:
    """The card of the fusion's thresholds, in Markdown."""
    rows = "\n".join(
        f"| {'+'.join(row.mode)} | {row.log_odds:+.2f} | {row.false_alarm:.3f} | {row.sensitivity:.3f} |"
        for row in thresholds
    )
    return f"""# Card: fusion thresholds

**What it is.** Each modality's evidence is a calibrated log-odds; those present are added up (naive Bayes). A mode
(the set of modalities in use) counts as pain, score 5 of 10, where the sum passes the mode's threshold. All modes have
the same budget: {budget:.1%} of calm seconds may lie above it.

**How it was fitted.** `python -m quantize fusion --seed {seed} --budget {budget:g}`, from the held-out scores that
`python -m quantize faces` and `python -m quantize biosignal` leave: renders of people the face network never saw (pain
is true PSPI >= {PAIN_PSPI:g}) and seconds of subjects the arousal networks never saw. {PAIRS:,} random pairs per class.

| mode | threshold (log-odds) | calm seconds above | pain or aroused seconds above |
|---|---|---|---|
{rows}

**What cannot be claimed.** Faces are rendered and arousal comes from stress, not pain; they are of different people and
paired at random, so errors that face and skin would share are not in these figures. The last column is the share of
*seconds* of rendered pain or stress above the threshold, not of episodes noticed and not of patients. Without a face
the box is weak: see the rows of the wristband alone. Arousal is slow: the calm seconds above a threshold come in runs,
so the alarm's delay removes fewer of the wristband's false alarms than of the face's ({3600 * budget:.0f} such
seconds per hour may be one or two alarms).
"""
