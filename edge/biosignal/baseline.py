"""What a person's own past says of a value: the resting and the usual level, and where the value stands among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.biosignal.median import quantiles

THIN_S = 5
"""One value per this many seconds is kept: rows of neighbouring seconds share most of their samples."""

_HORIZON_S = 7200
"""Two hours are remembered: long against an episode of pain, short against the day's own rhythm."""

PRIOR_S = 30.0
"""Seconds of own data that weigh as much as the population's value, or as not knowing. Half a minute is what a
three-minute demonstration can spare."""

_REST_QUANTILE = 0.2
"""Quantile taken as rest."""

_HIGH, _LOW = 0.75, 0.6
"""Mean rank from which the past takes in only every `_FROZEN_S`, and at which it is in full use again: an episode must
not become the usual. A person at ease has a mean rank of a half."""

_FROZEN_S = 30
"""An hour of arousal adds ten minutes to the past; with nothing at all, a band that was fastened tighter or a room that
grew warm would count as arousal for ever."""

_SMOOTH = 30.0
"""Seconds over which a rank is averaged for that."""

_KNOWN_S = 300.0
"""Own past before anything is frozen: the first minutes rank high and low by chance."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a baseline is of.

    Attributes:
        width: difference to which a rank is soft: the past counts as smaller by a logistic curve of this scale, so that
            a value which hardly moves does not rank high by moving a little.
        prior: the population's value; None where units are the person's own.
    """

    width: float
    prior: float | None = None


class Baseline:
    """The past of one figure of which more speaks for arousal.

    Rest is a low quantile: a person is at rest a fifth of the time even on a bad day, and an hour of pain does not
    become the new normal. A rank is the share of the past below a value, as in pulse pain monitors (Huiku et al. 2007).

    Args:
        kind: of what.
    """

    def __init__(self, kind: Kind) -> None:
        """Start without a past."""
        self._kind = kind
        # Written to at once: pages that are touched only as the past fills, over two to twelve hours, look like a leak.
        self._past = np.full(_HORIZON_S // THIN_S, 0.0)
        self._count = 0
        self._newest: int | None = None
        self._high = 0.5
        self._ranked: tuple[float, float] | None = None
        self._frozen = False
        self._resting = self._usual = float("nan") if kind.prior is None else kind.prior

    @property
    def resting(self) -> float:
        """Level at rest as known now; NaN before the first value where there is no population value."""
        return self._resting

    @property
    def usual(self) -> float:
        """Median of the past as known now; NaN before the first value where there is no population value."""
        return self._usual

    @property
    def frozen(self) -> bool:
        """Whether the past takes in less, because the present ranks high."""
        return self._frozen

    @property
    def known_s(self) -> float:
        """Seconds of own past behind all this."""
        return float(self._kept * THIN_S)

    @property
    def _kept(self) -> int:
        return min(self._count, self._past.size)

    def rank(self, value: float) -> float:
        """Where a value stands, 0..1; a half without a past.

        Args:
            value: finite.
        """
        if self._ranked is not None and self._ranked[0] == value:  # `add` asks for what `rank` has just said
            return self._ranked[1]
        steps = np.minimum(np.maximum((value - self._past[: self._kept]) / self._kind.width, -30.0), 30.0)
        below = float((1.0 / (1.0 + np.exp(-steps))).sum())
        unknown = PRIOR_S / THIN_S
        rank = (0.5 * unknown + below) / (unknown + self._kept)
        self._ranked = (value, rank)
        return rank

    def add(self, second: int, value: float) -> None:
        """Remember a value *after* it has been compared.

        Args:
            second: whole second of the measurement; values that follow too soon on the last kept one are dropped.
            value: finite.
        """
        self._high += (self.rank(value) - self._high) / _SMOOTH
        self._frozen = self.known_s >= _KNOWN_S and self._high >= (_LOW if self._frozen else _HIGH)
        if self._newest is not None and second - self._newest < (_FROZEN_S if self._frozen else THIN_S):
            return
        self._newest = second
        self._past[self._count % self._past.size] = value
        self._count += 1
        self._ranked = None
        own = quantiles(self._past[: self._kept], (_REST_QUANTILE, 0.5))
        self._resting, self._usual = (self._shrunk(level) for level in own)

    def _shrunk(self, own: float) -> float:
        if self._kind.prior is None:
            return own
        return (self.known_s * own + PRIOR_S * self._kind.prior) / (self.known_s + PRIOR_S)
