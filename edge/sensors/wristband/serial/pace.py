"""Whether a band sends about as many samples as agreed.

A wrong rate would make every heart rate wrong by the same factor, so a band that keeps a wrong one is not listened to.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.errors import SensorError, SensorReason
from edge.types import NS_PER_S, Channel, SampleBlock

BACKLOG_S = 5.0
"""Samples that may come at once, in seconds of signal: what a radio holds back while it is disturbed. Ten times the
agreed rate is noticed after 0.6 s."""

FASTEST = 1.25
"""Most samples per agreed sample in the long run: far beyond the error of any crystal or timer loop."""

SLOWEST = 0.8
"""Fewest samples per agreed sample; losses that the band tells of are counted as sent."""

JUDGED_S = 20.0
"""Time over which too few are judged: a quarter of it may be lost to disturbances without being called slow."""

PAUSE_S = 1.0
"""A pause of the stream longer than this is an interruption, not a slow band: the judgement begins anew."""


@dataclass(slots=True)
class _Account:
    """One channel's samples since `begin_ns`, and the samples it may still send at once."""

    allowance: float
    begin_ns: int
    last_ns: int
    samples: int = 0


class Pace:
    """Follows one connection.

    Args:
        name: the band's name in the configuration.
    """

    def __init__(self, name: str) -> None:
        """Nothing has been received yet."""
        self._name = name
        self._accounts: dict[Channel, _Account] = {}

    def note(self, block: SampleBlock) -> None:
        """Take note of a block; channels without a rate are not judged.

        Raises:
            SensorError: WRONG_RATE, far more or far fewer samples than agreed keep coming.
        """
        if block.rate_hz <= 0.0:
            return
        now_ns = block.arrived_ns
        full = BACKLOG_S * block.rate_hz
        account = self._accounts.setdefault(block.channel, _Account(full, now_ns, now_ns))
        gap_s = (now_ns - account.last_ns) / NS_PER_S
        account.last_ns = now_ns
        account.allowance = min(full, account.allowance + gap_s * FASTEST * block.rate_hz) - len(block.values)
        if account.allowance < 0.0:
            raise self._wrong("more", block.rate_hz)
        if gap_s > PAUSE_S:
            account.begin_ns, account.samples = now_ns, 0
            return
        account.samples += len(block.values) + block.lost_before
        passed_s = (now_ns - account.begin_ns) / NS_PER_S
        if passed_s >= JUDGED_S:
            if account.samples < SLOWEST * passed_s * block.rate_hz:
                raise self._wrong("fewer", block.rate_hz)
            account.begin_ns, account.samples = now_ns, 0

    def _wrong(self, how: str, rate_hz: float) -> SensorError:
        return SensorError(
            SensorReason.WRONG_RATE,
            f"{self._name} keeps sending far {how} samples than {rate_hz:g} per second: correct `rate_hz`, or the "
            "program of the device",
        )
