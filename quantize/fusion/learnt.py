"""The two rivals of adding up log-odds: a logistic over all figures at once, and a small int8 network.

Both see the same seconds. They are here to be compared with, by `python -m quantize fusion --compare`; the box uses
neither (docs/fusion.md).
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.features import SEQUENCE_S
from edge.types import Modality
from quantize.biosignal.dataset import Stretches
from quantize.biosignal.logistic import fit, log_odds
from quantize.fusion.lives import Floats, Life

STRIDE_S = 3
"""Seconds between the ends of two stretches that the network is trained on."""

FIGURES: Mapping[Modality, tuple[str, ...]] = {
    Modality.FACE: ("change_6s", "value", "episode", "intensity", "AU4", "AU6", "AU7", "AU9", "AU10", "AU43"),
    Modality.PPG: (
        "value",
        "heart_rate_bpm",
        "resting_heart_rate_bpm",
        "pulse_amplitude_change",
        "pleth_index",
        "rmssd_ms",
    ),
    Modality.GSR: ("value", "scr_per_min", "phasic_us", "scl_us", "resting_scl_us"),
    Modality.HEART_RATE: ("value", "heart_rate_bpm", "resting_heart_rate_bpm"),
}
"""What early fusion is given of each modality."""


def _table(life: Life, mode: Sequence[Modality]) -> Floats:
    """(n, k) figures; amounts in microsiemens as logarithms, heart rate against its rest."""
    columns: list[Floats] = []
    for modality in mode:
        at = {name: life.of(f"{modality}.{name}") for name in FIGURES[modality]}
        for name in ("phasic_us", "scl_us", "resting_scl_us"):
            if name in at:
                at[name] = np.log(np.maximum(at[name], 0.0) + 0.02)
        for now, rest in (("heart_rate_bpm", "resting_heart_rate_bpm"), ("scl_us", "resting_scl_us")):
            if rest in at:
                at[now] = at[now] - at.pop(rest)
        columns += at.values()
    return np.stack(columns, axis=1)


class Early:
    """A logistic over all figures of a mode; what is not known stands at its mean in calm."""

    def __init__(self, lives: Sequence[Life], mode: Sequence[Modality]) -> None:
        """Fit on these lives."""
        self._mode = tuple(mode)
        table = np.concatenate([_table(life, mode)[life.calm | life.hurts] for life in lives])
        hurts = np.concatenate([life.hurts[life.calm | life.hurts] for life in lives])
        self._mean, self._deviation = np.nanmean(table[~hurts], axis=0), np.nanstd(table, axis=0) + 1e-9
        self._weights = fit(self._scaled(table), hurts.astype(np.int64))

    def course(self, life: Life, here: NDArray[np.bool_]) -> Floats:
        """(n,) log-odds, NaN where the mode is another one."""
        return np.where(here, log_odds(self._weights, self._scaled(_table(life, self._mode))), np.nan)

    def _scaled(self, table: Floats) -> Floats:
        return np.asarray(np.nan_to_num((table - self._mean) / self._deviation, nan=0.0))


class Network:
    """The architecture of the arousal networks on half a minute of each modality's log-odds, quantised to int8."""

    def __init__(self, inputs: Sequence[Floats], lives: Sequence[Life], seed: int) -> None:
        """Train on these lives.

        Args:
            inputs: (n, k) log-odds of each life's modalities, NaN where not in use.
            lives: whose.
            seed: of weights and order.
        """
        from quantize.biosignal.export import export
        from quantize.biosignal.train import Settings, train

        parts = [
            _stretches(table, life.hurts, life.calm | life.hurts) for table, life in zip(inputs, lives, strict=True)
        ]
        shown = np.concatenate([part.inputs for part in parts])
        whole = Stretches(shown, np.concatenate([part.labels for part in parts]), np.arange(len(shown)))
        network = train(whole, Settings(seed))
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "fusion.tflite"
        export(network, shown, self._path)

    def course(self, table: Floats) -> Floats:
        """(n,) log-odds of the int8 file, NaN where one of the modalities is not in use."""
        from quantize.biosignal.export import predict_int8

        here = used(table)
        out = np.full(len(table), np.nan)
        out[here] = predict_int8(self._path, _windows(table)[here])
        return out


def used(table: Floats) -> NDArray[np.bool_]:
    """(n,) where every modality of (n, k) log-odds is in use."""
    return np.asarray(np.isfinite(table).all(axis=1))


def _stretches(table: Floats, hurts: NDArray[np.bool_], sure: NDArray[np.bool_]) -> Stretches:
    picked = np.flatnonzero(sure & used(table))[::STRIDE_S]
    return Stretches(_windows(table)[picked], hurts[picked].astype(np.int64), picked)


def _windows(table: Floats) -> NDArray[np.float32]:
    """(n, 30, 1 + k) the half minute up to each second, "valid" first; zero where not in use."""
    valid = used(table)
    rows = np.column_stack([valid, np.where(valid[:, None], table, 0.0)]).astype(np.float32)
    before = np.zeros((SEQUENCE_S - 1, rows.shape[1]), np.float32)
    view = np.lib.stride_tricks.sliding_window_view(np.concatenate([before, rows]), SEQUENCE_S, axis=0)
    return np.ascontiguousarray(view.transpose(0, 2, 1))
