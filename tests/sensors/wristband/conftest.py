"""A Bluetooth world for the band drivers: a private bus, a BlueZ on it, a radio, and bands on the air."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest

from edge.sensors.wristband import radio
from tests.peers.band import ADVERTISING_MS, VirtualBand
from tests.peers.ble_radio import Air
from tests.peers.bluez_faults import FaultyBlueZ
from tests.peers.private_bus import private_bus


@pytest.fixture(scope="session")
def bus_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A private message bus for the whole run."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("no dbus-daemon: install the package dbus")
    with private_bus(tmp_path_factory.mktemp("bus")) as address:
        yield address


@pytest.fixture
def air() -> Air:
    """The air, empty."""
    return Air()


@pytest.fixture
def mtu(request: pytest.FixtureRequest) -> int:
    """ATT MTU of the links: 247, or an indirect parameter."""
    return int(getattr(request, "param", 247))


@pytest.fixture
async def bluez(air: Air, mtu: int, bus_address: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FaultyBlueZ]:
    """The system's Bluetooth as bleak will find it."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus_address)
    monkeypatch.setattr(radio, "NAME_SETTLE_S", 4 * ADVERTISING_MS / 1000)  # these bands advertise often
    adapter, _ = air.device("box", "F0:00:00:00:00:02")
    await adapter.power_on()
    service = FaultyBlueZ(adapter, bus_address, mtu)
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def band(air: Air, bluez: FaultyBlueZ) -> AsyncIterator[VirtualBand]:  # noqa: ARG001  # the radio must be on first
    """A band with all services, switched on."""
    virtual = VirtualBand(air)
    await virtual.start()
    yield virtual
    await virtual.stop()
