"""A BlueZ on a private D-Bus: as much of `org.bluez` as bleak's own backend uses, over a bumble device as the radio.

Nothing of bleak is replaced: it finds this service where bluetoothd would be.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial

from bumble import att, core
from bumble.core import UUID, AdvertisingData
from bumble.device import Advertisement, Connection, Device, Peer
from bumble.gatt_client import CharacteristicProxy, DescriptorProxy
from bumble.hci import Address
from dbus_fast import BusType, Message, MessageFlag, MessageType, RequestNameReply, Variant
from dbus_fast.aio import MessageBus

from tests.peers.outgoing import Outgoing
from tests.peers.private_bus import private_bus as private_bus

BLUEZ = "org.bluez"
ADAPTER_PATH = "/org/bluez/hci0"
OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"
ADAPTER = "org.bluez.Adapter1"
DEVICE = "org.bluez.Device1"
SERVICE = "org.bluez.GattService1"
CHARACTERISTIC = "org.bluez.GattCharacteristic1"
DESCRIPTOR = "org.bluez.GattDescriptor1"

CLIENT_CONFIGURATION = UUID.from_16_bits(0x2902)

Interfaces = dict[str, dict[str, Variant]]
Reply = tuple[str, list[object]]
NOTHING: Reply = ("", [])


class RefusalError(Exception):
    """A D-Bus error reply."""

    def __init__(self, name: str, text: str) -> None:
        """Keep both parts."""
        super().__init__(text)
        self.name = name
        self.text = text


@dataclass
class _Link:
    """One connected device."""

    connection: Connection
    peer: Peer
    paths: list[str] = field(default_factory=list)
    characteristics: dict[str, CharacteristicProxy[bytes]] = field(default_factory=dict)
    descriptors: dict[str, DescriptorProxy] = field(default_factory=dict)
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class BlueZ:
    """The service.

    Args:
        device: the adapter's radio, powered on.
        bus_address: the private bus.
        mtu: ATT MTU that it asks for; 23 is what it gets without asking.
    """

    def __init__(self, device: Device, bus_address: str, mtu: int = 247) -> None:
        """Prepare; `start` takes the name on the bus."""
        self._device = device
        self._bus = MessageBus(bus_address=bus_address, bus_type=BusType.SYSTEM)
        self._outgoing = Outgoing(self._bus)
        self._mtu = mtu
        self._objects: dict[str, Interfaces] = {}
        self._links: dict[str, _Link] = {}
        self._addresses: dict[str, Address] = {}
        self._discoverers: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._connecting: str | None = None
        self.refusals: dict[str, tuple[str, str]] = {}
        """Paths of devices whose Connect is refused: name and text of the error."""

    async def start(self) -> None:
        """Appear on the bus as org.bluez with one powered adapter."""
        await self._bus.connect()
        adapter = {
            "Address": Variant("s", str(self._device.random_address)[:17]),
            "Powered": Variant("b", True),
            "Discovering": Variant("b", False),
            "Roles": Variant("as", ["central"]),
        }
        self._objects[ADAPTER_PATH] = {ADAPTER: adapter}
        self._bus.add_message_handler(self._on_message)
        self._device.on("advertisement", self._on_advertisement)
        assert await self._bus.request_name(BLUEZ) == RequestNameReply.PRIMARY_OWNER

    async def stop(self) -> None:
        """Leave the bus."""
        for task in self._tasks:
            task.cancel()
        self._outgoing.stop()
        self._device.remove_listener("advertisement", self._on_advertisement)
        self._bus.disconnect()
        await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast leaves it untyped

    def set_powered(self, *, on: bool) -> None:
        """Say that the adapter is on or off."""
        self._set(ADAPTER_PATH, ADAPTER, Powered=Variant("b", on))

    # Messages

    def _on_message(self, message: Message) -> bool | None:
        served = message.interface in (OBJECT_MANAGER, PROPERTIES, ADAPTER, DEVICE, CHARACTERISTIC, DESCRIPTOR)
        if message.message_type is not MessageType.METHOD_CALL or not served:
            return None
        self._spawn(self._answer(message))
        return True

    async def _answer(self, message: Message) -> None:
        try:
            signature, body = await self._call(message)
            reply = Message.new_method_return(message, signature, body)
        except RefusalError as refusal:
            reply = Message.new_error(message, refusal.name, refusal.text)
        except att.ATT_Error as error:
            reply = Message.new_error(message, *_att_refusal(error))
        if not message.flags & MessageFlag.NO_REPLY_EXPECTED:
            self._outgoing.post(reply)

    async def _call(self, message: Message) -> Reply:
        path = message.path or ""
        if path != "/" and path not in self._objects:
            raise RefusalError("org.freedesktop.DBus.Error.UnknownObject", f"no object {path}")
        match message.interface, message.member:
            case "org.freedesktop.DBus.ObjectManager", "GetManagedObjects":
                return "a{oa{sa{sv}}}", [self._objects]
            case "org.bluez.Adapter1", "StartDiscovery":
                await self._discover(str(message.sender), on=True)
            case "org.bluez.Adapter1", "StopDiscovery":
                await self._discover(str(message.sender), on=False)
            case "org.bluez.Adapter1", "SetDiscoveryFilter":
                pass
            case "org.bluez.Device1", "Connect":
                await self._connect(path)
            case "org.bluez.Device1", "Disconnect":
                await self._disconnect(path)
            case "org.bluez.GattCharacteristic1", "ReadValue":
                return "ay", [await self._read(path)]
            case "org.bluez.GattCharacteristic1", "StartNotify":
                await self._subscribe(path)
            case "org.bluez.GattCharacteristic1", "WriteValue":
                await self._write(path, *message.body)
            case "org.bluez.GattDescriptor1", "ReadValue":
                return "ay", [await self._read_descriptor(path)]
            case _:
                raise RefusalError("org.freedesktop.DBus.Error.UnknownMethod", str(message.member))
        return NOTHING

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[object]) -> None:
        self._outgoing.post(Message.new_signal(path, interface, member, signature, body))

    def _add(self, path: str, interfaces: Interfaces) -> None:
        self._objects[path] = interfaces
        self._signal("/", OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}", [path, interfaces])

    def _remove(self, path: str) -> None:
        interfaces = self._objects.pop(path, None)
        if interfaces is not None:
            self._signal("/", OBJECT_MANAGER, "InterfacesRemoved", "oas", [path, list(interfaces)])

    def _set(self, path: str, interface: str, **properties: Variant) -> None:
        if path in self._objects:
            self._objects[path][interface].update(properties)
            self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", [interface, properties, []])

    def _spawn(self, work: asyncio.Future[None] | object) -> None:
        assert asyncio.iscoroutine(work)
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Adapter1

    async def _discover(self, sender: str, *, on: bool) -> None:
        if not self._objects[ADAPTER_PATH][ADAPTER]["Powered"].value:
            raise RefusalError("org.bluez.Error.NotReady", "Resource Not Ready")
        if on and sender in self._discoverers:
            raise RefusalError("org.bluez.Error.InProgress", "Operation already in progress")
        if not on and sender not in self._discoverers:
            raise RefusalError("org.bluez.Error.Failed", "No discovery started")
        (self._discoverers.add if on else self._discoverers.discard)(sender)
        if on and not self._device.is_scanning:
            await self._device.start_scanning(active=False, filter_duplicates=False)
        elif not self._discoverers:
            await self._end_discovery()

    async def _end_discovery(self) -> None:
        """Stop scanning and, like BlueZ, forget how strong everybody was."""
        if self._device.is_scanning:
            await self._device.stop_scanning()
        for path, interfaces in self._objects.items():
            if "RSSI" in interfaces.get(DEVICE, {}):
                del interfaces[DEVICE]["RSSI"]
                self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", [DEVICE, {}, ["RSSI"]])

    def _on_advertisement(self, advertisement: Advertisement) -> None:
        if not self._discoverers:
            return
        address = str(advertisement.address)[:17]
        path = f"{ADAPTER_PATH}/dev_{address.replace(':', '_')}"
        self._addresses[path] = advertisement.address
        rssi = Variant("n", -50)
        if path in self._objects:
            self._set(path, DEVICE, RSSI=rssi)
            return
        # BlueZ, too, makes names valid UTF-8, and takes the address with dashes for the alias of a nameless device.
        name = advertisement.data.get(AdvertisingData.COMPLETE_LOCAL_NAME, raw=True)
        text = None if name is None else bytes(name).decode(errors="replace")
        kind = "public" if advertisement.address.is_public else "random"
        properties = {
            "Adapter": Variant("o", ADAPTER_PATH),
            "Address": Variant("s", address),
            "AddressType": Variant("s", kind),
            **({} if text is None else {"Name": Variant("s", text)}),
            "Alias": Variant("s", address.replace(":", "-") if text is None else text),
            "RSSI": rssi,
            "UUIDs": Variant("as", _advertised(advertisement)),
            "Connected": Variant("b", False),
            "ServicesResolved": Variant("b", False),
        }
        self._add(path, {DEVICE: properties})

    # Device1

    async def _connect(self, path: str) -> None:
        if path in self.refusals:
            raise RefusalError(*self.refusals[path])
        if path in self._links:
            return
        if self._connecting is not None:
            raise RefusalError("org.bluez.Error.InProgress", "In Progress")
        self._connecting = path
        try:
            connection = await self._device.connect(self._addresses[path], timeout=20.0)
        except core.TimeoutError as error:
            raise RefusalError("org.bluez.Error.Failed", "Page Timeout") from error
        except core.ConnectionError as error:
            raise RefusalError("org.bluez.Error.Failed", "le-connection-refused") from error
        finally:
            self._connecting = None
        link = self._links[path] = _Link(connection, Peer(connection))
        connection.on("disconnection", lambda _reason: self._gone(path))
        self._set(path, DEVICE, Connected=Variant("b", True))
        self._spawn(self._resolve(path, link))

    async def _resolve(self, path: str, link: _Link) -> None:
        """Discover the services and publish them as objects."""
        if self._mtu > att.ATT_DEFAULT_MTU:
            await link.peer.request_mtu(self._mtu)
        for service in await link.peer.discover_services():
            service_path = f"{path}/service{service.handle:04x}"
            link.paths.append(service_path)
            properties = {
                "UUID": Variant("s", _uuid(service.uuid)),
                "Device": Variant("o", path),
                "Primary": Variant("b", True),
                "Includes": Variant("ao", []),
            }
            self._add(service_path, {SERVICE: properties})
            for characteristic in await service.discover_characteristics():
                self._add_characteristic(link, service_path, characteristic)
                await self._add_descriptors(link, service_path, characteristic)
        uuids = Variant("as", [_uuid(service.uuid) for service in link.peer.services])
        self._set(path, DEVICE, ServicesResolved=Variant("b", True), UUIDs=uuids)

    def _add_characteristic(self, link: _Link, service_path: str, characteristic: CharacteristicProxy[bytes]) -> None:
        path = f"{service_path}/char{characteristic.handle - 1:04x}"
        link.paths.append(path)
        link.characteristics[path] = characteristic
        flags = [
            str(flag.name).lower().replace("_", "-")
            for flag in type(characteristic.properties)
            if flag in characteristic.properties
        ]
        properties = {
            "UUID": Variant("s", _uuid(characteristic.uuid)),
            "Service": Variant("o", service_path),
            "Value": Variant("ay", b""),
            "Flags": Variant("as", flags),
            "Notifying": Variant("b", False),
            "MTU": Variant("q", link.connection.att_mtu),
        }
        self._add(path, {CHARACTERISTIC: properties})

    async def _add_descriptors(
        self, link: _Link, service_path: str, characteristic: CharacteristicProxy[bytes]
    ) -> None:
        path = f"{service_path}/char{characteristic.handle - 1:04x}"
        for descriptor in await characteristic.discover_descriptors():
            if descriptor.type == CLIENT_CONFIGURATION:
                continue  # BlueZ keeps this one to itself
            descriptor_path = f"{path}/desc{descriptor.handle:04x}"
            link.paths.append(descriptor_path)
            link.descriptors[descriptor_path] = descriptor
            properties = {
                "UUID": Variant("s", _uuid(descriptor.type)),
                "Characteristic": Variant("o", path),
                "Value": Variant("ay", b""),
            }
            self._add(descriptor_path, {DESCRIPTOR: properties})

    def _gone(self, path: str) -> None:
        link = self._links.pop(path, None)
        if link is not None:
            link.gone.set()
        self._set(path, DEVICE, Connected=Variant("b", False), ServicesResolved=Variant("b", False))
        for gone in reversed(link.paths if link else []):
            self._remove(gone)

    async def _disconnect(self, path: str) -> None:
        if path == self._connecting:
            await self._device.cancel_connection()  # type: ignore[no-untyped-call]  # bumble leaves it untyped
        elif path in self._links:
            await self._links[path].connection.disconnect()
        else:
            raise RefusalError("org.bluez.Error.NotConnected", "Not Connected")

    # GattCharacteristic1

    async def _read(self, path: str) -> bytes:
        link = self._link_of(path)
        reading = asyncio.ensure_future(link.characteristics[path].read_value())
        await _until_gone(link, reading)
        return bytes(reading.result())

    async def _write(self, path: str, value: bytes, options: dict[str, Variant]) -> None:
        link = self._link_of(path)
        with_response = "type" not in options or options["type"].value == "request"
        writing = asyncio.ensure_future(link.characteristics[path].write_value(bytes(value), with_response))
        await _until_gone(link, writing)
        writing.result()

    async def _read_descriptor(self, path: str) -> bytes:
        link = self._link_of(path)
        reading = asyncio.ensure_future(link.descriptors[path].read_value())
        await _until_gone(link, reading)
        return bytes(reading.result())

    async def _subscribe(self, path: str) -> None:
        link = self._link_of(path)
        writing = asyncio.ensure_future(link.characteristics[path].subscribe(partial(self._notified, path)))
        await _until_gone(link, writing)
        writing.result()

    def _link_of(self, path: str) -> _Link:
        for link in self._links.values():
            if path in link.characteristics or path in link.descriptors:
                return link
        raise RefusalError("org.bluez.Error.Failed", "Not connected")

    def _notified(self, path: str, value: bytes) -> None:
        self._set(path, CHARACTERISTIC, Value=Variant("ay", bytes(value)))


def _att_refusal(error: att.ATT_Error) -> tuple[str, str]:
    """Name and text of the D-Bus error that BlueZ makes of an ATT error."""
    match error.error_code:
        case att.ATT_INSUFFICIENT_AUTHENTICATION_ERROR | att.ATT_INSUFFICIENT_ENCRYPTION_ERROR:
            return "org.bluez.Error.NotPermitted", "Not paired"
        case att.ATT_INSUFFICIENT_AUTHORIZATION_ERROR:
            return "org.bluez.Error.NotAuthorized", "Operation Not Authorized"
        case code:
            return "org.bluez.Error.Failed", f"Operation failed with ATT error: 0x{code:02x}"


async def _until_gone(link: _Link, request: asyncio.Future[bytes] | asyncio.Future[None]) -> None:
    """Wait for an ATT request; like BlueZ, fail it when the link is lost (bumble would wait for half a minute)."""
    gone = asyncio.ensure_future(link.gone.wait())
    await asyncio.wait((request, gone), return_when=asyncio.FIRST_COMPLETED)
    gone.cancel()
    if not request.done():
        request.cancel()
        raise RefusalError("org.bluez.Error.Failed", "Not connected")


def _advertised(advertisement: Advertisement) -> list[str]:
    """The services that the device names on the air."""
    kinds = (
        AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
        AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
        AdvertisingData.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
        AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    )
    lists = [found for kind in kinds for found in advertisement.data.get_all(kind) if isinstance(found, list)]
    return [_uuid(uuid) for uuids in lists for uuid in uuids]


def _uuid(uuid: UUID) -> str:
    """As BlueZ writes it: lower case, 128 bits."""
    text = str(uuid.to_hex_str("-")).lower()
    return text if len(text) == 36 else f"{text.zfill(8)}-0000-1000-8000-00805f9b34fb"
