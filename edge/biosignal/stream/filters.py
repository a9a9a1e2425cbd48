"""Causal filters that carry their state from piece to piece, and rings of fixed size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]


class Ring:
    """The newest `size` rows of a signal.

    Attributes:
        values: (size,) or (size, columns), oldest first; zero where nothing has been yet.
    """

    def __init__(self, size: int, columns: int = 0) -> None:
        """Start with zeros."""
        self.values: Signal = np.zeros((size, columns) if columns else size)

    def push(self, new: Signal) -> None:
        """Append rows; the oldest fall out."""
        size = len(self.values)
        if len(new) >= size:
            self.values[:] = new[len(new) - size :]
            return
        self.values[: size - len(new)] = self.values[len(new) :]
        self.values[size - len(new) :] = new


class Fir:
    """A finite impulse response: linear phase where the kernel is (anti)symmetric, so no beat is moved by its shape.

    Args:
        kernel: (k,) taps, newest sample first.
    """

    def __init__(self, kernel: Signal) -> None:
        """Nothing has been yet; the first sample counts as having always been."""
        self._kernel = kernel
        self._tail: Signal | None = None

    @property
    def delay(self) -> float:
        """Samples by which a symmetric kernel lags."""
        return (self._kernel.size - 1) / 2.0

    def push(self, new: Signal) -> Signal:
        """(n,) filtered samples of (n,) new ones."""
        if new.size == 0:
            return new
        if self._tail is None:
            self._tail = np.full(self._kernel.size - 1, new[0])
        padded = np.concatenate([self._tail, new])
        self._tail = padded[padded.size - self._kernel.size + 1 :]
        return np.convolve(padded, self._kernel, mode="valid")


def band_pass_kernel(sigma_s: float, rate_hz: float) -> Signal:
    """Derivative of a Gaussian: a band-pass around 1 / (2 pi sigma), 6 dB per octave below, none at 0 Hz.

    Args:
        sigma_s: width of the Gaussian, seconds.
        rate_hz: sampling rate.
    """
    half = int(np.ceil(4.0 * sigma_s * rate_hz))
    t_s = np.arange(-half, half + 1) / rate_hz
    kernel = -t_s * np.exp(-0.5 * (t_s / sigma_s) ** 2)
    return np.asarray(kernel / np.abs(kernel).sum())


def gaussian_kernel(sigma_s: float, rate_hz: float) -> Signal:
    """A Gaussian of weight 1, cut at three standard deviations."""
    half = max(1, int(np.ceil(3.0 * sigma_s * rate_hz)))
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) / rate_hz / sigma_s) ** 2)
    return np.asarray(kernel / kernel.sum())
