"""`python -m quantize detector`: draw heads, paint rooms, train, export, measure, write bundle entry and card."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from quantize.extras import missing_packages

SCENES = 16_000
"""Training scenes of the shipped detector."""

EPOCHS = 14
"""Passes over them."""

PERSONS = 450
"""Rendered people: 360 to train on, 40 to choose the threshold with, 50 to measure on."""

TUNE_SCENES, TEST_SCENES = 750, 2_500
"""Scenes to choose the threshold with, and to measure on."""

_TUNE_FROM, _TEST_FROM = 0.8, 8 / 9
_PACKAGES = ("torch", "litert_torch", "ai_edge_quantizer", "numba", "tqdm")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the job and its options."""
    parser = subparsers.add_parser("detector", help="paint rooms with heads, train and export the face detector")
    parser.add_argument("--seed", type=int, default=1, help="of heads, rooms and training (%(default)s)")
    parser.add_argument("--scenes", type=int, default=SCENES, help="scenes to train on (%(default)s)")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="passes over them (%(default)s)")
    parser.add_argument("--persons", type=int, default=PERSONS, help="people to render (%(default)s)")
    parser.add_argument("--tune-scenes", type=int, default=TUNE_SCENES, help="to choose with (%(default)s)")
    parser.add_argument("--test-scenes", type=int, default=TEST_SCENES, help="to measure on (%(default)s)")
    parser.add_argument("--cache", type=Path, default=Path(".cache/quantize"), help="chunks, resumable (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("models"), help="bundle to write to (%(default)s)")
    parser.add_argument("--contact-sheet", type=Path, metavar="PNG", help="only paint some rooms, to be looked at")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do the whole job, or paint the contact sheet only."""
    sheet_only = arguments.contact_sheet is not None
    if missing_packages("quantize", ("numba", "tqdm") if sheet_only else _PACKAGES):
        return 1
    import cv2

    cv2.setNumThreads(1)
    return _sheet(arguments) if sheet_only else _train(arguments)


def _sheet(arguments: argparse.Namespace) -> int:
    from quantize.detector.sheet import contact_sheet
    from quantize.faces.cutouts import draw_cutouts

    heads = draw_cutouts(arguments.cache, seed=arguments.seed, persons=min(arguments.persons, 40))
    contact_sheet(heads, arguments.contact_sheet, seed=arguments.seed)
    return 0


def _train(arguments: argparse.Namespace) -> int:
    from edge.face.scan import Scanner
    from quantize.detector.card import Facts, card
    from quantize.detector.evaluate import best_threshold, measure
    from quantize.detector.export import bind, export, int8_model
    from quantize.detector.network import fused, parameter_count
    from quantize.detector.train import train
    from quantize.faces.cutouts import draw_cutouts
    from quantize.faces.rooms import draw_scenes

    heads = draw_cutouts(arguments.cache, seed=arguments.seed, persons=arguments.persons)
    share = heads.rows["identity"] / arguments.persons
    people = {
        "train": heads.where(share < _TUNE_FROM),
        "tune": heads.where((share >= _TUNE_FROM) & (share < _TEST_FROM)),
        "test": heads.where(share >= _TEST_FROM),
    }
    counts = {"train": arguments.scenes, "tune": arguments.tune_scenes, "test": arguments.test_scenes}
    parts = {
        name: draw_scenes(arguments.cache, people[name], name=name, seed=arguments.seed, count=count)
        for name, count in counts.items()
    }
    kept = arguments.cache / f"face_find-seed{arguments.seed}-{arguments.scenes}-{arguments.epochs}.pt"
    network, history = train(parts["train"], kept, seed=arguments.seed, epochs=arguments.epochs)
    weights = parameter_count(network)
    (arguments.out / "cards").mkdir(parents=True, exist_ok=True)
    file = arguments.out / "face_find.tflite"
    export(fused(network), parts["train"], arguments.cache / "face_find_float.tflite", file)
    least, tried = best_threshold(lambda at: Scanner(int8_model(file, at)).heads, parts["tune"])
    scanner = Scanner(int8_model(file, least))
    figures = measure(scanner.heads, parts["test"])
    facts = Facts(
        arguments.seed,
        arguments.scenes,
        arguments.epochs,
        arguments.persons,
        {name: len(part.pictures) for name, part in parts.items()},
        tuple(history),
        weights,
        file.stat().st_size,
        scanner.network.delegated,
        least,
        tried,
        figures,
    )
    (arguments.out / "cards/face_find.md").write_text(card(facts))
    bind(arguments.out, least)
    sys.stderr.write(f"wrote {file} and its card\n")
    return 0
