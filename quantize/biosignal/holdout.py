"""Leave one subject out: every second is scored by networks that never saw its subject, in float and in int8."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.biosignal.features import SEQUENCE_S
from edge.biosignal.heart_rate import HeartRateSense
from quantize.biosignal import logistic
from quantize.biosignal.dataset import SIGNALS, Signal, Stretches, joined, stretches
from quantize.biosignal.evaluate import Floats, Labels
from quantize.biosignal.export import export, predict_int8
from quantize.biosignal.extract import Subject
from quantize.biosignal.network import predict
from quantize.biosignal.train import Settings, train

Scores = dict[str, Floats]
"""Subject to (n,) log-odds, one per second, NaN where the box would not speak."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Scores of every subject by models that never saw it.

    Attributes:
        labels: subject to labels.
        float32, int8, yardstick: signal to scores of the network in both forms and of the logistic.
        heart_rate: scores of the heart-rate path.
    """

    labels: dict[str, Labels]
    float32: dict[Signal, Scores]
    int8: dict[Signal, Scores]
    yardstick: dict[Signal, Scores]
    heart_rate: Scores


def leave_one_out(people: Sequence[Subject], settings: Settings, done: Callable[[], None]) -> HeldOut:
    """Score every subject.

    Args:
        people: all subjects.
        settings: of every training.
        done: called after each subject.
    """
    out = HeldOut(
        labels={person.name: person.labels for person in people},
        float32={signal: {} for signal in SIGNALS},
        int8={signal: {} for signal in SIGNALS},
        yardstick={signal: {} for signal in SIGNALS},
        heart_rate={},
    )
    for person in people:
        others = [other for other in people if other.name != person.name]
        for signal in SIGNALS:
            _score(out, person, signal, joined(others, signal), settings)
        done()
    return out


def _score(out: HeldOut, person: Subject, signal: Signal, seen: Stretches, settings: Settings) -> None:
    unseen = stretches(person, signal, 1)
    network = train(seen, settings)
    out.float32[signal][person.name] = _placed(person, unseen, predict(network, unseen.inputs))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.tflite"
        export(network, seen.inputs, path)
        out.int8[signal][person.name] = _placed(person, unseen, predict_int8(path, unseen.inputs))
    out.yardstick[signal][person.name] = _yardstick(person, unseen, seen)
    if signal == "ppg":
        rate = logistic.log_odds(heart_rate_weights(seen), heart_rate_input(unseen))
        out.heart_rate[person.name] = _placed(person, unseen, rate)


def yardsticks(people: Sequence[Subject]) -> dict[Signal, Scores]:
    """The logistic's scores of every subject by the others' fit: a matter of seconds, no network is trained."""
    out: dict[Signal, Scores] = {signal: {} for signal in SIGNALS}
    for signal in SIGNALS:
        for person in people:
            seen = joined((other for other in people if other.name != person.name), signal)
            out[signal][person.name] = _yardstick(person, stretches(person, signal, 1), seen)
    return out


def _yardstick(person: Subject, unseen: Stretches, seen: Stretches) -> Floats:
    weights = logistic.fit(logistic.mean_of(seen.inputs, SEQUENCE_S), seen.labels)
    return _placed(person, unseen, logistic.log_odds(weights, logistic.mean_of(unseen.inputs, SEQUENCE_S)))


def heart_rate_input(seen: Stretches) -> Floats:
    """(n, 1) mean change of the heart rate against the own baseline, as the heart-rate path sees it."""
    return logistic.mean_of(seen.inputs, HeartRateSense.SMOOTH_S)[:, :1]


def heart_rate_weights(seen: Stretches) -> Floats:
    """(2,) weight per 10 bpm and intercept of the heart-rate path."""
    return logistic.fit(heart_rate_input(seen), seen.labels)


def _placed(person: Subject, unseen: Stretches, scores: Floats) -> Floats:
    """Scores at their seconds, NaN elsewhere."""
    out = np.full(len(person.labels), np.nan)
    out[unseen.seconds] = scores
    return out
