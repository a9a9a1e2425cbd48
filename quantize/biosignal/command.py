"""`python -m quantize biosignal`: extract, train, leave one out, export, and write bundle, calibration and card."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from quantize.extras import missing_packages

_PACKAGES = ("torch", "litert_torch", "ai_edge_quantizer", "tqdm")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the job and its options."""
    parser = subparsers.add_parser("biosignal", help="train and export the arousal networks on Stress-Predict")
    parser.add_argument("--seed", type=int, default=1, help="of training and resampling (%(default)s)")
    parser.add_argument("--epochs", type=int, default=4, help="passes over the training stretches (%(default)s)")
    parser.add_argument(
        "--processes", type=int, default=min(os.cpu_count() or 1, 4), help="signal readers (%(default)s)"
    )
    parser.add_argument("--cache", type=Path, default=Path(".cache/quantize"), help="rows and scores (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("models"), help="bundle to write to (%(default)s)")
    parser.set_defaults(run=run)


def data_folder() -> Path:
    """Where Stress-Predict lies: below the folder named by ANODYNE_SHARED, else ../shared."""
    return Path(os.environ.get("ANODYNE_SHARED", "../shared")).resolve() / "data" / "stress-predict"


def run(arguments: argparse.Namespace) -> int:
    """Do the whole job; 1 with a sentence on standard error where packages or data are missing."""
    if missing_packages("quantize", _PACKAGES):
        return 1
    folder = data_folder()
    if not (folder / "Raw_data").is_dir():
        sys.stderr.write(
            f"no Stress-Predict data set at {folder}: set ANODYNE_SHARED to the folder that holds data/stress-predict\n"
        )
        return 1
    _train(arguments, folder)
    return 0


def _train(arguments: argparse.Namespace, folder: Path) -> None:
    import torch
    from tqdm import tqdm

    from quantize.biosignal import ship
    from quantize.biosignal.extract import load
    from quantize.biosignal.holdout import leave_one_out
    from quantize.biosignal.train import Settings

    began = time.monotonic()
    torch.set_num_threads(1)  # networks this small lose more to waiting than a second core gives
    settings = Settings(arguments.seed, arguments.epochs)
    people = load(folder, arguments.cache, lambda items, total: tqdm(items, "signals", total), arguments.processes)
    with tqdm(total=len(people), desc="leave one out") as bar:
        held_out = leave_one_out(people, settings, arguments.cache, lambda: bar.update())
    ship.dump(held_out, arguments.cache / "heldout_arousal.npz")
    lines = ship.calibrate(held_out)
    figures = ship.figures(held_out, lines, arguments.seed)
    ship.ship(people, settings, lines, figures, arguments.out, began)
    for name, auc in figures.items():
        sys.stdout.write(f"{name}: AUC {auc.pooled:.3f} ({auc.low:.3f} to {auc.high:.3f}), median {auc.median:.3f}\n")
