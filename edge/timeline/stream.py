"""The blocks that share one clock, on their way to their tracks."""

from __future__ import annotations

from edge.timeline.device_clock import STEP_S, ClockKind, DeviceClock, Placement
from edge.timeline.doubtful import Doubtful, Stamped
from edge.timeline.track import Track
from edge.types import NS_PER_S, Channel


class Stream:
    """One device clock, the tracks that it places, and the blocks that contradict it for the moment.

    Args:
        kind: what is expected of the clock.
        least_delay_s: delay that every block has at least.
    """

    def __init__(self, kind: ClockKind, least_delay_s: float) -> None:
        """Know nothing of the clock yet."""
        self.clock = DeviceClock(kind, least_delay_s)
        self.rejected = 0
        self._tracks: dict[Channel, Track] = {}
        self._doubtful = Doubtful()

    def push(self, item: Stamped, track: Track) -> None:
        """Place a block on its track, or let it wait until its clock is clear."""
        self._tracks[item.block.channel] = track
        if self.clock.trusts(item.last_ns, item.block.arrived_ns):
            self._release()
            self._follow(self.clock.take(item.last_ns, item.block.arrived_ns))
            self._place(item)
            return
        if not self._doubtful.continues(item):
            self._release()
        self._doubtful.add(item)
        if pace := self._doubtful.pace():
            self._begin_anew(pace)

    def cut(self, item: Stamped, track: Track) -> None:
        """Begin anew with a block: nothing tells how it continues the ones before."""
        self._tracks[item.block.channel] = track
        self._release()
        self._follow(self.clock.restart(item.last_ns, item.block.arrived_ns))
        self._place(item)

    def _begin_anew(self, pace: list[Stamped]) -> None:
        """The blocks in doubt keep the pace of time: they have a clock of their own, and it runs."""
        waited = self._doubtful.release()
        earliest = min(pace, key=lambda item: item.seen_ns)
        self._follow(self.clock.restart(earliest.last_ns, earliest.block.arrived_ns))
        for item in waited:
            if self.clock.trusts(item.last_ns, item.block.arrived_ns):
                self._follow(self.clock.take(item.last_ns, item.block.arrived_ns))
            self._place(item)

    def _release(self) -> None:
        """Trust the old clock: what waited was sent again, was held up, or is damaged."""
        for item in self._doubtful.release():
            self._place(item)

    def _place(self, item: Stamped) -> None:
        """Put the samples where the clock says; what would lie in the future is damaged."""
        times = self.clock.times(item.device_ns)
        if times[-1] - item.block.arrived_ns > STEP_S * NS_PER_S:
            self.rejected += 1
            return
        self._tracks[item.block.channel].add(item.block, times)

    def _follow(self, placement: Placement) -> None:
        if placement.restarted or placement.moved_ns:
            for track in self._tracks.values():
                track.follow(placement)
