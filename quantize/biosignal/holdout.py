"""Leave one subject out: every second is scored by networks that never saw its subject, in float and in int8."""

from __future__ import annotations

import hashlib
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


_RECIPE = ("dataset", "export", "holdout", "logistic", "network", "train")
"""Modules on which a score depends beside the data."""


def recipe_digest(people: Sequence[Subject], settings: Settings) -> str:
    """Digest of data, settings and training code, so that no score of another recipe is taken up again."""
    digest = hashlib.sha256(repr(settings).encode())
    for name in _RECIPE:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    for person in people:
        for values in (person.labels, person.pulse, person.skin):
            digest.update(values.tobytes())
    return digest.hexdigest()[:12]


def leave_one_out(people: Sequence[Subject], settings: Settings, cache: Path, done: Callable[[], None]) -> HeldOut:
    """Score every subject; subjects that an interrupted run has scored are taken up again.

    Args:
        people: all subjects.
        settings: of every training.
        cache: folder for the scores of each subject.
        done: called after each subject.
    """
    shelf = cache / f"leave_one_out-{recipe_digest(people, settings)}"
    shelf.mkdir(parents=True, exist_ok=True)
    out = HeldOut(
        labels={person.name: person.labels for person in people},
        float32={signal: {} for signal in SIGNALS},
        int8={signal: {} for signal in SIGNALS},
        yardstick={signal: {} for signal in SIGNALS},
        heart_rate={},
    )
    for person in people:
        path = shelf / f"{person.name}.npz"
        if path.exists():
            with np.load(path) as stored:
                _place(out, person.name, dict(stored.items()))
        else:
            others = [other for other in people if other.name != person.name]
            scores: dict[str, Floats] = {}
            for signal in SIGNALS:
                scores |= _score(person, signal, joined(others, signal), settings)
            np.savez_compressed(path, **scores)  # type: ignore[arg-type]  # numpy types **kwds as its own options
            _place(out, person.name, scores)
        done()
    return out


def _place(out: HeldOut, name: str, scores: dict[str, Floats]) -> None:
    for signal in SIGNALS:
        out.float32[signal][name] = scores[f"float_{signal}"]
        out.int8[signal][name] = scores[f"int8_{signal}"]
        out.yardstick[signal][name] = scores[f"yardstick_{signal}"]
    out.heart_rate[name] = scores["heart_rate"]


def _score(person: Subject, signal: Signal, seen: Stretches, settings: Settings) -> dict[str, Floats]:
    unseen = stretches(person, signal, 1)
    network = train(seen, settings)
    out = {f"float_{signal}": _placed(person, unseen, predict(network, unseen.inputs))}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.tflite"
        export(network, seen.inputs, path)
        out[f"int8_{signal}"] = _placed(person, unseen, predict_int8(path, unseen.inputs))
    out[f"yardstick_{signal}"] = _yardstick(person, unseen, seen)
    if signal == "ppg":
        rate = logistic.log_odds(heart_rate_weights(seen), heart_rate_input(unseen))
        out["heart_rate"] = _placed(person, unseen, rate)
    return out


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
    """(n, 1) mean rank of the heart rate among the own past, as the heart-rate path sees it."""
    return logistic.mean_of(seen.inputs, HeartRateSense.SMOOTH_S)[:, :1]


def heart_rate_weights(seen: Stretches) -> Floats:
    """(2,) weight of the rank and intercept of the heart-rate path."""
    return logistic.fit(heart_rate_input(seen), seen.labels)


def _placed(person: Subject, unseen: Stretches, scores: Floats) -> Floats:
    """Scores at their seconds, NaN elsewhere."""
    out = np.full(len(person.labels), np.nan)
    out[unseen.seconds] = scores
    return out
