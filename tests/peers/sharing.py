"""A broker of MQTT 5 that shares no subscriptions: says so when somebody connects, or when he subscribes."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType

CONNACK = b"\x20\x03\x00\x00\x00"
"""Success, without properties (MQTT 5, 3.2)."""

CONNACK_NO_SHARING = b"\x20\x05\x00\x00\x02\x2a\x00"
"""The same with Shared Subscription Available = 0 (3.2.2.3.13)."""


class Unsharing:
    """The broker, on a free loopback port, for the time of a `with` block.

    Args:
        in_connack: whether it says so at once; else with reason code 0x9E for each filter.
    """

    def __init__(self, *, in_connack: bool) -> None:
        """Listen."""
        self._in_connack = in_connack
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Unsharing:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            with client, suppress(OSError):
                client.settimeout(5)
                while (packet := _packet(client)) and self._answer(client, *packet):
                    pass

    def _answer(self, client: socket.socket, first: int, body: bytes) -> bool:
        match first & 0xF0:
            case 0x10:
                client.sendall(CONNACK_NO_SHARING if self._in_connack else CONNACK)
            case 0x80:
                filters = body.count(b"$share/")
                client.sendall(bytes([0x90, 3 + filters]) + body[:2] + b"\x00" + b"\x9e" * filters)
            case 0xE0:
                return False
            case _:
                pass
        return True


def _packet(client: socket.socket) -> tuple[int, bytes] | None:
    first = client.recv(1)
    if not first:
        return None
    length, shift = 0, 0
    while True:
        byte = client.recv(1)[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    body = b""
    while len(body) < length:
        body += client.recv(length - len(body))
    return first[0], body
