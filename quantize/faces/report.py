"""Measure the exported network, and write its bundle entry, its card and the held-out scores for the fusion."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.face.align import SIDE_PX
from edge.inference import Interpreter
from quantize.faces.card import Facts, card
from quantize.faces.collection import Faces, Split
from quantize.faces.entry import Settings, bind, int8_model
from quantize.faces.evaluate import (
    PAIN_PSPI,
    choose_smile_share,
    logistic,
    measure,
    readings,
    true_change,
)
from quantize.faces.kinds import Kind
from quantize.faces.network import parameter_count, predict
from quantize.faces.train import Trained, inputs_of

if TYPE_CHECKING:
    from torch import nn


def _int8_predictions(network: Interpreter, faces: Faces) -> NDArray[np.float32]:
    inputs = inputs_of(faces).reshape(-1, 1, SIDE_PX, SIDE_PX, 1)
    return np.concatenate([network.run(one)[0] for one in inputs])


RESIDUAL_AT = (0.0, 1.0, 2.5, 5.0, 8.0)
"""Changes at which the 90 % interval is stated; between them it is interpolated."""

_FEWEST = 20
"""Readings that a 5th and a 95th percentile need: one on either side."""

FEWEST_NEAR = 40
"""With fewer faces near a change than this its percentiles would rest on two of them: all faces are taken instead."""


def _residuals(change: NDArray[np.float32], truth: NDArray[np.float32]) -> tuple[list[float], list[float]]:
    """5th and 95th percentile of true minus read change, around each of `RESIDUAL_AT`."""
    low, high = [], []
    for at in RESIDUAL_AT:
        distance = np.abs(change - at)
        # A network trained for a minute may read no such change at all: then the readings nearest to it.
        near = distance <= max(0.4 + 0.2 * at, float(np.sort(distance)[:_FEWEST][-1]))
        if near.sum() < FEWEST_NEAR:
            near = np.ones_like(near)
        under, over = np.quantile(truth[near] - change[near], [0.05, 0.95])
        low.append(float(under))
        high.append(float(over))
    return low, high


def covered(change: NDArray[np.float32], truth: NDArray[np.float32], settings: Settings) -> float:
    """Share of true changes within the interval that the estimator would state."""
    under, over = (np.interp(change, RESIDUAL_AT, settings[key]) for key in ("residual_low", "residual_high"))
    return float(((truth - change >= under) & (truth - change <= over)).mean())


def _parameters(raw: NDArray[np.float32], tune: Faces, smile_share: float) -> Settings:
    """What the estimator needs beside the weights, from the tuning identities."""
    seen = readings(raw, tune, smile_share)
    neutral = seen.level[tune.kind == str(Kind.NEUTRAL)]
    low, median, high = np.quantile(neutral, [0.05, 0.5, 0.95])
    under, over = _residuals(seen.change, true_change(tune, smile_share))
    return {
        "smile_share": [smile_share],
        "rest_low": [float(low)],
        "rest_median": [float(median)],
        "rest_high": [float(high)],
        "residual_at": list(RESIDUAL_AT),
        "residual_low": under,
        "residual_high": over,
    }


def report(arguments: argparse.Namespace, faces: Split, trained: Trained, ready: nn.Sequential) -> None:
    """Measure float and int8, choose the estimator's parameters, write card, bundle and held-out scores.

    Args:
        arguments: of the command.
        faces: the rendered faces.
        trained: what training left.
        ready: the float network with intensities as its output.
    """
    network = Interpreter(int8_model(arguments.out / "face_au.tflite"), 1)
    tune_raw = _int8_predictions(network, faces.tune)
    test_raw = _int8_predictions(network, faces.test)
    share, tried = choose_smile_share(tune_raw, faces.tune)
    parameters = _parameters(tune_raw, faces.tune, share)
    line = logistic(readings(tune_raw, faces.tune, share).change, true_change(faces.tune, share) >= PAIN_PSPI)
    seen = readings(test_raw, faces.test, share)
    truth = true_change(faces.test, share)
    facts = Facts(
        seed=arguments.seed,
        renders=sum(len(part.crops) for part in (faces.train, faces.tune, faces.test)),
        asked_renders=arguments.renders,
        epochs=arguments.epochs,
        best_epoch=trained.best_epoch,
        history=trained.history,
        weights=parameter_count(trained.network),
        size=(arguments.out / "face_au.tflite").stat().st_size,
        delegated=network.delegated,
        identities={name: len(np.unique(part.identity)) for name, part in _parts(faces).items()},
        counts={name: len(part.crops) for name, part in _parts(faces).items()},
        float_scores=measure(predict(ready, inputs_of(faces.test)), faces.test, share),
        int8_scores=measure(test_raw, faces.test, share),
        smile_tried=tried,
        parameters=parameters,
        line=line,
        coverage=covered(seen.change, truth, parameters),
    )
    path = arguments.out / "cards" / "face_au.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(card(facts))
    bind(arguments.out, parameters, line)
    np.savez(
        arguments.cache / "heldout_face.npz",
        pspi_change=seen.change,
        pspi_true=truth,
        kind=faces.test.kind,
        identity=faces.test.identity,
    )


def _parts(faces: Split) -> dict[str, Faces]:
    return {"train": faces.train, "tune": faces.tune, "test": faces.test}
