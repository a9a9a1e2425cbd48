"""From action units over time to an episode of pain: what stands, what moves fast, what explains what.

Pain stands: brow, lids and upper lip pull for seconds. Speech and chewing move the mouth several times a second; a
smile pulls the lip corners, which raise cheeks and lip along with them; sleep shuts the eyes and nothing else; a yawn
opens the mouth as far as it goes; a sneeze is over within two seconds. One side is as good as both: the network states
the stronger one, so a palsied half does not hide pain.

`features` computes a handful of figures that a person can check from the changes of the newest three seconds; a small
logistic model adds them up. Its weights come with the bundle (fitted by `quantize.faces.episodes` with this very code).
`EpisodeFilter` runs it frame by frame: uneven frame rates are averaged into slots of 0.2 s, a face that is lost for
some seconds leaves slots empty, a longer gap or a clock that goes backwards begins anew.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.face.units import INTENSITY_MAX, LABELS
from edge.types import NS_PER_S

Floats = NDArray[np.float32]

FEATURES = ("brow", "orbit", "levator", "shut_with", "shut_alone", "smile", "restless", "gape")
"""What the logistic model adds up, after its constant, in this order.

brow: standing AU4. orbit: standing AU6|7, less what the lip corners explain. levator: standing AU9|10, less what they
explain. shut_with, shut_alone: closed eyes 0..1 with, and without, other signs of pain. smile: standing AU12. restless:
mean change of the mouth from slot to slot. gape: standing AU26|27 above `GAPE_FROM`."""

START_WEIGHTS = (-3.2, 1.0, 0.7, 0.7, 1.0, -0.8, -0.4, -1.2, -0.8)
"""Constant and one weight per feature until a bundle brings fitted ones. Chosen so that PSPI 4 spread over brow, lids
and lip lies at even odds, and one sign alone needs intensity 4 to 5."""

WINDOW_S = 3.0
"""How much of the past is judged: longer than a sneeze or a blink, shorter than the pain alarm's delay on a ward."""

STANDING_QUANTILE = 0.3
"""What stands is the 30th percentile of the window: it must hold for 70 % of it, 2.1 s, which a sneeze does not."""

SLOT_S = 0.2
"""Frames are averaged over this time, so that a feature does not depend on the frame rate. Speech and chewing, 1 to 5
per second, are still seen as changes between slots."""

RESET_S = 5.0
"""After a longer gap the past is of another moment, perhaps of another face."""

ON, OFF = 0.5, 0.3
"""Probability at which an episode begins, and below which it ends (after `END_S`). Even odds; the lower one keeps an
episode from ending and beginning with every breath."""

END_S = 2.0
"""How long the probability must stay below `OFF`."""

MADE_FROM = 1.0
"""An action unit made an episode when its standing change is at least FACS intensity A (trace)."""

RISE_FROM = 1.0
"""An episode's onset is where the signs of pain rose to this sum of changes and stayed."""

PAUSE_S = 1.0
"""Signs that were gone for less than this are the same ones: a blink, a missed picture."""

COUPLING = 0.8
"""How much of AU6 and AU10 the lip corners explain, per unit of AU12. Chosen; a wide smile raises cheeks and lip
nearly as much as it pulls the corners."""

GAPE_FROM = 2.5
"""A jaw that stands open further than this gapes: the middle of the scale."""

PAIN_UNITS = ("AU4", "AU6", "AU7", "AU9", "AU10", "AU43")
"""The action units of PSPI: those that can make an episode."""

_AT = {name: k for k, name in enumerate(LABELS)}
_MOUTH = np.array([_AT[name] for name in ("AU12", "AU17", "AU20", "AU24", "AU25", "AU26", "AU27")])
_AU4, _AU6, _AU7, _AU9, _AU10, _AU12 = (_AT[name] for name in ("AU4", "AU6", "AU7", "AU9", "AU10", "AU12"))
_PAIN = [_AT[name] for name in PAIN_UNITS]
_SLOTS = round(WINDOW_S / SLOT_S)
_SLOT_NS = round(SLOT_S * NS_PER_S)
_FEWEST = _SLOTS // 2


@dataclass(frozen=True, slots=True)
class Episode:
    """What the last seconds amount to.

    Attributes:
        probability: 0..1 that they show pain.
        intensity: standing PSPI change that no smile explains, 0..16.
        filled: 0..1, how much of the window there was to judge.
        onset_ns: when the running episode began; None where none runs.
        made_by: standing change of each action unit behind it, strongest first; empty where none runs.
    """

    probability: float
    intensity: float
    filled: float
    onset_ns: int | None
    made_by: tuple[tuple[str, float], ...]


def features(slots: Floats, share: Floats) -> NDArray[np.float64]:
    """The figures that the model adds up.

    Args:
        slots: (n, 17) changes of the action units against the person's rest, oldest first, one row per slot of
            `SLOT_S`; rows of nothing but NaN where there was no face. At least one row holds figures.
        share: (17,) how far each action unit can be known. A hidden sign of pain is put at the mean of those seen.

    Returns:
        (len(FEATURES),) in that order.
    """
    there = ~np.isnan(slots[:, 0])
    return _figures(slots, there, share, _standing(slots[there]))


def _figures(slots: Floats, there: NDArray[np.bool_], share: Floats, standing: Floats) -> NDArray[np.float64]:
    brow, orbit, levator = _signs(standing, share)
    shut = min(max(float(standing[_AT["AU43"]] / INTENSITY_MAX), 0.0), 1.0)
    company = min(max((brow + orbit + levator) / 3.0, 0.0), 1.0)
    mouth = slots[:, _MOUTH] * share[_MOUTH]
    moves = np.abs(mouth[1:] - mouth[:-1]).max(axis=1)[there[1:] & there[:-1]]
    restless = float(moves.sum()) / len(moves) if len(moves) else 0.0
    gape = max(0.0, float(max(standing[_AT["AU26"]], standing[_AT["AU27"]]) * share[_AT["AU26"]]) - GAPE_FROM)
    smile = float(standing[_AT["AU12"]] * share[_AT["AU12"]])
    return np.array([brow, orbit, levator, shut * company, shut * (1 - company), smile, restless, gape])


def _standing(seen: Floats) -> Floats:
    """(17,) what held through the window, >= 0, from (n, 17) slots with a face."""
    rising = np.sort(seen, axis=0)
    place = STANDING_QUANTILE * (len(seen) - 1)  # np.quantile's linear interpolation, which takes ten times as long
    low, share = int(place), np.float32(place % 1)
    held = rising[low] + share * (rising[min(low + 1, len(seen) - 1)] - rising[low])
    return np.asarray(np.minimum(np.maximum(held, 0.0), INTENSITY_MAX), dtype=np.float32)


def _signs(standing: Floats, share: Floats) -> tuple[float, float, float]:
    """Brow, orbit and levator, a smile's part out; what is hidden at the mean of what is seen."""
    at, seen = standing.tolist(), share.tolist()
    corners = COUPLING * at[_AU12] * seen[_AU12]
    orbit = max(at[_AU6] - corners, at[_AU7] - corners / 2, 0.0)
    levator = max(at[_AU9] * seen[_AU9], at[_AU10] * seen[_AU10] - corners, 0.0)
    known = (seen[_AU4], seen[_AU6], max(seen[_AU9], seen[_AU10]))
    if known == (1.0, 1.0, 1.0):
        return at[_AU4], orbit, levator
    signs = np.array([at[_AU4], orbit, levator])
    weights = np.array(known, dtype=np.float32)
    if weights.sum() > 0:
        signs = weights * signs + (1 - weights) * float((weights * signs).sum() / weights.sum())
    return float(signs[0]), float(signs[1]), float(signs[2])


def probability(figures: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The logistic model: (len(FEATURES),) figures and (1 + len(FEATURES),) weights, the constant first."""
    log_odds = float(weights[0] + figures @ weights[1:])
    return 1.0 / (1.0 + math.exp(-min(max(log_odds, -30.0), 30.0)))


class EpisodeFilter:
    """Follows one face. It keeps changes of action units of the newest seconds, nothing else.

    Args:
        weights: constant and one weight per feature.
    """

    def __init__(self, weights: tuple[float, ...] = START_WEIGHTS) -> None:
        """Nothing was seen."""
        if len(weights) != len(FEATURES) + 1:
            raise ValueError(f"{len(FEATURES) + 1} weights are needed, {len(weights)} given")
        self._weights = np.asarray(weights, dtype=np.float64)
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self._slots: deque[tuple[int, Floats, int]] = deque()
        self._last_ns: int | None = None
        self._onset_ns: int | None = None
        self._rise_ns: int | None = None
        self._signs_ns = 0
        self._low_ns: int | None = None

    @property
    def running(self) -> bool:
        """Whether an episode runs."""
        return self._onset_ns is not None

    def step(self, change: Floats, share: Floats, now_ns: int) -> Episode:
        """Take one frame's changes.

        Args:
            change: (17,) action units less the person's rest; not smoothed in time.
            share: (17,) how far each can be known.
            now_ns: when the picture was taken.
        """
        if self._last_ns is not None and not 0 <= now_ns - self._last_ns <= RESET_S * NS_PER_S:
            self.reset()
        self._last_ns = now_ns
        self._put(change, now_ns)
        slots = self._table(now_ns // _SLOT_NS)
        filled = len(self._slots) / _SLOTS
        there = ~np.isnan(slots[:, 0])
        standing = _standing(slots[there])
        figures = _figures(slots, there, share, standing)
        chance = probability(figures, self._weights)
        self._rise(change, share, now_ns)
        self._begin_or_end(chance, filled, now_ns)
        standing = standing * share
        shut = 1.0 if float(standing[_AT["AU43"]]) >= INTENSITY_MAX / 2 else 0.0
        company = 1.0 if figures[4] < figures[3] else 0.0
        intensity = float(figures[:3].sum()) + shut * company
        return Episode(chance, intensity, filled, self._onset_ns, self._made_by(standing))

    def _put(self, change: Floats, now_ns: int) -> None:
        """Add a frame to its slot."""
        slot = now_ns // _SLOT_NS
        if self._slots and self._slots[-1][0] == slot:
            _, total, count = self._slots.pop()
            self._slots.append((slot, total + change, count + 1))
        else:
            self._slots.append((slot, change.astype(np.float32), 1))
        while self._slots[0][0] <= slot - _SLOTS:
            self._slots.popleft()

    def _table(self, newest: int) -> Floats:
        """(n, 17) means of the window's slots; NaN where there was no frame."""
        table = np.full((_SLOTS, len(LABELS)), np.nan, np.float32)
        for slot, total, count in self._slots:
            table[slot - newest + _SLOTS - 1] = total if count == 1 else total / count
        return table

    def _rise(self, change: Floats, share: Floats, now_ns: int) -> None:
        """Remember since when the signs of pain have been there; a short pause does not count."""
        if sum(_signs(np.minimum(np.maximum(change, 0.0), INTENSITY_MAX), share)) < RISE_FROM:
            return
        if self._rise_ns is None or now_ns - self._signs_ns > PAUSE_S * NS_PER_S:
            self._rise_ns = now_ns
        self._signs_ns = now_ns

    def _begin_or_end(self, chance: float, filled: float, now_ns: int) -> None:
        if not self.running:
            if chance >= ON and filled * _SLOTS >= _FEWEST:
                self._onset_ns = now_ns if self._rise_ns is None else self._rise_ns
                self._low_ns = None
            return
        if chance >= OFF:
            self._low_ns = None
        elif self._low_ns is None:
            self._low_ns = now_ns
        elif now_ns - self._low_ns >= END_S * NS_PER_S:
            self._onset_ns = self._rise_ns = self._low_ns = None

    def _made_by(self, standing: Floats) -> tuple[tuple[str, float], ...]:
        if not self.running:
            return ()
        made = [(name, float(standing[k])) for name, k in zip(PAIN_UNITS, _PAIN, strict=True)]
        return tuple(sorted((one for one in made if one[1] >= MADE_FROM), key=lambda one: -one[1]))
