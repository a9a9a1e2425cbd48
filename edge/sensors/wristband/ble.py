"""One Bluetooth Low Energy connection: find the band, connect, subscribe, hand on notifications, let go.

Talks to the system's Bluetooth through bleak. Everything that bleak or D-Bus can raise leaves this module as a
`SensorError` whose sentence says what a person at the bed can do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice

from edge.clock import Clock
from edge.errors import DecodeError, DecodeReason, SensorError, SensorReason
from edge.sensors.wristband import battery
from edge.sensors.wristband.battery import BATTERY_LEVEL
from edge.sensors.wristband.ble_band import BleBand
from edge.sensors.wristband.ble_errors import connect_error, sensor_error
from edge.sensors.wristband.bluez_watch import SERVICE_HANGS
from edge.sensors.wristband.damage import Damage
from edge.sensors.wristband.gathering import GATHER_S, joined
from edge.sensors.wristband.inbox import Inbox
from edge.sensors.wristband.profile import Notification, Profile
from edge.sensors.wristband.radio import RADIO_ERRORS, Radio, Wanted, shared_radio
from edge.types import SampleBlock

log = logging.getLogger(__name__)

LEFT_CONNECTED_S = 5.0
"""Time for taking over a connection that an earlier run left behind: it needs no radio search, only the services."""

DISCONNECT_S = 10.0
"""Longest wait for a clean disconnection; bleak itself gives up after as long."""

WHY_S = 0.1
"""Wait between a lost link and its reason: when Bluetooth is switched off, links end just before the adapter does."""

MAX_VALUE = 512
"""Longest value of an attribute, bytes (Bluetooth Core 5.4, Vol 3 Part F 3.2.9)."""


class BleDriver:
    """One band over the system's Bluetooth.

    Args:
        config: how to find the band.
        profile: how to start it and what it says.
        clock: stamps the arrivals.
    """

    def __init__(self, config: BleBand, profile: Profile, clock: Clock) -> None:
        """Connect to nothing yet."""
        self._config = config
        self._clock = clock
        self._address = config.address
        self._missing = False
        self.profile = profile
        self.damage = Damage(config.name, clock)
        self._inbox: Inbox | None = None
        self._dropped_before = 0

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._config.name

    @property
    def stall_after_s(self) -> float:
        """Silence after which the stream counts as stalled."""
        return self.profile.silence_s

    @property
    def dropped(self) -> int:
        """Values that arrived faster than they could be taken in, over all connections."""
        return self._dropped_before + (0 if self._inbox is None else self._inbox.dropped)

    async def stream(self) -> AsyncIterator[SampleBlock]:
        """One connection; whatever cannot be decoded is counted and skipped.

        Raises:
            SensorError: NOT_FOUND, AMBIGUOUS, REFUSED, NOT_PAIRED, TIMED_OUT, RADIO_OFF, WRONG_DEVICE, NO_DATA, what
                the profile raises, or DISCONNECTED when the link is lost.
        """
        self.profile.connected()
        self._missing = False
        with shared_radio(self._clock).used():
            async with aclosing(self._notifications()) as source:
                async for gathered in source:
                    for block in joined(block for notification in gathered for block in self.blocks(notification)):
                        yield block

    async def until_back(self) -> None:
        """Return when the band is heard again that the last attempt did not find; where it was found, never."""
        if self._missing:
            await shared_radio(self._clock).heard(self._wanted())
        else:
            await asyncio.get_running_loop().create_future()

    def blocks(self, notification: Notification) -> list[SampleBlock]:
        """What a notification says; what is wrong with it is counted."""
        if len(notification.data) > MAX_VALUE:
            self.damage.note(DecodeError(DecodeReason.LONG, f"a value of {len(notification.data)} bytes"))
            return []
        of_battery = notification.uuid == BATTERY_LEVEL
        decoded = battery.decode(self.name, notification) if of_battery else self.profile.decode(notification)
        blocks: list[SampleBlock] = []
        for found in decoded:
            if isinstance(found, DecodeError):
                self.damage.note(found)
            else:
                blocks.append(found)
        return blocks

    async def _notifications(self) -> AsyncGenerator[list[Notification], None]:
        radio = shared_radio(self._clock)
        connection: _Connection | None = None
        try:
            connection = await self._connect(radio)
            self._address, self._inbox = connection.device.address, connection.inbox
            with radio.holding(connection.device, connection.inbox.lose):
                async with aclosing(self._values(connection)) as values:
                    async for value in values:
                        yield value
        except RADIO_ERRORS as error:
            raise await self._reason(connection, sensor_error(error, self._config, self._address)) from error
        except SensorError as error:
            raise await self._reason(connection, error) from error
        finally:
            if connection is not None:
                self._dropped_before, self._inbox = self._dropped_before + connection.inbox.dropped, None
                await _disconnect(connection.client, self.name)

    async def _values(self, connection: _Connection) -> AsyncGenerator[list[Notification], None]:
        """Start the band; its values, burst by burst, and those of its battery among them."""
        inbox = connection.inbox
        link = BleLink(connection.client, inbox)
        await _start(self.profile, link, self.name)
        yield [await _first(inbox, self._config, self.profile.silence_s)]
        charge = asyncio.create_task(_follow_battery(link, self.name))
        try:
            while True:
                first = await inbox.get()
                await self._clock.sleep(GATHER_S)
                yield [first, *inbox.rest()]
        finally:
            charge.cancel()
            await asyncio.wait((charge,))

    async def _reason(self, connection: _Connection | None, error: SensorError) -> SensorError:
        """Why the connection has ended, as well as can be known a moment later."""
        if connection is not None and connection.inbox.lost() is not None:
            await self._clock.sleep(WHY_S)
            error = connection.inbox.lost() or error
        self._missing = error.reason in (SensorReason.NOT_FOUND, SensorReason.RADIO_OFF)
        return error

    def _wanted(self) -> Wanted:
        return Wanted(self._address, self._config.device_name if self._config.address is None else None)

    async def _connect(self, radio: Radio) -> _Connection:
        """The band, found and connected; one whose link was left behind first, as it does not advertise."""
        wanted = self._wanted()
        left_behind = await radio.left_connected(wanted)
        if left_behind is not None:
            try:
                return await self._open(radio, left_behind, LEFT_CONNECTED_S)
            except SensorError as error:
                log.debug("%s: the link that was left behind is of no use: %s", self.name, error)
        try:
            async with asyncio.timeout(self._config.connect_timeout_s):
                device = await radio.find(wanted)
        except TimeoutError as error:
            hung = SensorError(SensorReason.RADIO_OFF, SERVICE_HANGS)
            raise (hung if radio.hangs else _not_found(self._config)) from error
        return await self._open(radio, device, self._config.connect_timeout_s)

    async def _open(self, radio: Radio, device: BLEDevice, services_s: float) -> _Connection:
        inbox = Inbox(self._clock, self.name)
        try:
            return _Connection(device, await radio.open(device, inbox.disconnected, services_s), inbox)
        except (*RADIO_ERRORS, KeyError) as error:
            # KeyError: bleak 3.1 raises one when a link is lost while it puts the services together.
            raise connect_error(error, self._config, device.address) from error


@dataclass(frozen=True, slots=True)
class _Connection:
    """An open link and what arrives over it."""

    device: BLEDevice
    client: BleakClient
    inbox: Inbox


class BleLink:
    """The open connection as profiles see it (`edge.sensors.wristband.profile.Link`)."""

    def __init__(self, client: BleakClient, inbox: Inbox) -> None:
        """Wrap a connected client."""
        self._client = client
        self._inbox = inbox
        self._answers: dict[str, asyncio.Queue[bytes]] = {}
        self._starting = True

    def offers(self, uuid: str) -> bool:
        """Whether the band has this characteristic."""
        return self._client.services.get_characteristic(uuid) is not None

    def can(self, uuid: str, what: str) -> bool:
        """Whether the characteristic exists and allows this ("read", "notify")."""
        found = self._client.services.get_characteristic(uuid)
        return found is not None and what in found.properties

    async def read(self, uuid: str) -> bytes:
        """The value of a characteristic."""
        return bytes(await self._inbox.unless_lost(self._client.read_gatt_char(uuid)))

    async def describe(self, uuid: str, descriptor: str) -> bytes | None:
        """The value of a characteristic's descriptor; None where it has no such descriptor."""
        characteristic = self._client.services.get_characteristic(uuid)
        found = None if characteristic is None else characteristic.get_descriptor(descriptor)
        return None if found is None else bytes(await self._inbox.unless_lost(self._client.read_gatt_descriptor(found)))

    async def write(self, uuid: str, data: bytes) -> None:
        """Write a characteristic, with response where it allows one."""
        await self._inbox.unless_lost(self._client.write_gatt_char(uuid, data))

    async def subscribe(self, uuid: str) -> None:
        """Have a characteristic notify or indicate; its values come to `Profile.decode`."""
        await self._inbox.unless_lost(self._client.start_notify(uuid, self._inbox.put))

    async def request(self, uuid: str, data: bytes) -> bytes:
        """Write to a control point that indicates, and wait for its answer."""
        if uuid not in self._answers:
            self._answers[uuid] = asyncio.Queue()
            await self._inbox.unless_lost(self._client.start_notify(uuid, self._answered))
        await self.write(uuid, data)
        return await self.more(uuid)

    async def more(self, uuid: str) -> bytes:
        """The next part of an answer that comes in several."""
        return await self._inbox.unless_lost(self._answers[uuid].get())

    def started(self) -> None:
        """The profile asks no more: what control points say from now on, and what of it waits, is heard like the rest.

        A band can say that it stops right behind its last answer, before the profile has gone on.
        """
        self._starting = False
        for uuid, waiting in self._answers.items():
            while not waiting.empty():
                self._inbox.note(uuid, waiting.get_nowait())

    def _answered(self, characteristic: BleakGATTCharacteristic, data: bytearray) -> None:
        if self._starting:
            self._answers[characteristic.uuid].put_nowait(bytes(data))
        else:
            self._inbox.put(characteristic, data)

    async def read_battery(self) -> None:
        """Read and follow the charge, where the band tells it."""
        if self.can(BATTERY_LEVEL, "notify"):
            await self.subscribe(BATTERY_LEVEL)
        if self.can(BATTERY_LEVEL, "read"):
            self._inbox.note(BATTERY_LEVEL, await self.read(BATTERY_LEVEL))


async def _start(profile: Profile, link: BleLink, name: str) -> None:
    """Subscribe to what makes it the right kind of band, and have the profile start it."""
    there = [uuid for uuid in profile.wanted if link.offers(uuid)]
    if not there:
        raise SensorError(
            SensorReason.WRONG_DEVICE,
            f"{name} does not offer the characteristic {' or '.join(profile.wanted)}: choose another `driver` for it",
        )
    for uuid in there:
        await link.subscribe(uuid)
    await profile.start(link)
    link.started()


async def _first(inbox: Inbox, config: BleBand, within_s: float) -> Notification:
    try:
        async with asyncio.timeout(within_s):
            return await inbox.get()
    except TimeoutError as error:
        raise SensorError(
            SensorReason.NO_DATA,
            f"{config.name} is connected but sends nothing: wear it, or start its measurement",
        ) from error


async def _follow_battery(link: BleLink, name: str) -> None:
    """Follow the charge. A band that refuses this (some want to be paired first) is still of use."""
    try:
        await link.read_battery()
    except (*RADIO_ERRORS, SensorError) as error:
        log.debug("%s: the battery level cannot be read: %s", name, error)


def _not_found(config: BleBand) -> SensorError:
    sought = config.address or f'"{config.device_name}"'
    return SensorError(
        SensorReason.NOT_FOUND,
        f"no band {sought} within {config.connect_timeout_s:g} s: is it switched on, charged, within reach, and free "
        "of any other phone or box? (One that another box has taken cannot be heard.)",
    )


async def _disconnect(client: BleakClient, name: str) -> None:
    """Let the band go. Whatever fails here, the link is of no more use."""
    try:
        async with asyncio.timeout(DISCONNECT_S):
            await client.disconnect()
    except RADIO_ERRORS as error:
        log.debug("%s: not disconnected cleanly: %r", name, error)
