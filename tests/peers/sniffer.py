"""Everything that crosses the loopback interface to or from some ports, as TCP payload bytes."""

from __future__ import annotations

import select
import socket
import struct
import threading
from types import TracebackType

import pytest

_ETH_P_IP = 0x0800
_ETHERNET_BYTES = 14
_TCP = 6
_READ_BYTES = 1 << 17


class Sniffer:
    """Records TCP payloads on `lo` while the `with` block runs.

    Args:
        ports: ports of interest, at either end.
    """

    def __init__(self, *ports: int) -> None:
        """Open the packet socket, or skip the test where that is not allowed."""
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_IP))
        except PermissionError:
            pytest.skip("recording loopback traffic needs CAP_NET_RAW (run as root)")
        self._socket.bind(("lo", 0))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self._ports = set(ports)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._record, name="sniffer", daemon=True)
        self.payloads: list[bytes] = []

    def __enter__(self) -> Sniffer:
        """Start recording."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop recording."""
        self._stop.set()
        self._thread.join()
        self._socket.close()

    @property
    def traffic(self) -> bytes:
        """All payloads, one after the other."""
        return b"".join(self.payloads)

    def _record(self) -> None:
        while not self._stop.is_set():
            if not select.select([self._socket], [], [], 0.1)[0]:
                continue
            packet, address = self._socket.recvfrom(_READ_BYTES)
            # Each packet on lo is seen twice: as it is sent and as it arrives.
            if address[2] == socket.PACKET_OUTGOING:
                continue
            payload = self._tcp_payload(packet[_ETHERNET_BYTES:])
            if payload:
                self.payloads.append(payload)

    def _tcp_payload(self, packet: bytes) -> bytes:
        header = (packet[0] & 0x0F) * 4
        total = struct.unpack_from(">H", packet, 2)[0]
        if packet[9] != _TCP or len(packet) < header + 20:
            return b""
        source, target = struct.unpack_from(">HH", packet, header)
        if not self._ports & {source, target}:
            return b""
        offset = header + (packet[header + 12] >> 4) * 4
        return packet[offset:total]
