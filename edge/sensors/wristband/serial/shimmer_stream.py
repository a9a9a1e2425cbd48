"""Finds a Shimmer3's data packets, and what it says between them, in a byte stream that may be cut or damaged."""

from __future__ import annotations

from collections.abc import Iterator

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.serial.shimmer_packets import (
    STAMP_BYTES,
    TICKS_PER_S,
    TURN,
    BatteryReading,
    Layout,
    Op,
    Packet,
    decode_packet,
)

OFF_PERIODS = 0.25
"""A packet's counter may be off whole sampling periods by this. In the vendor's own recording (1,482 packets) it is
never off by a single count; the rest is for firmware that reads the counter late."""

LONGEST_GAP_S = 60.0
"""A gap longer than this is believed only with a second packet behind it, as a packet after a restart is."""

_TOLD_SIZES = {Op.BATTERY_RESPONSE: 5, Op.STATUS_RESPONSE: 3}
"""Bytes of what may stand between packets, with the two that announce it."""


class PacketSplitter:
    """Finds packets. Whatever is wrong costs only the bytes that are wrong.

    A packet that does not follow from the last one (the first, one after damage, one after a restart of the clock) is
    believed when another follows from it; at most two packets' bytes stay held for this. One `DecodeError` is handed
    out per damaged stretch.

    Args:
        layout: how the packets are built.
    """

    def __init__(self, layout: Layout) -> None:
        """Wait for a first packet."""
        self._layout = layout
        self._held = bytearray()
        self._last: int | None = None
        self._in_step = True

    def feed(self, data: bytes) -> Iterator[Packet | BatteryReading | DecodeError]:
        """Take some bytes; yield what they complete."""
        self._held += data
        begin = 0
        while begin < len(self._held):
            if not self._in_step:
                begin = self._start(begin)
                if len(self._held) - begin < 2 * self._layout.size:
                    break
            try:
                found, size = self._found(begin)
            except DecodeError as error:
                if error.reason is DecodeReason.SHORT:
                    break
                begin += 1
                if self._in_step:
                    self._in_step = False
                    yield error
                continue
            begin += size
            self._in_step = True
            if found is not None:
                yield found
        del self._held[:begin]

    def _found(self, begin: int) -> tuple[Packet | BatteryReading | None, int]:
        """What stands at a place, and its length.

        Raises:
            DecodeError: SHORT while it is incomplete; anything else if nothing true begins here.
        """
        if self._held[begin] == Op.DATA:
            packet = self._packet(begin)
            repeated = packet.ticks == self._last
            self._last = packet.ticks
            return None if repeated else packet, self._layout.size
        if self._held[begin] == Op.ACK:
            return None, 1
        return self._told(begin)

    def _start(self, begin: int) -> int:
        """The first place where two packets may stand in a row, or from where on there are too few bytes to say.

        Between damaged bytes nothing but that can be told from chance.
        """
        size = self._layout.size
        while True:
            begin = self._held.find(Op.DATA, begin)
            if begin < 0:
                return len(self._held)
            after = begin + size
            if len(self._held) - after < size or (
                self._held[after] == Op.DATA and self._follows(self._ticks(begin), self._ticks(after))
            ):
                return begin
            begin += 1

    def _ticks(self, begin: int) -> int:
        return int.from_bytes(self._held[begin + 1 : begin + 1 + STAMP_BYTES], "little")

    def _packet(self, begin: int) -> Packet:
        packet = self._at(begin)
        if self._last is not None and self._follows(self._last, packet.ticks):
            return packet
        after = self._at(self._next_packet(begin + self._layout.size))
        if not self._follows(packet.ticks, after.ticks):
            raise DecodeError(DecodeReason.VALUE, f"a packet's counter of {packet.ticks} follows from nothing")
        return packet

    def _next_packet(self, begin: int) -> int:
        """Where the next packet must begin: behind what may stand between two."""
        while begin < len(self._held) and self._held[begin] != Op.DATA:
            begin += 1 if self._held[begin] == Op.ACK else self._told(begin)[1]
        return begin

    def _at(self, begin: int) -> Packet:
        return decode_packet(bytes(self._held[begin : begin + self._layout.size]), self._layout)

    def _follows(self, before: int, ticks: int) -> bool:
        """Whether a counter is whole sampling periods after another."""
        passed = (ticks - before) % TURN
        periods = passed / self._layout.period_ticks
        return (
            round(periods) >= 1
            and passed <= LONGEST_GAP_S * TICKS_PER_S
            and abs(periods - round(periods)) <= OFF_PERIODS
        )

    def _told(self, begin: int) -> tuple[BatteryReading | None, int]:
        head = self._held[begin : begin + 2]
        if head[0] != Op.IN_STREAM:
            raise DecodeError(DecodeReason.HEADER, f"0x{head[0]:02X} begins nothing that is known")
        if len(head) < 2:
            raise DecodeError(DecodeReason.SHORT, "1 byte of a message")
        size = next((size for op, size in _TOLD_SIZES.items() if op == head[1]), None)
        if size is None:
            raise DecodeError(DecodeReason.TYPE, f"an unknown message 0x{head[1]:02X}")
        if len(self._held) - begin < size:
            raise DecodeError(DecodeReason.SHORT, f"{len(self._held) - begin} of {size} bytes of a message")
        if head[1] != Op.BATTERY_RESPONSE:
            return None, size
        return BatteryReading(int.from_bytes(self._held[begin + 2 : begin + 4], "little"), self._held[begin + 4]), size
