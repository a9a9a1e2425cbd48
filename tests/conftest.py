"""Fixtures that every test may use, and the rule that no test reaches beyond this machine."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from gpiozero.pins.mock import MockFactory

SHARED = Path(os.environ.get("ANODYNE_SHARED", Path(__file__).resolve().parents[2] / "shared"))
"""The shared data folder (real recordings, head assets, clips); tests that need it skip where it is absent."""

hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")  # how long an example takes says how busy the machine is


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared data folder, or a skip that says how to provide it."""
    if not SHARED.is_dir():
        pytest.skip(f"no shared data folder at {SHARED}: set ANODYNE_SHARED to it")
    return SHARED


def _is_loopback(address: object) -> bool:
    if not isinstance(address, tuple) or not address:
        return True  # AF_UNIX, netlink: local by nature
    host = str(address[0])
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect
    connect_ex = socket.socket.connect_ex

    def guarded_connect(self: socket.socket, address: tuple[str, int]) -> None:
        if not _is_loopback(address):
            raise AssertionError(f"a test tried to reach {address}: tests stay on loopback")
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: tuple[str, int]) -> int:
        if not _is_loopback(address):
            raise AssertionError(f"a test tried to reach {address}: tests stay on loopback")
        return connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    """A board without a board."""
    import gpiozero  # here, because not every machine that runs some of the tests has it
    from gpiozero.pins.mock import MockFactory

    factory = MockFactory()
    gpiozero.Device.pin_factory = factory
    yield factory
    factory.reset()
    gpiozero.Device.pin_factory = None
