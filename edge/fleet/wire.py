"""The packets of MQTT 3.1.1 that a bed and a station need (OASIS, MQTT Version 3.1.1). Pure.

A client of a library costs a thread or tens of kilobytes each; a thousand beds in one process need less.

>>> Reader().feed(PING)
[(192, b'')]
"""

from __future__ import annotations

from edge.errors import PublishError, PublishReason

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP = 0x20, 0x30, 0x40, 0x90, 0xD0
"""First byte of what a broker sends, without its flags."""

PING = b"\xc0\x00"
"""PINGREQ."""

GOODBYE = b"\xe0\x00"
"""DISCONNECT."""

UNAVAILABLE = 3
"""CONNACK code of a broker that cannot serve now; the others say that it never will."""

MAX_PACKET = 1 << 20
"""A longer packet is no message of ours, bytes."""

_DUPLICATE, _QOS_1, _RETAIN = 0x08, 0x02, 0x01


def connect(client_id: str, keepalive_s: int, *, clean: bool, username: str | None, password: str | None) -> bytes:
    """CONNECT."""
    flags = (0x02 if clean else 0) | (0x80 if username is not None else 0) | (0x40 if password is not None else 0)
    body = b"\x00\x04MQTT\x04" + bytes([flags]) + keepalive_s.to_bytes(2, "big") + _text(client_id)
    body += b"".join(_text(one) for one in (username, password) if one is not None)
    return _packet(0x10, body)


def publish(topic: str, payload: bytes, number: int, *, retain: bool, again: bool = False) -> bytes:
    """PUBLISH at QoS 1; `again` marks a repetition."""
    first = PUBLISH | _QOS_1 | (_RETAIN if retain else 0) | (_DUPLICATE if again else 0)
    return _packet(first, _text(topic) + number.to_bytes(2, "big") + payload)


def subscribe(number: int, topics: str) -> bytes:
    """SUBSCRIBE to one filter at QoS 1."""
    return _packet(0x82, number.to_bytes(2, "big") + _text(topics) + b"\x01")


def puback(number: int) -> bytes:
    """PUBACK."""
    return _packet(PUBACK, number.to_bytes(2, "big"))


def published(first: int, body: bytes) -> tuple[str, bytes, int | None]:
    """Topic, payload and packet number (None at QoS 0) of a PUBLISH.

    Raises:
        PublishError: PROTOCOL: it is cut short.
    """
    length = int.from_bytes(body[:2], "big")
    topic, rest = body[2 : 2 + length], body[2 + length :]
    numbered = bool(first & 0x06)
    if len(topic) < length or (numbered and len(rest) < 2):
        raise PublishError(PublishReason.PROTOCOL, "the broker sent a message that is cut short")
    number = int.from_bytes(rest[:2], "big") if numbered else None
    return topic.decode(errors="replace"), rest[2:] if numbered else rest, number


class Reader:
    """Cuts a stream of bytes into packets."""

    def __init__(self) -> None:
        """Nothing has come."""
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """First byte and body of each packet that is complete now.

        Raises:
            PublishError: PROTOCOL: no such packet can exist.
        """
        self._rest += data
        packets: list[tuple[int, bytes]] = []
        start = 0
        while (found := self._header(start)) is not None:
            body, length = found
            if len(self._rest) < body + length:
                break
            packets.append((self._rest[start], self._rest[body : body + length]))
            start = body + length
        self._rest = self._rest[start:]
        return packets

    def _header(self, start: int) -> tuple[int, int] | None:
        """Where the body begins, and its length; None where the header is not complete."""
        length = 0
        for index, byte in enumerate(self._rest[start + 1 : start + 5]):
            length |= (byte & 0x7F) << (7 * index)
            if not byte & 0x80:
                if length > MAX_PACKET:
                    break
                return start + 2 + index, length
        if len(self._rest) - start >= 5:
            raise PublishError(PublishReason.PROTOCOL, "what answers there speaks no MQTT")
        return None


def _text(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data


def _packet(first: int, body: bytes) -> bytes:
    length, header = len(body), bytearray([first])
    while True:
        length, low = divmod(length, 128)
        header.append(low | (0x80 if length else 0))
        if not length:
            return bytes(header) + body
