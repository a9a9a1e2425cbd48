"""Half minutes for the networks, cut from subjects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.features import SEQUENCE_S, Vector
from edge.biosignal.verdict import FEWEST_ROWS, RECENT_S
from quantize.biosignal.extract import Subject

Signal = Literal["ppg", "gsr"]

SIGNALS: tuple[Signal, ...] = ("ppg", "gsr")
"""Networks, one per signal."""

STRIDE_S = 10
"""Seconds between two training stretches of a subject: neighbours share two thirds of their content."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """Stretches of half a minute that a network may judge.

    Attributes:
        inputs: (n, 30, features) vectors, the newest second last.
        labels: (n,) label of the newest second.
        seconds: (n,) that second's number in the recording.
    """

    inputs: Vector
    labels: NDArray[np.int64]
    seconds: NDArray[np.int64]


def vectors(subject: Subject, signal: Signal) -> Vector:
    """(n, features) of one signal."""
    return subject.pulse if signal == "ppg" else subject.skin


def stretches(subject: Subject, signal: Signal, stride_s: int) -> Stretches:
    """The stretches of a subject in which the box would speak: enough usable seconds among the newest.

    Args:
        subject: whose.
        signal: of which signal.
        stride_s: seconds between the ends of two stretches.
    """
    values = vectors(subject, signal)
    padded = np.concatenate([np.zeros((SEQUENCE_S - 1, values.shape[1]), dtype=np.float32), values])
    seconds = np.arange(0, len(values), stride_s)
    cut = np.lib.stride_tricks.sliding_window_view(padded, SEQUENCE_S, axis=0)[seconds].transpose(0, 2, 1)
    spoken = cut[:, -RECENT_S:, 0].sum(axis=1) >= FEWEST_ROWS
    kept = seconds[spoken]
    return Stretches(np.ascontiguousarray(cut[spoken]), subject.labels[kept], kept)


def joined(people: Iterable[Subject], signal: Signal) -> Stretches:
    """Training stretches of several subjects."""
    parts: Sequence[Stretches] = [stretches(person, signal, STRIDE_S) for person in people]
    return Stretches(
        np.concatenate([part.inputs for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.seconds for part in parts]),
    )
