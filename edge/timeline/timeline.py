"""Everything the wristbands said in the last minutes, on one clock."""

from __future__ import annotations

from edge.timeline.device_clock import BEATS, COUNTED, STAMPED, ClockKind, ClockReport
from edge.timeline.doubtful import Stamped
from edge.timeline.stamps import LARGEST_DEVICE_S, arrival_times, plausible, since_first, usable
from edge.timeline.stream import Stream
from edge.timeline.track import HISTORY_S, Track
from edge.types import NS_PER_S, Channel, SampleBlock, Window


class Timeline:
    """Bounded history of all channels of all wristbands.

    Times are settled when a block is placed (the first seconds after a device's clock began excepted); late blocks
    fill their gap, duplicates are dropped, samples that are not finite leave a gap. A block that contradicts its
    device's clock waits for a few seconds, until what follows tells a restart from data that was sent again. The wall
    clock plays no part.

    Args:
        least_delay_s: delay that every block of these bands has at least, seconds. It cannot be measured from one
            side; without it the samples lie late by that much.
    """

    def __init__(self, *, least_delay_s: float = 0.0) -> None:
        """Begin empty."""
        self._least_delay_s = least_delay_s
        self._sensors: dict[str, _Sensor] = {}

    def push(self, block: SampleBlock) -> None:
        """Place a block. Empty ones are ignored; damaged ones (`rejected`) too."""
        if not block.values.size:
            return
        if (state := self._sensors.get(block.sensor)) is None:
            state = self._sensors[block.sensor] = _Sensor(self._least_delay_s)
        state.push(block)

    def window(self, sensor: str, channel: Channel, end_ns: int, seconds: float) -> Window | None:
        """The samples measured in the `seconds` before `end_ns`, or None if that channel never arrived."""
        track = self._track(sensor, channel)
        return None if track is None else track.window(end_ns - round(seconds * NS_PER_S), end_ns)

    def newest_ns(self, sensor: str, channel: Channel) -> int | None:
        """When the newest sample of that channel was measured, or None if it never arrived."""
        track = self._track(sensor, channel)
        return None if track is None else track.ring.newest_ns

    def duplicates(self, sensor: str) -> int:
        """Samples of that band that were dropped because they were there already."""
        state = self._sensors.get(sensor)
        return 0 if state is None else sum(track.duplicates for track in state.tracks.values())

    def rejected(self, sensor: str) -> int:
        """Blocks of that band that were dropped because their times or their shape cannot be meant."""
        state = self._sensors.get(sensor)
        return 0 if state is None else state.rejected + sum(stream.rejected for stream in state.streams())

    def clock_report(self, sensor: str, channel: Channel | None = None) -> ClockReport | None:
        """Where that band's clock stands.

        Args:
            sensor: the band's name.
            channel: a channel without device times has a clock of its own (its count of samples).

        Returns:
            The state of the mapping, or None where nothing has arrived that it could rest on.
        """
        state = self._sensors.get(sensor)
        stream = None if state is None else state.stamped if channel is None else state.counted.get(channel)
        return None if stream is None else stream.clock.report()

    def _track(self, sensor: str, channel: Channel) -> Track | None:
        state = self._sensors.get(sensor)
        return None if state is None else state.tracks.get(channel)


class _Sensor:
    """All channels of one band. Those with device times share the device's clock; each other one counts its own."""

    def __init__(self, least_delay_s: float) -> None:
        self.tracks: dict[Channel, Track] = {}
        self.stamped = Stream(STAMPED, least_delay_s)
        self.counted: dict[Channel, Stream] = {}
        self.rejected = 0
        self._least_delay_s = least_delay_s
        self._counted_ns: dict[Channel, int] = {}

    def streams(self) -> list[Stream]:
        """All clocks of the band."""
        return [self.stamped, *self.counted.values()]

    def push(self, block: SampleBlock) -> None:
        """Find the block's clock."""
        track = self.tracks.get(block.channel)
        if not plausible(block) or not (track is None or track.accepts(block)):
            self.rejected += 1
            return
        if track is None:
            track = self.tracks[block.channel] = Track(block)
        if block.device_s is not None:
            first_ns = round(block.device_s * NS_PER_S)
            since = since_first(block, track.period.of(block, first_ns))
            self.stamped.push(Stamped(block, first_ns + since), track)
        elif block.rate_hz:
            self._push_counted(block, track)
        elif block.channel is Channel.IBI_S and block.values.ndim == 1:
            self._push_beats(block, track)
        else:
            track.add(block, arrival_times(block, track.ring.newest_ns))

    def _push_counted(self, block: SampleBlock, track: Track) -> None:
        """The count of samples, in seconds of the nominal rate, stands in for a device time."""
        lost = max(0, min(block.lost_before, round(HISTORY_S * block.rate_hz)))
        lost_ns, length_ns = (round(n / block.rate_hz * NS_PER_S) for n in (lost, len(block.values)))
        first_ns = self._count(block.channel, lost_ns, length_ns)
        self._own_stream(block.channel, COUNTED).push(Stamped(block, first_ns + since_first(block)), track)

    def _push_beats(self, block: SampleBlock, track: Track) -> None:
        """The sum of the intervals stands in for a device time, for as long as none is missing."""
        since, whole = since_first(block), usable(block)
        to_first_ns = round(float(block.values[0]) * NS_PER_S) if whole[0] else 0
        item = Stamped(block, self._count(block.channel, to_first_ns, int(since[-1])) + since)
        stream = self._own_stream(block.channel, BEATS)
        if whole.all() and not block.lost_before:
            stream.push(item, track)
        else:
            stream.cut(item, track)

    def _own_stream(self, channel: Channel, kind: ClockKind) -> Stream:
        """The clock of a channel without device times."""
        if (stream := self.counted.get(channel)) is None:
            stream = self.counted[channel] = Stream(kind, self._least_delay_s)
        return stream

    def _count(self, channel: Channel, before_ns: int, length_ns: int) -> int:
        """Where a block begins in the time that its channel has counted; wraps where a device's clock would."""
        first_ns = self._counted_ns.get(channel, 0) % round(LARGEST_DEVICE_S * NS_PER_S) + before_ns
        self._counted_ns[channel] = first_ns + length_ns
        return first_ns
