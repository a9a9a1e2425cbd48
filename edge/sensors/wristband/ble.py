"""One Bluetooth Low Energy connection: find the band, connect, subscribe, hand on notifications, let go.

Talks to the system's Bluetooth through bleak. Everything that bleak or D-Bus can raise leaves this module as a
`SensorError` whose sentence says what a person at the bed can do.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing
from typing import TypeVar
from weakref import WeakKeyDictionary

from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from edge.clock import Clock
from edge.errors import DecodeError, SensorError, SensorReason
from edge.sensors.wristband import battery
from edge.sensors.wristband.battery import BATTERY_LEVEL
from edge.sensors.wristband.ble_band import BleBand
from edge.sensors.wristband.ble_errors import sensor_error
from edge.sensors.wristband.damage import Damage
from edge.sensors.wristband.profile import Notification, Profile
from edge.types import SampleBlock

T = TypeVar("T")

log = logging.getLogger(__name__)

INBOX_LIMIT = 4096
"""Notifications held for a consumer that is late: four seconds at the highest rate that was measured on a virtual
radio (1,040 per second), minutes at the rate of any band."""

LEFT_CONNECTED_S = 5.0
"""Time for taking over a connection that an earlier run left behind: it needs no radio search, only the services."""

DISCONNECT_S = 10.0
"""Longest wait for a clean disconnection; bleak itself gives up after as long."""

ATT_S = 30.0
"""Longest answer time of a GATT server (Bluetooth Core 5.4, Vol 3 Part F 3.3.3)."""

_radio_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
"""One search at a time per loop: BlueZ refuses a second discovery of the same client, and parallel connects."""


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
        self.profile = profile
        self.damage = Damage(config.name, clock)

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._config.name

    @property
    def stall_after_s(self) -> float:
        """Silence after which the stream counts as stalled."""
        return self.profile.silence_s

    async def stream(self) -> AsyncIterator[SampleBlock]:
        """One connection; whatever cannot be decoded is counted and skipped.

        Raises:
            SensorError: NOT_FOUND, TIMED_OUT, RADIO_OFF, WRONG_DEVICE, NO_DATA, what the profile's `start` raises, or
                DISCONNECTED when the link is lost.
        """
        self.profile.connected()
        async with aclosing(self._notifications()) as source:
            async for notification in source:
                for block in self._blocks(notification):
                    yield block

    def _blocks(self, notification: Notification) -> list[SampleBlock]:
        of_battery = notification.uuid == BATTERY_LEVEL
        decoded = battery.decode(self.name, notification) if of_battery else self.profile.decode(notification)
        blocks: list[SampleBlock] = []
        for found in decoded:
            if isinstance(found, DecodeError):
                self.damage.note(found)
            else:
                blocks.append(found)
        return blocks

    async def _notifications(self) -> AsyncGenerator[Notification, None]:
        config = self._config
        inbox = _Inbox(self._clock, config.name)
        client: BleakClient | None = None
        try:
            async with _radio_lock():
                client = await _connect(config, inbox)
            link = BleLink(client, config, inbox)
            await _start(self.profile, link, config.name)
            yield await _first(inbox, config, self.profile.silence_s)
            await _subscribe_battery(link, config.name)
            while True:
                yield await inbox.get()
        except (BleakError, OSError, EOFError, TimeoutError) as error:
            raise (inbox.lost() or sensor_error(error, config)) from error
        finally:
            if client is not None:
                await _disconnect(client, config.name)


class BleLink:
    """The open connection as profiles see it (`edge.sensors.wristband.profile.Link`)."""

    def __init__(self, client: BleakClient, config: BleBand, inbox: _Inbox) -> None:
        """Wrap a connected client."""
        self._client = client
        self._config = config
        self._inbox = inbox
        self._answers: dict[str, asyncio.Queue[bytes]] = {}
        self.starting = True
        """Whether the profile still asks: what control points say later is a notification like any other."""

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

    def _answered(self, characteristic: BleakGATTCharacteristic, data: bytearray) -> None:
        if self.starting:
            self._answers[characteristic.uuid].put_nowait(bytes(data))
        else:
            self._inbox.put(characteristic, data)

    async def read_battery(self) -> None:
        """Read and follow the charge, where the band tells it."""
        if self.can(BATTERY_LEVEL, "notify"):
            await self.subscribe(BATTERY_LEVEL)
        if self.can(BATTERY_LEVEL, "read"):
            self._inbox.note(BATTERY_LEVEL, await self.read(BATTERY_LEVEL))


class _Inbox:
    """Notifications on their way from bleak's callbacks to the consumer; bounded, oldest dropped first."""

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock = clock
        self._name = name
        self._waiting: deque[Notification] = deque(maxlen=INBOX_LIMIT)
        self._changed = asyncio.Event()
        self._gone = asyncio.Event()

    def put(self, characteristic: BleakGATTCharacteristic, data: bytearray) -> None:
        """Callback of bleak for a notification."""
        self.note(characteristic.uuid, bytes(data))

    def note(self, uuid: str, data: bytes) -> None:
        """Take in a value of a characteristic."""
        self._waiting.append(Notification(uuid, data, self._clock.now_ns()))
        self._changed.set()

    def disconnected(self, _client: BleakClient) -> None:
        """Callback of bleak for a lost link."""
        self._gone.set()
        self._changed.set()

    def lost(self) -> SensorError | None:
        """The error for a link that is lost; None while it is not."""
        if not self._gone.is_set():
            return None
        return SensorError(
            SensorReason.DISCONNECTED, f"the link to {self._name} was lost: is the band charged and within reach?"
        )

    async def unless_lost(self, request: Coroutine[object, object, T]) -> T:
        """The answer to a GATT request, or the error of a link lost meanwhile: bleak 3.1 would then wait for ever."""
        asking = asyncio.ensure_future(request)
        losing = asyncio.ensure_future(self._gone.wait())
        try:
            async with asyncio.timeout(ATT_S):
                await asyncio.wait((asking, losing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            losing.cancel()
            asking.cancel()
        lost = self.lost()
        if lost is not None:
            await asyncio.gather(asking, return_exceptions=True)
            raise lost
        return asking.result()

    async def get(self) -> Notification:
        """The next notification; those that came before the link was lost are still handed out."""
        while not self._waiting:
            lost = self.lost()
            if lost is not None:
                raise lost
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()


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
    link.starting = False


def _radio_lock() -> asyncio.Lock:
    return _radio_locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())


async def _connect(config: BleBand, inbox: _Inbox) -> BleakClient:
    """Find and connect within the configured time, both together."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + config.connect_timeout_s
    device = await _find(config)
    if device is not None:
        left_s = max(1.0, deadline_s - loop.time())
        return await _open(device, inbox, left_s)
    left_behind = _left_connected(config)
    if left_behind is None:
        raise _not_found(config)
    try:
        return await _open(left_behind, inbox, LEFT_CONNECTED_S)
    except (BleakError, TimeoutError) as error:
        raise _not_found(config) from error


async def _open(device: BLEDevice, inbox: _Inbox, timeout_s: float) -> BleakClient:
    client = BleakClient(device, disconnected_callback=inbox.disconnected, timeout=timeout_s)
    # bleak bounds its own wait by the same time; this bound also covers its work before and after that wait.
    async with asyncio.timeout(timeout_s + 1.0):
        await client.connect()
    return client


async def _find(config: BleBand) -> BLEDevice | None:
    """Search for the band's advertisement."""
    if config.address is not None:
        return await BleakScanner.find_device_by_address(config.address, timeout=config.connect_timeout_s)
    return await BleakScanner.find_device_by_name(str(config.device_name), timeout=config.connect_timeout_s)


def _left_connected(config: BleBand) -> BLEDevice | None:
    """The band as BlueZ knows it when an earlier run was killed while connected: such a band does not advertise.

    Only the first adapter is looked at, and only a band that is configured by its address.
    """
    if config.address is None:
        return None
    path = f"/org/bluez/hci0/dev_{config.address.upper().replace(':', '_')}"
    return BLEDevice(config.address, None, {"path": path})


def _not_found(config: BleBand) -> SensorError:
    sought = config.address or f'"{config.device_name}"'
    return SensorError(
        SensorReason.NOT_FOUND,
        f"no band {sought} within {config.connect_timeout_s:g} s: is it switched on, charged, within reach, and free "
        "of any other phone or box?",
    )


async def _subscribe_battery(link: BleLink, name: str) -> None:
    """Follow the charge. A band that refuses this (some want to be paired first) is still of use."""
    try:
        await link.read_battery()
    except BleakError as error:
        log.debug("%s: the battery level cannot be read: %s", name, error)


async def _first(inbox: _Inbox, config: BleBand, within_s: float) -> Notification:
    try:
        async with asyncio.timeout(within_s):
            return await inbox.get()
    except TimeoutError as error:
        raise SensorError(
            SensorReason.NO_DATA,
            f"{config.name} is connected but sends nothing: wear it, or start its measurement",
        ) from error


async def _disconnect(client: BleakClient, name: str) -> None:
    """Let the band go. Whatever fails here, the link is of no more use."""
    try:
        async with asyncio.timeout(DISCONNECT_S):
            await client.disconnect()
    except (BleakError, OSError, EOFError, TimeoutError) as error:
        log.debug("%s: not disconnected cleanly: %r", name, error)
