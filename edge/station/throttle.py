"""Wrong passwords make the next try wait: per account and per address."""

from __future__ import annotations

from collections import OrderedDict

from edge.types import NS_PER_S

FREE_TRIES = 5
"""Wrong passwords before anybody waits: a nurse with cold fingers."""

FIRST_WAIT_S = 15.0
"""Wait after one more, seconds; doubled with each further one."""

LONGEST_WAIT_S = 900.0
"""Longest wait, seconds. A PIN of six digits then holds about ten years on average."""

_KEPT = 10_000
"""Names and addresses remembered."""


class Throttle:
    """Counts failures of keys (accounts, addresses)."""

    def __init__(self) -> None:
        """Nobody has failed."""
        self._failures: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def wait_s(self, keys: tuple[str, ...], now_ns: int) -> float:
        """How long these keys must wait before the next try, seconds; 0 where they need not."""
        return max((self._wait_s(key, now_ns) for key in keys), default=0.0)

    def fail(self, keys: tuple[str, ...], now_ns: int) -> None:
        """Note a wrong password."""
        for key in keys:
            count, _ = self._failures.pop(key, (0, 0))
            self._failures[key] = (count + 1, now_ns)
        while len(self._failures) > _KEPT:
            self._failures.popitem(last=False)

    def succeed(self, keys: tuple[str, ...]) -> None:
        """Forget the failures of these keys."""
        for key in keys:
            self._failures.pop(key, None)

    def _wait_s(self, key: str, now_ns: int) -> float:
        count, last_ns = self._failures.get(key, (0, 0))
        if count < FREE_TRIES:
            return 0.0
        wait_s: float = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(count - FREE_TRIES, 10))
        return max(0.0, wait_s - (now_ns - last_ns) / NS_PER_S)
