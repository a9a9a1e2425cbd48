"""Blocks of a regular channel whose packets tell when their *last* sample was taken, and no running number."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge.types import Channel, SampleBlock

AGREE = 0.03
"""A rate is the declared one when time stamps say so within this share. Stamps in whole milliseconds and packets of a
few samples make an error of 1 to 2 %, crystals far less; the rates that sensors choose from lie 20 % and more apart."""

MOST_HELD = 6
"""Packets that are held back while the rate is not settled: less than a second or two of any band."""

LONGEST_GAP_S = 600.0
"""Samples missing for longer than ten minutes are not counted: the device was off, or its clock was set."""

SLOWEST_HZ, FASTEST_HZ = 1.0, 1000.0
"""Rates outside are no band's: stamps that say so are damaged, and memory is kept for as many samples as rates say."""


@dataclass(frozen=True, slots=True, eq=False)
class _Packet:
    values: NDArray[np.float32]
    last_s: float
    arrived_ns: int


class StampedChannel:
    """One channel of one band.

    Firmware has been seen to declare another rate than it samples with (Polar's list of known issues: 130 for 135 Hz,
    135 for 55 Hz), and a wrong rate makes a wrong heart rate. So the first packets are held back until two of them
    bear the declared rate out, or three agree on another.

    Args:
        sensor: the band's name in the configuration.
        channel: what it measures.
        rate_hz: the declared rate.
    """

    def __init__(self, sensor: str, channel: Channel, rate_hz: float) -> None:
        """Nothing has been received yet."""
        self.rate_hz = rate_hz
        self.settled = False
        self._sensor = sensor
        self._channel = channel
        self._held: list[_Packet] = []
        self._last_s: float | None = None

    def blocks(self, values: NDArray[np.float32], last_s: float, arrived_ns: int) -> list[SampleBlock]:
        """The blocks that are certain with this packet; none while the rate is not.

        Args:
            values: (n,) or (n, 3), n at least 1.
            last_s: device time of the last of them, seconds.
            arrived_ns: monotonic time of arrival.
        """
        self._held.append(_Packet(values, last_s, arrived_ns))
        if not self.settled:
            self._settle()
        if not self.settled:
            return []
        packets, self._held = self._held, []
        return [self._block(packet) for packet in packets]

    def _settle(self) -> None:
        measured = [
            len(new.values) / (new.last_s - old.last_s) for old, new in pairwise(self._held) if new.last_s > old.last_s
        ]
        rates = [rate for rate in measured if SLOWEST_HZ <= rate <= FASTEST_HZ]
        if any(abs(rate / self.rate_hz - 1.0) <= AGREE for rate in rates):
            self.settled = True
        elif len(rates) >= 2 and abs(rates[-1] / rates[-2] - 1.0) <= AGREE:
            self.rate_hz = float(round((rates[-1] + rates[-2]) / 2))
            self.settled = True
        elif len(self._held) >= MOST_HELD:
            self.settled = True  # these stamps bear nothing out: what was declared is the best there is

    def _block(self, packet: _Packet) -> SampleBlock:
        count = len(packet.values)
        lost = 0
        if self._last_s is not None:
            passed_s = packet.last_s - self._last_s
            missing = round(passed_s * self.rate_hz) - count
            # A packet's own length is uncertain by the rate's error; less than that is no loss.
            lost = missing if missing > AGREE * count and passed_s <= LONGEST_GAP_S else 0
        self._last_s = packet.last_s
        first_s = packet.last_s - (count - 1) / self.rate_hz
        return SampleBlock(self._sensor, self._channel, packet.values, self.rate_hz, packet.arrived_ns, first_s, lost)
