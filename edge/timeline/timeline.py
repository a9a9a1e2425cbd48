"""Everything the wristbands said in the last minutes, on one clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.timeline.device_clock import DeviceClock, Placement
from edge.timeline.ring import Ring, Times, Values
from edge.types import NS_PER_S, Channel, SampleBlock, Window

HISTORY_S = 180.0
"""Seconds kept per channel: three of the estimators' 60 s windows."""

IRREGULAR_CAPACITY = 720
"""Samples kept of a channel without a rate: 180 s of heart beats at 240 per minute."""

HOLD_S = 3.0
"""How long a single reading (heart rate, contact) counts as covering: the Heart Rate Service notifies about once per
second, so two may be missed."""

EARLIEST_NS = int(np.iinfo(np.int64).min)
"""Before every time: a backlog may have been measured before the box was switched on."""

CHAIN_S = 1.0
"""Inter-beat intervals continue from the last beat while that agrees with the arrival within this: the Heart Rate
Service notifies once per second, so a beat is up to a second old when it arrives."""

CHAIN_STEP_S = 0.01
"""Largest correction per beat towards the arrival meanwhile: about the resolution of a pulse-derived beat."""


class Timeline:
    """Bounded history of all channels of all wristbands.

    Times are settled when a block is pushed; late blocks fill their gap, duplicates are dropped, samples that are not
    finite leave a gap. The wall clock plays no part.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._sensors: dict[str, _Sensor] = {}

    def push(self, block: SampleBlock) -> None:
        """Place a block. Empty blocks are ignored."""
        if len(block.values):
            self._sensors.setdefault(block.sensor, _Sensor()).push(block)

    def window(self, sensor: str, channel: Channel, end_ns: int, seconds: float) -> Window | None:
        """The samples measured in the `seconds` before `end_ns`, or None if that channel never arrived."""
        track = self._track(sensor, channel)
        if track is None:
            return None
        start_ns = end_ns - round(seconds * NS_PER_S)
        times, values = track.ring.between(start_ns, end_ns)
        covered_s = _covered_s(channel, track.rate_hz, times, values, start_ns, end_ns)
        coverage = min(1.0, covered_s * NS_PER_S / max(1, end_ns - start_ns))
        return Window(channel, track.rate_hz, start_ns, end_ns, times, values, coverage)

    def newest_ns(self, sensor: str, channel: Channel) -> int | None:
        """When the newest sample of that channel was measured, or None if it never arrived."""
        track = self._track(sensor, channel)
        return None if track is None else track.ring.newest_ns

    def duplicates(self, sensor: str) -> int:
        """Samples of that band that were dropped because they were there already."""
        return (
            sum(track.duplicates for track in self._sensors[sensor].tracks.values()) if sensor in self._sensors else 0
        )

    def _track(self, sensor: str, channel: Channel) -> _Track | None:
        state = self._sensors.get(sensor)
        return None if state is None else state.tracks.get(channel)


@dataclass
class _Track:
    """One channel of one band."""

    rate_hz: float
    ring: Ring
    counter: DeviceClock = field(default_factory=lambda: DeviceClock(counts_only=True))
    counted: int = 0
    floor_ns: int | None = None
    duplicates: int = 0

    def follow(self, placement: Placement) -> None:
        """Apply what the device clock found out to what is held already."""
        if placement.restarted:
            self.floor_ns = self.ring.newest_ns
        elif placement.moved_ns:
            since_ns = EARLIEST_NS if self.floor_ns is None else self.floor_ns + 1
            self.ring.move_since(since_ns, placement.moved_ns)

    def add(self, times: Times, values: Values) -> None:
        """Keep what is new of these samples."""
        finite = np.isfinite(values) if values.ndim == 1 else np.isfinite(values).all(axis=1)
        times, values = times[finite], values[finite]
        if self.floor_ns is not None:  # a clock that began anew may not reach back into what was placed before
            times, values = times[times > self.floor_ns], values[times > self.floor_ns]
        if not len(times):
            return
        newest_ns = self.ring.newest_ns
        if newest_ns is None or times[0] > newest_ns:
            self.ring.append(times, values)
            return
        apart_ns = round(NS_PER_S / self.rate_hz / 2) if self.rate_hz else 1
        self.duplicates += len(times) - self.ring.merge(times, values, apart_ns)


class _Sensor:
    """All channels of one band; they share the device's clock."""

    def __init__(self) -> None:
        self.clock = DeviceClock()
        self.tracks: dict[Channel, _Track] = {}

    def push(self, block: SampleBlock) -> None:
        track = self.tracks.get(block.channel)
        if track is None or track.rate_hz != block.rate_hz:
            track = self.tracks[block.channel] = _new_track(block)
        if block.device_s is not None:
            first_ns = round(block.device_s * NS_PER_S)
            self._place(block, track, first_ns, self.clock, list(self.tracks.values()))
        elif block.rate_hz:
            track.counted += block.lost_before
            first_ns = round(track.counted / block.rate_hz * NS_PER_S)
            track.counted += len(block.values)
            self._place(block, track, first_ns, track.counter, [track])
        else:
            track.add(_arrival_times(block, track.ring.newest_ns), block.values)

    @staticmethod
    def _place(block: SampleBlock, track: _Track, first_ns: int, clock: DeviceClock, affected: list[_Track]) -> None:
        device_ns = first_ns + _since_first(block)
        placement = clock.place(int(device_ns[-1]), block.arrived_ns)
        for other in affected:
            other.follow(placement)
        track.add(device_ns + placement.offset_ns, block.values)


def _new_track(block: SampleBlock) -> _Track:
    capacity = math.ceil(HISTORY_S * block.rate_hz) if block.rate_hz else IRREGULAR_CAPACITY
    return _Track(block.rate_hz, Ring(max(capacity, 64), block.values.shape[1] if block.values.ndim == 2 else 0))


def _since_first(block: SampleBlock) -> NDArray[np.int64]:
    """Nanoseconds from the block's first sample to each of its samples."""
    count = len(block.values)
    if block.rate_hz:
        steps = np.arange(count, dtype=np.float64) * (NS_PER_S / block.rate_hz)
        return np.asarray(np.rint(steps), np.int64)
    if block.channel is Channel.IBI_S:
        later = np.cumsum(block.values[1:], dtype=np.float64)
        return np.concatenate((np.zeros(1, np.int64), np.asarray(np.rint(later * NS_PER_S), np.int64)))
    return np.arange(count, dtype=np.int64)  # readings without times of their own keep their order only


def _arrival_times(block: SampleBlock, newest_ns: int | None) -> Times:
    """Times of irregular samples that are known only by their arrival."""
    since = _since_first(block)
    first_ns = block.arrived_ns - int(since[-1])
    if newest_ns is None:
        return since + first_ns
    if block.channel is Channel.IBI_S and not block.lost_before:
        chained_ns = newest_ns + round(float(block.values[0]) * NS_PER_S)
        error_ns = first_ns - chained_ns
        if abs(error_ns) <= CHAIN_S * NS_PER_S:
            step_ns = round(CHAIN_STEP_S * NS_PER_S)
            return since + chained_ns + max(-step_ns, min(step_ns, error_ns))
    return since + max(first_ns, newest_ns + 1)


def _covered_s(channel: Channel, rate_hz: float, times: Times, values: Values, start_ns: int, end_ns: int) -> float:
    """Seconds of [start_ns, end_ns) that these samples account for."""
    if not len(times):
        return 0.0
    if rate_hz:
        return len(times) / rate_hz
    if channel is Channel.IBI_S:
        begins = times - np.rint(values.astype(np.float64) * NS_PER_S)
        return float(np.sum(times - np.maximum(begins, start_ns))) / NS_PER_S
    held = np.diff(np.append(times, end_ns)) / NS_PER_S
    return float(np.sum(np.minimum(held, HOLD_S)))
