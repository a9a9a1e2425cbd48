"""The Bluetooth world of the band drivers: what is found there."""

from tests.sensors.wristband.conftest import air, band, bluez, bus_address, mtu

__all__ = ["air", "band", "bluez", "bus_address", "mtu"]
