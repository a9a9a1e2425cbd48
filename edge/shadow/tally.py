"""The figures of a shadow run: how far two bundles agree, and what each would have raised."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.errors import BundleError, BundleReason
from edge.shadow.episodes import Told
from edge.types import NS_PER_S, Assessment, Condition, Priority, Verdict

BIN = 0.1
"""Width of the bins in which differences of the score are counted."""

_BINS = 101
"""Differences from 0.0 to 10.0."""

_DAY_S = 86_400.0

MOST_TICK_S = 15.0
"""A longer gap between two ticks (the box slept or was stopped) is not time that was watched; the longest tick that
can be configured is 10 s."""


class _Counted(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=False, use_attribute_docstrings=True)


class Burden(_Counted):
    """What one bundle would have raised."""

    episodes: dict[str, int] = Field(default_factory=dict)
    """Begun, by condition."""
    seconds: dict[str, float] = Field(default_factory=dict)
    """On, by condition."""
    pain: dict[str, int] = Field(default_factory=dict)
    """Ended or standing episodes of pain, by the highest priority that they had reached."""
    shared: int = 0
    """Episodes of pain that are also the other bundle's."""
    alone: int = 0
    """Episodes of pain that are not."""


class Cost(_Counted):
    """What the shadow took."""

    cpu_s: float = 0.0
    """Processor time of its estimators and fusion, seconds."""
    process_s: float = 0.0
    """Processor time of the whole daemon meanwhile, seconds."""
    wall_s: float = 0.0
    """Real time, seconds."""
    frames: int = 0
    """Pictures that the bundle in use has judged."""
    skipped: int = 0
    """Of those the shadow has not judged, to stay within its share or because it was busy."""
    late: int = 0
    """Ticks that came while the shadow was busy with an earlier one, and were left out."""


class Tally(_Counted):
    """Everything that is kept of a shadow run; it goes on over restarts of the box."""

    format: int = Field(default=1, ge=1, le=1)
    """Of this file."""
    old: str
    """The bundle in use."""
    new: str
    """The bundle beside it."""
    seconds: float = 0.0
    """Watched, seconds."""
    ticks: int = 0
    """Assessments compared."""
    verdicts: dict[str, int] = Field(default_factory=dict)
    """How often each pair of verdicts came: "calm/pain" is calm by the old, pain by the new."""
    old_sum: float = 0.0
    """Sum of the old scores where both have one; the next four are sums of new, of squares, and of products."""
    new_sum: float = 0.0
    """See `old_sum`."""
    old_squares: float = 0.0
    """See `old_sum`."""
    new_squares: float = 0.0
    """See `old_sum`."""
    products: float = 0.0
    """See `old_sum`."""
    differences: list[int] = Field(default_factory=lambda: [0] * _BINS, min_length=_BINS, max_length=_BINS)
    """Ticks by the size of the scores' difference, in tenths."""
    old_burden: Burden = Field(default_factory=Burden)
    """What the old would have raised."""
    new_burden: Burden = Field(default_factory=Burden)
    """What the new would have raised."""
    cost: Cost = Field(default_factory=Cost)
    """What it took."""

    def compare(self, old: Assessment, new: Assessment, elapsed_ns: int) -> None:
        """Count one tick."""
        passed_s = elapsed_ns / NS_PER_S
        self.seconds += passed_s if 0.0 <= passed_s <= MOST_TICK_S else 0.0
        self.ticks += 1
        _add(self.verdicts, f"{old.verdict}/{new.verdict}", 1)
        if old.score is None or new.score is None:
            return
        self.old_sum += old.score
        self.new_sum += new.score
        self.old_squares += old.score**2
        self.new_squares += new.score**2
        self.products += old.score * new.score
        self.differences[min(_BINS - 1, round(abs(new.score - old.score) / BIN))] += 1

    def settle(self, told: Told) -> None:
        """Count episodes of pain that are settled."""
        for burden, both, alone in zip((self.old_burden, self.new_burden), told.both, told.alone, strict=True):
            burden.shared += both
            burden.alone += alone

    @property
    def scored(self) -> int:
        """Ticks at which both had a score."""
        return sum(self.differences)

    @property
    def same_verdict(self) -> float | None:
        """Share of the ticks with one verdict, 0..1; None before the first."""
        same = sum(self.verdicts.get(f"{verdict}/{verdict}", 0) for verdict in Verdict)
        return same / self.ticks if self.ticks else None

    @property
    def bias(self) -> float | None:
        """Mean of new score minus old; None without one."""
        return (self.new_sum - self.old_sum) / self.scored if self.scored else None

    @property
    def correlation(self) -> float | None:
        """Pearson's r of the scores; None where one of them never moved."""
        n = self.scored
        old = self.old_squares - self.old_sum**2 / n if n else 0.0
        new = self.new_squares - self.new_sum**2 / n if n else 0.0
        if min(old, new) <= 1e-9 * max(n, 1):
            return None
        return (self.products - self.old_sum * self.new_sum / n) / math.sqrt(old * new)

    def difference(self, share: float) -> float | None:
        """The difference of the scores that this share of the ticks does not exceed, to a tenth; None without one."""
        wanted, counted = share * self.scored, 0
        for index, count in enumerate(self.differences):
            counted += count
            if count and counted >= wanted:
                return round(index * BIN, 1)
        return None

    def per_day(self, count: float) -> float:
        """A count as it would be in a day."""
        return count * _DAY_S / self.seconds if self.seconds > 0 else 0.0

    @classmethod
    def read(cls, path: Path) -> Tally:
        """Take it up.

        Raises:
            BundleError: MISSING: there is none; FORMAT: it cannot be read.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise BundleError(BundleReason.MISSING, f"there is no report {path.name} yet") from None
        except (OSError, ValidationError) as error:
            raise BundleError(BundleReason.FORMAT, f"{path} cannot be read: {error}") from error


class Counter:
    """Counts what one bundle would raise, tick by tick.

    Args:
        burden: where to count.
    """

    def __init__(self, burden: Burden) -> None:
        """Nothing is on."""
        self._burden = burden
        self._on: dict[Condition, Priority] = {}

    def step(self, on: Mapping[Condition, Priority], elapsed_ns: int) -> None:
        """Take in one tick: what would be on, and the time since the tick before."""
        for condition, priority in on.items():
            if condition not in self._on:
                _add(self._burden.episodes, condition, 1)
            elif elapsed_ns <= MOST_TICK_S * NS_PER_S:
                seconds = self._burden.seconds
                seconds[condition] = seconds.get(condition, 0.0) + elapsed_ns / NS_PER_S
            before = self._on.get(condition)
            if condition is Condition.PAIN and before is not priority:
                if before is not None:
                    _add(self._burden.pain, before, -1)
                _add(self._burden.pain, priority, 1)
        self._on = dict(on)


def _add(counts: dict[str, int], key: str, count: int) -> None:
    counts[key] = counts.get(key, 0) + count


def conditions(*burdens: Burden) -> Iterator[Condition]:
    """Every condition that one of them has seen."""
    yield from (one for one in Condition if any(one in burden.episodes for burden in burdens))
