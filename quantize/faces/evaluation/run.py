"""The job behind `python -m quantize evaluate face`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edge.bundle import Bundle
from edge.face.estimator import MODEL
from edge.inference import Interpreter
from quantize.faces.evaluate import Chosen, read_outputs
from quantize.faces.evaluation.data.coded import Reader, gather
from quantize.faces.evaluation.data.cut import Cutter
from quantize.faces.evaluation.figures import Figures, as_json, read_earlier
from quantize.faces.evaluation.html import page
from quantize.faces.evaluation.measure import figures


def evaluate(arguments: argparse.Namespace, wanted: Sequence[tuple[str, Reader, Path]]) -> None:
    """Measure the bundle's network on each data set, or on the rendered test identities where none is named.

    Raises:
        DataError: a folder of pictures is not what its reader needs.
    """
    bundle = Bundle.load(arguments.bundle)
    network, chosen = Interpreter(bundle.model(MODEL)), shipped(bundle)
    arguments.out.mkdir(parents=True, exist_ok=True)
    earlier = read_earlier(arguments.before) if arguments.before else None
    measured = (
        [(kind, _on_pictures(bundle, chosen, reader, folder, arguments)) for kind, reader, folder in wanted]
        if wanted
        else [("rendered", _on_renders(network, chosen, arguments))]
    )
    for kind, found in measured:
        (arguments.out / f"face_{kind}.html").write_text(page(found, earlier))
        (arguments.out / f"face_{kind}.json").write_text(as_json(found))
        sys.stderr.write(f"wrote {arguments.out / f'face_{kind}.html'}\n")
        if arguments.json:
            sys.stdout.write(as_json(found) + "\n")


def shipped(bundle: Bundle) -> Chosen:
    """What tuning decided, as the bundle keeps it."""
    settings, line = bundle.model(MODEL).parameters, bundle.calibration("face")
    rest = tuple(settings.number(key) for key in ("rest_low", "rest_median", "rest_high"))
    return Chosen(
        settings.number("smile_share"),
        {},
        (rest[0], rest[1], rest[2]),
        settings.numbers("residual_low"),
        settings.numbers("residual_high"),
        line.number("slope"),
        line.number("intercept"),
    )


def _on_pictures(
    bundle: Bundle, chosen: Chosen, reader: Reader, folder: Path, arguments: argparse.Namespace
) -> Figures:
    network, cut = Interpreter(bundle.model(MODEL)), Cutter(bundle).cut
    cases = gather(reader.name, reader.read(folder, max(1, arguments.every)), cut, reader.notes)
    return figures(cases, None, read_outputs(network, cases.faces), chosen, seed=arguments.seed)


def _on_renders(network: Interpreter, chosen: Chosen, arguments: argparse.Namespace) -> Figures:
    from quantize.faces.collection import split
    from quantize.faces.dataset import render_faces
    from quantize.faces.episodes import MEASURED, read_courses
    from quantize.faces.evaluation.tracks import filtered

    faces = render_faces(arguments.cache, seed=arguments.seed, renders=arguments.renders, processes=1)
    test = split(faces).test
    _, tracks = read_courses(network, test, MEASURED, cache=arguments.cache, seed=arguments.seed, processes=1)
    watch = filtered(network.model.parameters.numbers("episode_weights"))
    mean = np.array(network.model.parameters.numbers("identity_mean"), np.float32)
    outputs, seed = read_outputs(network, test), arguments.seed
    return figures(test, None, outputs, chosen, tracks=tracks, watch=watch, identity_mean=mean, seed=seed)
