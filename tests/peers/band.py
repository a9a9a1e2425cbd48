"""A virtual wristband: Heart Rate, Battery and Nordic UART services on bumble's GATT server."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from bumble.core import AdvertisingData
from bumble.device import Connection
from bumble.gatt import GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR, Characteristic, Descriptor, Service
from bumble.hci import OwnAddressType

from tests.peers.ble_radio import Air

ADDRESS = "C0:00:00:00:00:01"
NAME = "TestBand 01"
ADVERTISING_MS = 50


@dataclass(frozen=True)
class Offer:
    """Which services the band has."""

    heart_rate: bool = True
    uart: bool = True
    battery: bool = True


class VirtualBand:
    """A band on the air.

    Args:
        air: where it is.
        offer: its services.
        address: its address.
        more: services of its own kind.
        name: the name that it advertises; None for none.
        public: whether the address is a public one, not a random one.
        subscribing_needs: "authentication", "encryption" or "authorization" where it wants that first.
    """

    def __init__(
        self,
        air: Air,
        offer: Offer | None = None,
        address: str = ADDRESS,
        more: Sequence[Service] = (),
        name: bytes | None = NAME.encode(),
        *,
        public: bool = False,
        subscribing_needs: str = "",
    ) -> None:
        """Build the services; `start` switches it on."""
        offer = offer or Offer()
        self._device, self._controller = air.device(NAME, address, public=public)
        self._own = OwnAddressType.PUBLIC if public else OwnAddressType.RANDOM
        self.heart_rate = notifying("2A37", b"\x00\x48")
        self.uart_tx = notifying("6E400003-B5A3-F393-E0A9-E50E24DCCA9E", b"", subscribing_needs=subscribing_needs)
        self.hang_up_at_once = False
        """Whether it ends every connection as soon as it stands."""
        self.battery = notifying("2A19", b"\x5a", readable=True)
        services = list(more)
        if offer.heart_rate:
            services.append(Service("180D", [self.heart_rate]))
        if offer.uart:
            services.append(Service("6E400001-B5A3-F393-E0A9-E50E24DCCA9E", [self.uart_tx]))
        if offer.battery:
            services.append(Service("180F", [self.battery]))
        self._device.add_services(services)
        self._device.advertising_data = bytes(
            AdvertisingData(
                [
                    (AdvertisingData.FLAGS, b"\x06"),
                    *([] if name is None else [(AdvertisingData.COMPLETE_LOCAL_NAME, name)]),
                    (AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, struct.pack("<H", 0x180D)),
                ]
            )
        )
        self._device.on("connection", self._connected)
        self._connection: Connection | None = None
        self._listened: dict[Characteristic[bytes], asyncio.Event] = {}
        self._unlistened: dict[Characteristic[bytes], asyncio.Event] = {}
        for characteristic in (characteristic for service in services for characteristic in service.characteristics):
            self._listened[characteristic] = asyncio.Event()
            self._unlistened[characteristic] = asyncio.Event()
            characteristic.on(
                "subscription",
                lambda _connection, notify, indicate, which=characteristic: self._subscribed(
                    which, on=notify or indicate
                ),
            )

    async def start(self) -> None:
        """Switch it on and advertise."""
        await self._device.power_on()
        await self.come_back()

    async def stop(self) -> None:
        """Switch it off."""
        await self._device.power_off()

    async def come_back(self) -> None:
        """Advertise (again)."""
        await self._device.start_advertising(
            own_address_type=self._own,
            auto_restart=True,
            advertising_interval_min=ADVERTISING_MS,
            advertising_interval_max=ADVERTISING_MS,
        )

    async def vanish(self) -> None:
        """Walk out of reach: stop advertising and lose every link."""
        await self._device.stop_advertising()
        self.lose_link()

    def lose_link(self) -> None:
        """Lose the link for a moment; the band advertises again by itself."""
        self._disconnected()
        self._controller.lose_radio()

    async def hang_up(self) -> None:
        """End the connection from the band's side."""
        if self._connection is not None:
            await self._connection.disconnect()

    async def listened(self, characteristic: Characteristic[bytes]) -> None:
        """Wait until somebody is subscribed."""
        await self._listened[characteristic].wait()

    async def unlistened(self, characteristic: Characteristic[bytes]) -> None:
        """Wait until nobody is subscribed."""
        await self._unlistened[characteristic].wait()

    async def notify(self, characteristic: Characteristic[bytes], value: bytes) -> None:
        """One notification."""
        await self._device.notify_subscribers(characteristic, value)

    async def indicate(self, characteristic: Characteristic[bytes], value: bytes) -> None:
        """One indication; returns when the other side has confirmed it."""
        await self._device.indicate_subscribers(characteristic, value)

    async def send(self, data: bytes) -> int:
        """Send a byte stream over the UART in pieces that fit the connection's MTU; the value is their length."""
        size = (self._connection.att_mtu if self._connection else 23) - 3
        for begin in range(0, len(data), size):
            await self.notify(self.uart_tx, data[begin : begin + size])
        return size

    def _connected(self, connection: Connection) -> None:
        self._connection = connection
        connection.on("disconnection", lambda _reason: self._disconnected())
        if self.hang_up_at_once:
            self._hanging_up = asyncio.create_task(connection.disconnect())

    def _disconnected(self) -> None:
        self._connection = None
        for characteristic in self._listened:
            self._subscribed(characteristic, on=False)

    def _subscribed(self, characteristic: Characteristic[bytes], *, on: bool) -> None:
        now, past = self._listened, self._unlistened
        if not on:
            now, past = past, now
        past[characteristic].clear()
        now[characteristic].set()


def notifying(uuid: str, value: bytes, *, readable: bool = False, subscribing_needs: str = "") -> Characteristic[bytes]:
    """A characteristic that notifies."""
    properties = Characteristic.Properties.NOTIFY
    if readable:
        properties |= Characteristic.Properties.READ
    guard = (_guarded(subscribing_needs),) if subscribing_needs else ()
    return Characteristic(uuid, properties, Characteristic.Permissions.READABLE, value, guard)


def _guarded(needs: str) -> Descriptor:
    """The descriptor by which one subscribes, closed to whoever has not paired."""
    permission = Descriptor.Permissions[f"WRITE_REQUIRES_{needs.upper()}"]
    return Descriptor(
        GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR, Descriptor.READABLE | permission, b"\x00\x00"
    )
