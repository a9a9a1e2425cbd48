"""How much of each channel arrives, against what it declares: a stall that is no silence.

A band at the edge of its reach delivers a fifth of its samples and never falls silent; a sensor whose PPG has died goes
on sending acceleration. Both are seen here, per channel and from counts alone, so that nothing depends on how a band
bundles its samples.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from edge.types import NS_PER_S

JUDGE_S = 10.0
"""Seconds over which a rate is judged: a burst of interference is over in less, and the estimators judge ten seconds
of pulse at a time."""

COVER_S = 60.0
"""Seconds over which coverage is told: the estimators' window."""

PARTIAL_BELOW, WHOLE_FROM = 0.5, 0.65
"""Share of the declared samples below which a channel is partial, and from which it is whole again. With less than half
of its samples a second has quality 0 (`edge.biosignal.stream`); the gap between the two keeps a channel at the edge
from flapping."""

BLOCKS = 4
"""Blocks that must fit into the time of judging, or be missing before a channel is silent: with four, one block that
falls to either side of the edge moves the share by a quarter."""


class Lack(StrEnum):
    """What is wrong with a channel."""

    PARTIAL = "partial"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class ChannelRate:
    """The figures of one channel.

    Attributes:
        declared_hz: its nominal rate; 0 where it has none.
        measured_hz: samples per second in the newest `JUDGE_S`; None before a whole second has passed.
        coverage: share of the declared samples of the newest minute that arrived, 0..1; None without a rate.
        samples, lost: since the start of the program; lost as far as the protocol tells.
    """

    declared_hz: float
    measured_hz: float | None
    coverage: float | None
    samples: int
    lost: int


@dataclass(slots=True)
class _Channel:
    """Counts of one channel: one bin per second of the newest minute."""

    rate_hz: float
    first_ns: int
    newest_ns: int
    block_s: float = 0.0
    samples: int = 0
    lost: int = 0
    lack: Lack | None = None
    bins: deque[tuple[int, int]] = field(default_factory=deque[tuple[int, int]])

    def count(self, samples: int, now_ns: int) -> None:
        second = now_ns // NS_PER_S
        if self.bins and self.bins[-1][0] == second:
            self.bins[-1] = (second, self.bins[-1][1] + samples)
        else:
            self.bins.append((second, samples))
        while self.bins[0][0] < second - COVER_S:
            self.bins.popleft()

    def arrived(self, seconds: int, now_ns: int) -> int:
        """Samples of the newest whole seconds; the second that is under way does not count."""
        end = now_ns // NS_PER_S
        total = 0
        for second, samples in reversed(self.bins):
            if second < end - seconds:
                break
            total += samples if second < end else 0
        return total

    def span_s(self, now_ns: int, longest_s: float) -> int:
        """Whole seconds of this connection that can be judged, at most `longest_s`."""
        begun_s = now_ns // NS_PER_S - -(-self.first_ns // NS_PER_S)
        return int(min(longest_s, max(0, begun_s)))


class Flow:
    """The channels of one sensor.

    What has been seen of a sensor once is expected of it ever after: a channel that does not come back after a
    reconnection is silent.

    Args:
        silence_s: silence of a channel that is no fault yet; at least `BLOCKS` of its own blocks are waited for.
        partial_below, whole_from: shares of the declared samples below which a channel is partial, and whole again.
    """

    def __init__(
        self, silence_s: float, *, partial_below: float = PARTIAL_BELOW, whole_from: float = WHOLE_FROM
    ) -> None:
        """Nothing has arrived yet."""
        self._silence_s = silence_s
        self._partial_below = partial_below
        self._whole_from = whole_from
        self._channels: dict[str, _Channel] = {}

    def push(self, channel: str, samples: int, rate_hz: float, now_ns: int, lost: int = 0) -> None:
        """Count a block (for a camera: a picture) of `samples` that has just arrived.

        Args:
            channel: a `Channel`, or any other name.
            samples: samples in it.
            rate_hz: the rate that it declares; 0 for none, and then it is only counted.
            now_ns: monotonic time.
            lost: samples known to be missing before it.
        """
        held = self._channels.get(channel)
        if held is None:
            held = self._channels[channel] = _Channel(rate_hz, now_ns, now_ns)
        elif held.rate_hz != rate_hz:
            held.rate_hz, held.first_ns, held.lack = rate_hz, now_ns, None
            held.bins.clear()
        held.newest_ns = now_ns
        held.samples += samples
        held.lost += lost
        held.block_s = samples / rate_hz if rate_hz else 0.0
        held.count(samples, now_ns)

    def connected(self, now_ns: int) -> None:
        """A new connection has begun to send: judge from here on."""
        for held in self._channels.values():
            held.first_ns = held.newest_ns = now_ns
            held.lack = None
            held.bins.clear()

    def lacks(self, now_ns: int) -> dict[str, Lack]:
        """The channels that are not whole, and how. Call it while the sensor streams."""
        for held in self._channels.values():
            if held.rate_hz:
                held.lack = self._judge(held, now_ns)
        return {name: held.lack for name, held in self._channels.items() if held.lack is not None}

    def declared(self) -> frozenset[str]:
        """The channels that declare a rate."""
        return frozenset(name for name, held in self._channels.items() if held.rate_hz)

    def newest_ns(self, channel: str) -> int | None:
        """When that channel last arrived; None if it never did."""
        held = self._channels.get(channel)
        return None if held is None else held.newest_ns

    def rates(self, now_ns: int) -> dict[str, ChannelRate]:
        """The figures of every channel that ever arrived."""
        return {name: _figures(held, now_ns) for name, held in self._channels.items()}

    def _judge(self, held: _Channel, now_ns: int) -> Lack | None:
        if now_ns - held.newest_ns > max(self._silence_s, BLOCKS * held.block_s) * NS_PER_S:
            return Lack.SILENT
        wanted_s = min(COVER_S, max(JUDGE_S, BLOCKS * held.block_s))
        seconds = held.span_s(now_ns, wanted_s)
        if seconds < int(wanted_s):
            return held.lack
        share = held.arrived(seconds, now_ns) / (held.rate_hz * seconds)
        enough = self._partial_below if held.lack is None else self._whole_from
        return None if share >= enough else Lack.PARTIAL


def _figures(held: _Channel, now_ns: int) -> ChannelRate:
    seconds = held.span_s(now_ns, JUDGE_S)
    measured_hz = held.arrived(seconds, now_ns) / seconds if seconds else None
    coverage: float | None = None
    span_s = held.span_s(now_ns, COVER_S)
    if held.rate_hz and span_s:
        coverage = min(1.0, held.arrived(span_s, now_ns) / (held.rate_hz * span_s))
    return ChannelRate(held.rate_hz, measured_hz, coverage, held.samples, held.lost)
