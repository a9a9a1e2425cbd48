"""The bytes of a Shimmer3: commands, answers, and the stream of data packets. Reference encoders and decoders.

Source: Shimmer's published firmware documentation (LogAndStream for Shimmer3). Numbers are little-endian. A data packet
is a zero byte, a 24-bit counter at 32768 Hz, and one 16-bit word per channel in the order that the inquiry tells. It
carries no checksum, so a packet is believed when it stands where one must stand: its counter follows the one before by
whole sampling periods, and bits that a 12-bit converter cannot set are not set.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from edge.errors import DecodeError, DecodeReason

TICKS_PER_S = 32768
"""Rate of the Shimmer's clock."""

STAMP_BYTES = 3
"""Bytes of a packet's counter."""

TURN = 1 << (8 * STAMP_BYTES)
"""Counts after which the counter begins at zero again: 512 s."""

MAX_CHANNELS = 64
"""More channels than this no Shimmer3 has; the count bounds an answer's length."""


class Op(IntEnum):
    """Commands and answers, as far as they are used here."""

    DATA = 0x00
    INQUIRY = 0x01
    INQUIRY_RESPONSE = 0x02
    SET_SAMPLING_RATE = 0x05
    START_STREAMING = 0x07
    SET_SENSORS = 0x08
    ACCEL_CALIBRATION_RESPONSE = 0x12
    GET_ACCEL_CALIBRATION = 0x13
    STOP_STREAMING = 0x20
    SET_GSR_RANGE = 0x21
    DEVICE_VERSION_RESPONSE = 0x25
    GET_FIRMWARE_VERSION = 0x2E
    FIRMWARE_VERSION_RESPONSE = 0x2F
    GET_DEVICE_VERSION = 0x3F
    SET_EXPANSION_POWER = 0x5E
    STATUS_RESPONSE = 0x71
    IN_STREAM = 0x8A
    BATTERY_RESPONSE = 0x94
    GET_BATTERY = 0x95
    NACK = 0xFE
    ACK = 0xFF


class ChannelId(IntEnum):
    """What a word of a data packet holds."""

    ACCEL_X = 0x00
    ACCEL_Y = 0x01
    ACCEL_Z = 0x02
    BATTERY = 0x03
    PPG = 0x12
    """Internal converter channel 13, where the GSR+ board has its optical probe."""
    GSR = 0x1C


USABLE_BITS = {
    ChannelId.ACCEL_X: 0x0FFF,
    ChannelId.ACCEL_Y: 0x0FFF,
    ChannelId.ACCEL_Z: 0x0FFF,
    ChannelId.BATTERY: 0x0FFF,
    ChannelId.PPG: 0x0FFF,
    ChannelId.GSR: 0xCFFF,
}
"""Bits that each channel's word can have: a 12-bit reading, and above it the range of the skin conductance."""


class SensorBit(IntEnum):
    """Bits of the 24-bit mask of SET_SENSORS."""

    GSR = 0x000004
    ACCEL = 0x000080
    PPG = 0x000100


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What a Shimmer says of its configuration.

    Attributes:
        period_ticks: sampling period in counts of its clock.
        channels: what the words of a packet hold, in order.
        config: its four configuration bytes.
        buffered: packets that it sends at once.
    """

    period_ticks: int
    channels: tuple[ChannelId, ...]
    config: int = 0
    buffered: int = 1


@dataclass(frozen=True, slots=True)
class Firmware:
    """A firmware's kind (1 BtStream, 3 LogAndStream) and version."""

    kind: int
    version: tuple[int, int, int]

    @property
    def counts_in_three_bytes(self) -> bool:
        """Whether a packet's counter has three bytes: since LogAndStream 0.5.4 and BtStream 0.7.3."""
        return self.version >= {1: (0, 7, 3), 3: (0, 5, 4)}.get(self.kind, (0, 0, 0))


_INQUIRY = struct.Struct("<HIBB")
_FIRMWARE = struct.Struct("<HHBB")
INQUIRY_HEAD = _INQUIRY.size
"""Bytes of an inquiry's answer before the channels; the one before the last counts them."""
FIRMWARE_SIZE = _FIRMWARE.size


def encode_inquiry(inquiry: Inquiry) -> bytes:
    """The payload of INQUIRY_RESPONSE."""
    head = _INQUIRY.pack(inquiry.period_ticks, inquiry.config, len(inquiry.channels), inquiry.buffered)
    return head + bytes(inquiry.channels)


def decode_inquiry(payload: bytes) -> Inquiry:
    """What INQUIRY_RESPONSE says.

    Raises:
        DecodeError: SHORT, LONG, TYPE (a channel that was not asked for) or VALUE (no sampling period).
    """
    if len(payload) < INQUIRY_HEAD:
        raise DecodeError(DecodeReason.SHORT, f"{len(payload)} of {INQUIRY_HEAD} bytes of an inquiry")
    period_ticks, config, count, buffered = _INQUIRY.unpack_from(payload)
    channels = payload[INQUIRY_HEAD:]
    if len(channels) != count:
        reason = DecodeReason.SHORT if len(channels) < count else DecodeReason.LONG
        raise DecodeError(reason, f"{len(channels)} channels where the inquiry announces {count}")
    if not period_ticks:
        raise DecodeError(DecodeReason.VALUE, "a sampling period of 0")
    known = {int(channel) for channel in ChannelId}
    unknown = [f"0x{channel:02X}" for channel in channels if channel not in known]
    if unknown or not count:
        raise DecodeError(DecodeReason.TYPE, f"channels {', '.join(unknown) or 'none'}, which were not asked for")
    return Inquiry(period_ticks, tuple(ChannelId(channel) for channel in channels), config, buffered)


def encode_firmware(firmware: Firmware) -> bytes:
    """The payload of FIRMWARE_VERSION_RESPONSE."""
    major, minor, patch = firmware.version
    return _FIRMWARE.pack(firmware.kind, major, minor, patch)


def decode_firmware(payload: bytes) -> Firmware:
    """What FIRMWARE_VERSION_RESPONSE says.

    Raises:
        DecodeError: SHORT or LONG.
    """
    if len(payload) != FIRMWARE_SIZE:
        reason = DecodeReason.SHORT if len(payload) < FIRMWARE_SIZE else DecodeReason.LONG
        raise DecodeError(reason, f"{len(payload)} bytes instead of {FIRMWARE_SIZE} of a firmware version")
    kind, major, minor, patch = _FIRMWARE.unpack(payload)
    return Firmware(kind, (major, minor, patch))


@dataclass(frozen=True, slots=True)
class Layout:
    """How the packets of one stream are built."""

    channels: tuple[ChannelId, ...]
    period_ticks: int

    @property
    def size(self) -> int:
        """Bytes of a packet."""
        return 1 + STAMP_BYTES + 2 * len(self.channels)


@dataclass(frozen=True, slots=True)
class Packet:
    """One sample of all channels.

    Attributes:
        ticks: the Shimmer's counter, modulo `TURN`.
        words: one per channel, in the layout's order.
    """

    ticks: int
    words: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BatteryReading:
    """Charge, as told in the stream.

    Attributes:
        adc: reading of the 12-bit converter.
        charging: the charger's state bits.
    """

    adc: int
    charging: int


def encode_packet(packet: Packet, layout: Layout) -> bytes:
    """The bytes of a data packet.

    Raises:
        ValueError: a field does not fit, or there are not as many words as channels.
    """
    if len(packet.words) != len(layout.channels) or not 0 <= packet.ticks < TURN:
        raise ValueError("the packet does not fit the layout")
    if any(word & ~USABLE_BITS[channel] for word, channel in zip(packet.words, layout.channels, strict=True)):
        raise ValueError("a word has bits that its channel has not")
    stamp = packet.ticks.to_bytes(STAMP_BYTES, "little")
    return bytes([Op.DATA]) + stamp + struct.pack(f"<{len(packet.words)}H", *packet.words)


def decode_packet(data: bytes, layout: Layout) -> Packet:
    """Exactly one data packet.

    Raises:
        DecodeError: SHORT, LONG, HEADER (no data packet) or VALUE (a word with impossible bits).
    """
    if len(data) != layout.size:
        reason = DecodeReason.SHORT if len(data) < layout.size else DecodeReason.LONG
        raise DecodeError(reason, f"{len(data)} bytes instead of {layout.size} of a packet")
    if data[0] != Op.DATA:
        raise DecodeError(DecodeReason.HEADER, f"0x{data[0]:02X} begins no data packet")
    ticks = int.from_bytes(data[1 : 1 + STAMP_BYTES], "little")
    words = struct.unpack_from(f"<{len(layout.channels)}H", data, 1 + STAMP_BYTES)
    for word, channel in zip(words, layout.channels, strict=True):
        if word & ~USABLE_BITS[channel]:
            raise DecodeError(DecodeReason.VALUE, f"0x{word:04X} is no reading of {channel.name}")
    return Packet(ticks, words)


def encode_battery(reading: BatteryReading) -> bytes:
    """The bytes with which a Shimmer tells its charge in the stream."""
    return bytes([Op.ACK, Op.IN_STREAM, Op.BATTERY_RESPONSE]) + struct.pack("<HB", reading.adc, reading.charging)
