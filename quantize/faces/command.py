"""`python -m quantize faces`: render, train, export, measure, and write the bundle entry and the model card."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edge.face.align import SIDE_PX
from quantize.extras import missing_packages

if TYPE_CHECKING:
    from quantize.faces.collection import Split
    from quantize.faces.train import Trained

RENDERS = 140_000
"""Faces of the shipped model: 10,000 identities."""

EPOCHS = 10
"""Passes over the training faces of the shipped model."""

TEACHERS = 2
"""Networks whose mean taught the shipped model beside the truth."""

TEACHER_EPOCHS_SHARE = 0.6
"""A teacher's passes as a share of the pupil's."""

_PACKAGES = ("torch", "litert_torch", "ai_edge_quantizer", "numba", "tqdm")
_CALIBRATION_FACES = 600


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the job and its options."""
    parser = subparsers.add_parser("faces", help="render faces, train and export the action unit network")
    parser.add_argument("--seed", type=int, default=1, help="of the faces and of the training (%(default)s)")
    parser.add_argument("--renders", type=int, default=RENDERS, help="faces to render (%(default)s)")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="passes over the training faces (%(default)s)")
    parser.add_argument(
        "--teachers", type=int, default=TEACHERS, help="networks to train first, whose mean teaches too (%(default)s)"
    )
    parser.add_argument("--processes", type=int, default=min(os.cpu_count() or 1, 4), help="renderers (%(default)s)")
    parser.add_argument("--cache", type=Path, default=Path(".cache/quantize"), help="chunks, resumable (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("models"), help="bundle to write to (%(default)s)")
    parser.add_argument("--before", type=Path, metavar="JSON", help="figures of an earlier network, to compare groups")
    parser.add_argument("--contact-sheet", type=Path, metavar="PNG", help="only draw some people, to be looked at")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do the whole job, or draw the contact sheet only."""
    sheet_only = arguments.contact_sheet is not None
    if missing_packages("quantize", ("numba",) if sheet_only else _PACKAGES):
        return 1
    if sheet_only:
        return _sheet(arguments.contact_sheet, arguments.cache, arguments.seed)
    return _train(arguments)


def _sheet(path: Path, cache: Path, seed: int) -> int:
    from quantize.faces.assets import shared_folder
    from quantize.faces.head import load_head
    from quantize.faces.sheet import contact_sheets

    contact_sheets(load_head(shared_folder(), cache), path, seed=seed)
    return 0


def _train(arguments: argparse.Namespace) -> int:
    from quantize.faces.collection import split
    from quantize.faces.dataset import render_faces
    from quantize.faces.export import export_float
    from quantize.faces.network import for_export
    from quantize.faces.report import report
    from quantize.faces.train import inputs_of, recalibrated, train
    from quantize.int8 import quantise

    faces = split(
        render_faces(
            arguments.cache, seed=arguments.seed, renders=arguments.renders, processes=max(1, arguments.processes)
        )
    )
    teachers = _teachers(arguments, faces)
    name = f"face_au-seed{arguments.seed}-{arguments.renders}-{arguments.epochs}-taught{len(teachers)}.pt"
    trained = train(faces, arguments.cache / name, seed=arguments.seed, epochs=arguments.epochs, teachers=teachers)
    trained = recalibrated(trained, faces.tune.where(faces.tune.rows["face"]))
    arguments.out.mkdir(parents=True, exist_ok=True)
    ready = for_export(trained.network, trained.mean, trained.deviation)
    float_file, int8_file = arguments.cache / "face_au_float.tflite", arguments.out / "face_au.tflite"
    export_float(ready, float_file)
    samples = inputs_of(faces.train.where(np.arange(len(faces.train.crops)) < _CALIBRATION_FACES))
    quantise(float_file, int8_file, samples.reshape(-1, SIDE_PX, SIDE_PX, 1))

    report(arguments, faces, trained, ready)
    sys.stderr.write(f"wrote {int8_file} and its card\n")
    return 0


def _teachers(arguments: argparse.Namespace, faces: Split) -> list[Trained]:
    """Networks of other seeds on the same faces; each goes on where it was interrupted, and is kept."""
    from quantize.faces.train import train

    epochs = max(1, round(TEACHER_EPOCHS_SHARE * arguments.epochs))
    made = []
    for number in range(1, arguments.teachers + 1):
        name = f"face_au-seed{arguments.seed}-{arguments.renders}-{epochs}-teacher{number}.pt"
        made.append(train(faces, arguments.cache / name, seed=arguments.seed + 100 * number, epochs=epochs))
    return made
