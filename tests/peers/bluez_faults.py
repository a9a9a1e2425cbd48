"""What befalls a BlueZ: switched off, unplugged, killed, or refused by a band."""

from __future__ import annotations

import asyncio

from bumble.device import Device

from tests.peers.bluez import ADAPTER_PATH, DEVICE, BlueZ, RefusalError


class FaultyBlueZ(BlueZ):
    """A BlueZ to which things happen."""

    forget_before_connect = False
    """Whether a device's object goes just before it is to be connected."""

    def __init__(self, device: Device, bus_address: str, mtu: int = 247) -> None:
        """Prepare; nothing has happened yet."""
        super().__init__(device, bus_address, mtu)
        self.hung: set[str] = set()
        """Addresses of devices whose Connect and Disconnect are never answered."""
        self.searched = asyncio.Event()
        self.search_ended = asyncio.Event()

    async def power(self, *, on: bool) -> None:
        """Switch the adapter on or off, as rfkill does: links end first, then it says that it is off."""
        if not on:
            self._discoverers.clear()
            await self._end_discovery()
            await self._end_links()
        self.set_powered(on=on)

    async def unplug(self) -> None:
        """Take the adapter out: its objects go without a word about their links."""
        adapter = self._objects[ADAPTER_PATH]
        self._discoverers.clear()
        await self._end_discovery()
        for path in sorted(self._objects, reverse=True):
            self._remove(path)
        await self._end_links()
        self._unplugged = adapter

    async def plug_in(self) -> None:
        """Put the adapter back."""
        self._add(ADAPTER_PATH, self._unplugged)

    async def crash(self) -> None:
        """Die: the name goes from the bus at once, and nothing more is said. The kernel ends the links."""
        await self.stop()
        if self._device.is_scanning:
            await self._device.stop_scanning()
        await self._end_links()

    def successor(self, bus_address: str) -> FaultyBlueZ:
        """The service that takes its place after a crash; it knows no device yet."""
        return FaultyBlueZ(self._device, bus_address, self._mtu)

    def refuse(self, address: str, name: str, text: str) -> None:
        """Refuse every Connect to a device with this error."""
        self.refusals[_path(address)] = (name, text)

    def forget(self, address: str) -> None:
        """Drop a device that nobody has paired, as BlueZ does half a minute after it was last heard."""
        self._remove(_path(address))

    def known(self) -> list[str]:
        """Addresses of the devices that it has objects for."""
        return [str(found[DEVICE]["Address"].value) for found in self._objects.values() if DEVICE in found]

    async def _discover(self, sender: str, *, on: bool) -> None:
        await super()._discover(sender, on=on)
        (self.searched if on else self.search_ended).set()

    async def _disconnect(self, path: str) -> None:
        await self._hang(path)
        await super()._disconnect(path)

    async def _hang(self, path: str) -> None:
        if any(path == _path(address) for address in self.hung):
            await asyncio.get_running_loop().create_future()

    async def _connect(self, path: str) -> None:
        await self._hang(path)
        if self.forget_before_connect:
            self._remove(path)
            raise RefusalError("org.freedesktop.DBus.Error.UnknownObject", f"no object {path}")
        await super()._connect(path)

    async def _end_links(self) -> None:
        for link in list(self._links.values()):
            await link.connection.disconnect()


def _path(address: str) -> str:
    return f"{ADAPTER_PATH}/dev_{address.replace(':', '_')}"
