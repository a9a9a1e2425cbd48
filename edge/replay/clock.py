"""The clock and the numbers of a replay: every moment is one of the recording."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

from edge.clock import Instant
from edge.store import Store
from edge.types import Alert

P = ParamSpec("P")
T = TypeVar("T")

_FOREIGN_NUMBER = 1_000_000_000
"""Alerts that the recording does not have are numbered from here: above all that a box can have used."""


class ReplayClock:
    """Stands where the replay has put it; work in threads is done at once.

    Args:
        start: of the session.
    """

    def __init__(self, start: Instant) -> None:
        """Stand at the start."""
        self._start = start
        self._now_ns = start.mono_ns
        self._stamp: Instant | None = start

    def move(self, now_ns: int) -> None:
        """Stand at a moment of the recording."""
        self._now_ns = now_ns

    def stamp(self, alerts: Iterable[Alert]) -> None:
        """Have the next transitions made at the moment at which these were; without any, at the present one."""
        first = next(iter(alerts), None)
        self._stamp = None if first is None else Instant(first.boot_id, first.at_ns, first.wall_ms, first.synced)

    @property
    def boot_id(self) -> str:
        """The boot of the recording."""
        return self._start.boot_id

    def now_ns(self) -> int:
        """Monotonic nanoseconds of the recording."""
        return self._now_ns

    def instant(self) -> Instant:
        """The recorded moment of a transition where there was one; else the present with the wall time of the start."""
        if self._stamp is not None:
            return self._stamp
        passed_ms = (self._now_ns - self._start.mono_ns) // 1_000_000
        return Instant(self._start.boot_id, self._now_ns, self._start.wall_ms + passed_ms, self._start.synced)

    async def sleep(self, seconds: float) -> None:
        """Nothing waits in a replay."""

    async def sleep_until(self, mono_ns: int) -> None:
        """Nothing waits in a replay."""

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Time stands anyway."""
        yield

    async def in_thread(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call it here and now: nothing may come in between."""
        return function(*args, **kwargs)


class ReplayStore(Store):
    """A store that hands out the recorded numbers. Open it in memory: a replay leaves nothing behind."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """No number is known yet."""
        super().__init__(path, connection)
        self._numbers: deque[int] = deque()

    def expect(self, alerts: Iterable[Alert]) -> None:
        """Number the next transitions like these."""
        self._numbers = deque(alert.seq for alert in alerts)

    def take_number(self) -> int:
        """The recorded number, or one that no box has used."""
        return self._numbers.popleft() if self._numbers else _FOREIGN_NUMBER + super().take_number()
