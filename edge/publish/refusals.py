"""What the broker refuses (an access list, a quota): set aside for a while, and told once each."""

from __future__ import annotations

import logging

from edge.types import NS_PER_S

logger = logging.getLogger(__name__)

RETRY_S = 60.0
"""Rows that the broker refused are offered again after this, seconds."""


class Refusals:
    """Rows that are passed by; they stay in the outbox.

    Attributes:
        rows: their ids.
    """

    def __init__(self) -> None:
        """Nothing has been refused."""
        self.rows: set[int] = set()
        self._newest_ns = 0
        self._told: set[str] = set()

    def add(self, row_id: int, topic: str, refusal: str, now_ns: int) -> None:
        """Pass a row by for `RETRY_S`."""
        self.rows.add(row_id)
        self._newest_ns = now_ns
        self._tell(f"{topic}: {refusal}; it stays in the outbox")

    def passing(self, refusal: str) -> None:
        """A message that no outbox holds (a state, a copy) is lost; the next one will be offered."""
        self._tell(f"a state or a copy: {refusal}")

    def _tell(self, told: str) -> None:
        if told not in self._told:
            self._told.add(told)
            logger.error("the broker does not take %s: check the broker's ACL", told)

    def over(self, now_ns: int) -> bool:
        """Whether it is time to offer the rows again; they are no longer passed by then."""
        if not self.rows or now_ns - self._newest_ns < RETRY_S * NS_PER_S:
            return False
        self.rows.clear()
        return True
