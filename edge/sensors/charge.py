"""The charge of a band: low, and no longer low."""

from __future__ import annotations

import math

from edge.types import Channel, SampleBlock

LOW_PERCENT, ENOUGH_PERCENT = 15.0, 20.0
"""Charge at and below which a band is low, and from which it no longer is. These are Android's figures for its own
low-battery warning (15 %, taken back 5 points higher), so phones and bands warn alike; of a band that runs for a day
15 % is more than three hours, time enough within a nurse's shift. The gap outlasts the wobble of a voltage gauge."""


class ChargeMonitor:
    """Follows the battery readings of one band. A band that tells none is never low."""

    def __init__(self) -> None:
        """No reading yet."""
        self.percent: float | None = None
        self.low = False

    def push(self, block: SampleBlock) -> None:
        """Take in a block; only readings of the battery count, and only possible ones."""
        if block.channel is not Channel.BATTERY_PERCENT or not len(block.values):
            return
        percent = float(block.values[-1])
        if not math.isfinite(percent) or not 0.0 <= percent <= 100.0:
            return
        self.percent = percent
        self.low = percent <= LOW_PERCENT if not self.low else percent < ENOUGH_PERCENT
