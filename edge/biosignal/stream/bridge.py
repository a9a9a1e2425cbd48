"""Missing samples: held without a step, and remembered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]
Mask = NDArray[np.bool_]


class StepFree:
    """Replaces missing samples by the last one and shifts what follows, so that no gap looks like an upstroke.

    Absolute height is lost at every gap, which a band-pass does not mind; the height as measured is kept by whoever
    needs it.
    """

    def __init__(self) -> None:
        """Nothing has been yet."""
        self._shift = 0.0
        self._last: float | None = None
        self._in_gap = False

    def push(self, new: Signal) -> tuple[Signal, Mask]:
        """Fill a piece.

        Args:
            new: (n,) samples, NaN where missing.

        Returns:
            (n,) finite samples, and (n,) which of them were measured.
        """
        present = np.isfinite(new)
        if present.all() and not self._in_gap:
            if new.size:
                self._last = float(new[-1]) + self._shift
            return new + self._shift, present
        out = np.empty(new.size)
        for index, value in enumerate(new.tolist()):
            out[index] = self._next(value if present[index] else None)
        return out, present

    def _next(self, value: float | None) -> float:
        if value is None:
            self._in_gap = True
            return 0.0 if self._last is None else self._last
        if self._in_gap or self._last is None:
            self._shift = 0.0 if self._last is None else self._last - value
            self._in_gap = False
        self._last = value + self._shift
        return self._last
