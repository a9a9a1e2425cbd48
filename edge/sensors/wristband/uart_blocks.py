"""From frames to sample blocks: unwrapped device time, and an account of what was lost."""

from __future__ import annotations

from dataclasses import dataclass

from edge.sensors.wristband.uart_frame import BandFrame, FrameType
from edge.types import Channel, SampleBlock

CHANNELS = {
    FrameType.PPG: Channel.PPG,
    FrameType.GSR: Channel.GSR_US,
    FrameType.ACC: Channel.ACC_G,
    FrameType.CONTACT: Channel.CONTACT,
    FrameType.BATTERY: Channel.BATTERY_PERCENT,
}
"""The channel of each frame type."""

US_PER_S = 1_000_000
AGREE_S = 0.5
"""Sequence number and device time tell the same gap when they agree within this; otherwise the band began anew. Half
a second is far more than rounding and rate error make in any gap that a 16-bit sequence can describe well."""

AGREE_SHARE = 0.02
"""The same, as a share of the gap: a band's rate is off by less than 2 %."""


@dataclass(slots=True)
class _Expected:
    """What the next frame of a type should bring."""

    sequence: int
    time_us: int


class BlockBuilder:
    """Turns the frames of one band into blocks.

    Frames that were overtaken or repeated become blocks with their own time all the same: the timeline drops what it
    has. Only frames that go forward move the account, so that nothing wrong can shift what comes later.

    Args:
        sensor: the band's name in the configuration.
    """

    def __init__(self, sensor: str) -> None:
        """Know nothing of the band's clock."""
        self._sensor = sensor
        self._time_us: int | None = None
        self._expected: dict[FrameType, _Expected] = {}
        self.lost_samples = 0
        self.late_frames = 0

    def block(self, frame: BandFrame, arrived_ns: int) -> SampleBlock:
        """The block of a frame that arrived at `arrived_ns`."""
        time_us = self._unwrap(frame.time_us)
        lost = self._account(frame, time_us)
        return SampleBlock(
            sensor=self._sensor,
            channel=CHANNELS[frame.type],
            values=frame.values,
            rate_hz=frame.rate_hz,
            arrived_ns=arrived_ns,
            device_s=time_us / US_PER_S,
            lost_before=lost,
        )

    def _unwrap(self, time_us: int) -> int:
        """Continue the 32-bit device time (it wraps every 71.6 minutes) to the nearest matching one."""
        if self._time_us is None:
            self._time_us = time_us
        self._time_us += _signed(time_us - self._time_us, 32)
        return self._time_us

    def _account(self, frame: BandFrame, time_us: int) -> int:
        """Samples lost before this frame."""
        expected = self._expected.get(frame.type)
        ahead = 0 if expected is None else _signed(frame.sequence - expected.sequence, 16)
        gap_s = 0.0 if expected is None else (time_us - expected.time_us) / US_PER_S
        told_s = ahead / frame.rate_hz if frame.rate_hz else gap_s
        restarted = abs(gap_s - told_s) > AGREE_S + AGREE_SHARE * abs(told_s)
        if ahead < 0 and not restarted:
            self.late_frames += 1
            return 0
        if restarted:
            self._expected.clear()
        count = len(frame.values)
        length_us = round(count / frame.rate_hz * US_PER_S) if frame.rate_hz else 0
        self._expected[frame.type] = _Expected(frame.sequence + count, time_us + length_us)
        lost = 0 if restarted else ahead
        self.lost_samples += lost
        return lost


def _signed(value: int, bits: int) -> int:
    """`value` modulo 2**bits, in -2**(bits-1) .. 2**(bits-1)-1 (serial number arithmetic, RFC 1982)."""
    half = 1 << (bits - 1)
    return (value + half) % (1 << bits) - half
