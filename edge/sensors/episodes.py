"""A trouble that comes and goes, in few lines of log.

The first few episodes of an hour are told in full, one line when the trouble begins and one when it ends. What flaps
beyond that is counted, and told as one line per ten minutes: a band that drops out a hundred times an hour costs
about a dozen lines, and none of its outages goes unmentioned.
"""

from __future__ import annotations

import logging
from collections import deque

from edge.types import NS_PER_S

FULL_PER_HOUR = 3
"""Episodes per hour that are told in full: as often as a nurse may take a band off in an hour of care; more is a
fault of the radio, and its pattern says more than its members."""

SUMMARY_S = 600.0
"""Time between two summaries of a trouble that flaps: six lines an hour."""

_HOUR_NS = 3600 * NS_PER_S


class Episodes:
    """The episodes of one trouble of one sensor.

    Args:
        log: where the lines go.
        sensor: name of the sensor, first word of every line.
        what: the trouble in a summary, after a number: "outages".
    """

    def __init__(self, log: logging.Logger, sensor: str, what: str) -> None:
        """Nothing has happened yet."""
        self._log = log
        self._sensor = sensor
        self._what = what
        self._full: deque[int] = deque()
        self._begun_ns: int | None = None
        self._told = False
        self._untold = 0
        self._untold_ns = 0
        self._last = ""
        self._summary_ns = 0
        self.total = 0

    @property
    def going_on(self) -> bool:
        """Whether an episode has begun and not ended."""
        return self._begun_ns is not None

    def begin(self, now_ns: int, text: str, level: int = logging.WARNING) -> None:
        """An episode begins; nothing happens if one is going on."""
        if self._begun_ns is not None:
            return
        while self._full and now_ns - self._full[0] >= _HOUR_NS:
            self._full.popleft()
        self._told = len(self._full) < FULL_PER_HOUR
        if self._told:
            self.tell(now_ns)
            self._full.append(now_ns)
            self._log.log(level, "%s: %s", self._sensor, text)
        else:
            if not self._untold:
                self._summary_ns = now_ns + round(SUMMARY_S * NS_PER_S)
            self._untold += 1
        self.total += 1
        self._begun_ns, self._last = now_ns, text

    def end(self, now_ns: int, text: str) -> None:
        """The episode is over; nothing happens if there was none."""
        if self._begun_ns is None:
            return
        begun_ns, self._begun_ns = self._begun_ns, None
        if self._told:
            self._log.info("%s: %s", self._sensor, text)
        else:
            self._untold_ns += now_ns - begun_ns

    def pulse(self, now_ns: int) -> None:
        """Tell the summary if it is due. Call it whenever something happens at the sensor."""
        if self._untold and now_ns >= self._summary_ns:
            self.tell(now_ns)

    def tell(self, now_ns: int) -> None:
        """Tell what was only counted so far."""
        if not self._untold:
            return
        present = self._begun_ns is not None and not self._told
        lasted_ns = self._untold_ns + (now_ns - self._begun_ns if present and self._begun_ns is not None else 0)
        self._log.warning(
            "%s: %d more %s, %.0f s in all, lastly: %s%s",
            self._sensor,
            self._untold,
            self._what,
            lasted_ns / NS_PER_S,
            self._last,
            " (going on)" if present else "",
        )
        self._untold = self._untold_ns = 0
        # The present episode has been told by this line; its end gets a line of its own.
        self._told = self._told or present
