"""Which episodes of pain two bundles have in common."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.types import NS_PER_S

NEAR_S = 30.0
"""Episodes that do not overlap are the same one if the later begins so soon after the earlier has ended, seconds: the
condition delay (10 s) and the time to clear (20 s) of the default configuration together."""


@dataclass(slots=True)
class _Side:
    """One bundle: its episode of now, and when those ended that were alone and may still be met."""

    on: bool = False
    met: bool = False
    alone_ns: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Told:
    """What one tick has settled.

    Attributes:
        both: of the old and of the new bundle's episodes: so many are also the other's.
        alone: so many are not.
    """

    both: tuple[int, int] = (0, 0)
    alone: tuple[int, int] = (0, 0)


class Episodes:
    """Pairs the episodes of two bundles as they come; each is told once it is settled."""

    def __init__(self) -> None:
        """None so far."""
        self._sides = (_Side(), _Side())

    def step(self, old: bool, new: bool, now_ns: int) -> Told:
        """Take in one tick: whether pain would be on by either."""
        both, alone = [0, 0], [0, 0]
        for index, on in enumerate((old, new)):
            side, other = self._sides[index], self._sides[1 - index]
            if on and not side.on:
                side.met = self._meet(other, now_ns)
                both[1 - index] += side.met
            elif side.on and not on:
                both[index] += side.met
                side.alone_ns += [] if side.met else [now_ns]
            side.on = on
        for side in self._sides:
            side.met = side.on and (side.met or (old and new))
        for index, side in enumerate(self._sides):
            while side.alone_ns and now_ns - side.alone_ns[0] > NEAR_S * NS_PER_S:
                del side.alone_ns[0]
                alone[index] += 1
        return Told((both[0], both[1]), (alone[0], alone[1]))

    def finish(self) -> Told:
        """Settle what is open: the box stops, or the shadow run is over."""
        both = tuple(int(side.on and side.met) for side in self._sides)
        alone = tuple(int(side.on and not side.met) + len(side.alone_ns) for side in self._sides)
        self._sides = (_Side(), _Side())
        return Told((both[0], both[1]), (alone[0], alone[1]))

    @staticmethod
    def _meet(other: _Side, now_ns: int) -> bool:
        """Whether an episode that begins now follows one of the other that has just ended: the last one."""
        near = bool(other.alone_ns) and now_ns - other.alone_ns[-1] <= NEAR_S * NS_PER_S
        if near:
            del other.alone_ns[-1]
        return near
