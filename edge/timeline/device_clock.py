"""From a wristband's own clock to the box's monotonic clock.

A block cannot arrive before it was measured, so `arrival - device time` is the wanted offset plus a delay that is never
negative. The smallest such difference of the last minute is the best estimate there is without a two-way exchange
(the minimum filter of NTP's clock discipline, RFC 5905 section 10). Crystals drift and radios pause, so the estimate
follows slowly: what has been placed keeps its distances.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from edge.types import NS_PER_S

MEMORY_S = 60
"""Arrivals that the minimum is taken over, seconds. At 100 ppm (a poor crystal) the clocks part by 6 ms meanwhile,
less than one sample of a 128 Hz PPG; a radio is rarely congested for longer."""

SETTLE_S = 5.0
"""Time after a (re)start in which a smaller delay moves what was already placed: bands send a backlog right after
connecting, and no estimator speaks this early."""

SLEW = 0.002
"""Fastest correction once settled, seconds per second: four times the worst clock that Bluetooth LE allows
(500 ppm, Core 5.4 Vol 6 Part B 4.2.2), and only 0.2 % on an inter-beat interval."""

STEP_S = 1.0
"""Disagreement beyond this is not drift: the device's clock was set or its counter began anew."""

REORDER_S = 3.0
"""A block that goes back in device time and is later than this is taken as a restart, not as a late or repeated
block: BLE delivers in order, and no band repeats itself after so long."""


@dataclass(frozen=True, slots=True)
class Placement:
    """How to place one block.

    Attributes:
        offset_ns: add this to a device time to get box time.
        moved_ns: move everything placed since the last restart by this (0 once settled).
        restarted: the device clock began anew with this block.
    """

    offset_ns: int
    moved_ns: int = 0
    restarted: bool = False


class DeviceClock:
    """The running estimate for one device.

    Args:
        counts_only: True where "device time" is only the count of received samples, so that a pause in the stream
            shows as a late block and must become a gap at once.
    """

    def __init__(self, *, counts_only: bool = False) -> None:
        """Know nothing yet."""
        self._counts_only = counts_only
        self._offset_ns: int | None = None
        self._started_ns = 0
        self._updated_ns = 0
        self._newest_device_ns = 0
        self._minima: deque[tuple[int, int]] = deque()

    def place(self, last_device_ns: int, arrived_ns: int) -> Placement:
        """Take note of a block whose last sample has `last_device_ns` and which arrived at `arrived_ns`."""
        seen_ns = arrived_ns - last_device_ns
        if self._offset_ns is None or self._is_new(seen_ns - self._offset_ns, last_device_ns):
            return self._restart(seen_ns, last_device_ns, arrived_ns)
        self._newest_device_ns = max(self._newest_device_ns, last_device_ns)
        self._remember(arrived_ns, seen_ns)
        settling = arrived_ns - self._started_ns <= SETTLE_S * NS_PER_S
        target_ns = min(seen for _, seen in self._minima)
        error_ns = target_ns - self._offset_ns
        if error_ns > STEP_S * NS_PER_S:
            return self._restart(seen_ns, last_device_ns, arrived_ns)
        if settling and error_ns < 0:
            self._offset_ns = target_ns
            return Placement(target_ns, moved_ns=error_ns)
        limit_ns = round(max(0, arrived_ns - self._updated_ns) * SLEW)
        self._updated_ns = max(self._updated_ns, arrived_ns)
        self._offset_ns += max(-limit_ns, min(limit_ns, error_ns))
        return Placement(self._offset_ns)

    def _is_new(self, late_ns: int, last_device_ns: int) -> bool:
        if self._counts_only:
            return late_ns > STEP_S * NS_PER_S
        settled = self._updated_ns - self._started_ns > SETTLE_S * NS_PER_S
        went_back = last_device_ns <= self._newest_device_ns
        return (went_back and late_ns > REORDER_S * NS_PER_S) or (settled and late_ns < -STEP_S * NS_PER_S)

    def _restart(self, seen_ns: int, last_device_ns: int, arrived_ns: int) -> Placement:
        self._offset_ns = seen_ns
        self._started_ns = self._updated_ns = arrived_ns
        self._newest_device_ns = last_device_ns
        self._minima.clear()
        self._remember(arrived_ns, seen_ns)
        return Placement(seen_ns, restarted=True)

    def _remember(self, arrived_ns: int, seen_ns: int) -> None:
        """Keep the smallest difference of each second of the last minute: at most MEMORY_S + 1 entries."""
        second = arrived_ns // NS_PER_S
        if self._minima and self._minima[-1][0] >= second:
            last_second, smallest = self._minima[-1]
            self._minima[-1] = (last_second, min(smallest, seen_ns))
        else:
            self._minima.append((second, seen_ns))
        while self._minima[0][0] < second - MEMORY_S:
            self._minima.popleft()
