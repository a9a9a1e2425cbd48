"""Measure the exported network, and write its bundle entry, its card and the held-out scores for the fusion."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.face.units import INTENSITY_MAX
from edge.inference import Interpreter
from quantize.faces.card import Facts, card
from quantize.faces.collection import Faces, Split
from quantize.faces.entry import Settings, bind, int8_model
from quantize.faces.episodes import FITTED, MEASURED, fit, moments, read_courses
from quantize.faces.evaluate import RESIDUAL_AT, Chosen, choose, read_outputs
from quantize.faces.evaluation.figures import Figures, as_json, read_earlier
from quantize.faces.evaluation.html import page
from quantize.faces.evaluation.measure import figures
from quantize.faces.evaluation.tracks import filtered
from quantize.faces.kinds import Kind
from quantize.faces.network import HIDDEN, hidden_alive, multiply_adds, parameter_count, predict
from quantize.faces.train import Trained, inputs_of

if TYPE_CHECKING:
    from torch import nn


def parameters(
    chosen: Chosen, rest_units: Sequence[float], episode_weights: Sequence[float], identity_mean: Sequence[float]
) -> Settings:
    """What the estimator needs beside the weights, as the bundle keeps it.

    Args:
        chosen: what tuning decided.
        rest_units: (17,) mean of each action unit as read on the neutral faces of the tuning identities.
        episode_weights: of the box's episode filter.
        identity_mean: (16,) mean descriptor of the tuning people.
    """
    low, median, high = chosen.rest
    return {
        "smile_share": [chosen.smile_share],
        "rest_low": [low],
        "rest_median": [median],
        "rest_high": [high],
        "residual_at": list(RESIDUAL_AT),
        "residual_low": list(chosen.residual_low),
        "residual_high": list(chosen.residual_high),
        "rest_units": list(rest_units),
        "episode_weights": list(episode_weights),
        "identity_mean": list(identity_mean),
    }


def report(arguments: argparse.Namespace, faces: Split, trained: Trained, ready: nn.Module) -> Figures:
    """Measure float and int8, choose the estimator's parameters, write card, report, bundle and held-out scores.

    Args:
        arguments: of the command; `before`, if it is there, names the JSON figures of an earlier network.
        faces: the rendered faces.
        trained: what training left.
        ready: the float network as it was exported.
    """
    network = Interpreter(int8_model(arguments.out / "face_au.tflite"), 1)
    tune, test = _shown(faces.tune), _shown(faces.test)
    tune_outputs = read_outputs(network, tune)
    tuned, identity_mean = tune_outputs.au, tune_outputs.identity.mean(axis=0)
    chosen, rest_units = choose(tuned, tune), _rest_units(tuned, tune)
    drawn = {"cache": arguments.cache, "seed": arguments.seed, "processes": max(1, arguments.processes)}
    weights = fit(moments(*read_courses(network, tune, FITTED, **drawn)))
    read, inputs = read_outputs(network, test), inputs_of(test)
    found = figures(
        test,
        predict(ready, inputs),
        read,
        chosen,
        tracks=read_courses(network, test, MEASURED, **drawn)[1],
        watch=filtered(weights),
        hidden_alive=(hidden_alive(ready, inputs), HIDDEN),
        identity_mean=identity_mean,
        seed=arguments.seed,
    )
    facts = _facts(arguments, faces, trained, network, chosen)
    before = getattr(arguments, "before", None)
    path = arguments.out / "cards" / "face_au.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(card(facts, found, read_earlier(before) if before else None))
    (arguments.cache / "face_figures.json").write_text(as_json(found))
    (arguments.cache / "face_report.html").write_text(page(found))
    bind(
        arguments.out,
        parameters(chosen, rest_units, weights, identity_mean.tolist()),
        (chosen.slope, chosen.intercept),
    )
    return found


def _shown(faces: Faces) -> Faces:
    """Crops that show a face."""
    return faces.where(faces.rows["face"])


def _rest_units(tuned: NDArray[np.float32], tune: Faces) -> list[float]:
    neutral = tune.kind == str(Kind.NEUTRAL)
    return [float(value) for value in np.clip(tuned[neutral], 0, INTENSITY_MAX).mean(axis=0)]


def _facts(
    arguments: argparse.Namespace, faces: Split, trained: Trained, network: Interpreter, chosen: Chosen
) -> Facts:
    parts = {"train": faces.train, "tune": faces.tune, "test": faces.test}
    return Facts(
        seed=arguments.seed,
        renders=sum(len(part.crops) for part in parts.values()),
        asked_renders=arguments.renders,
        epochs=arguments.epochs,
        best_epoch=trained.best_epoch,
        teachers=arguments.teachers,
        history=trained.history,
        weights=parameter_count(trained.network),
        multiply_adds=multiply_adds(),
        size=(arguments.out / "face_au.tflite").stat().st_size,
        delegated=network.delegated,
        identities={name: len(np.unique(part.identity)) for name, part in parts.items()},
        counts={name: len(part.crops) for name, part in parts.items()},
        chosen=chosen,
    )
