"""One Bluetooth Low Energy connection: find the band, connect, subscribe, hand on notifications, let go.

Talks to the system's Bluetooth through bleak. Everything that bleak or D-Bus can raise leaves this module as a
`SensorError` whose sentence says what a person at the bed can do.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Coroutine
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakKeyDictionary

from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from edge.clock import Clock
from edge.config import BleBand
from edge.errors import SensorError, SensorReason
from edge.sensors.wristband.ble_errors import sensor_error

T = TypeVar("T")

log = logging.getLogger(__name__)

BATTERY_LEVEL = "00002a19-0000-1000-8000-00805f9b34fb"
"""Battery Level of the Battery Service (Bluetooth GATT Specification Supplement): one byte, percent."""

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


@dataclass(frozen=True, slots=True)
class Notification:
    """One value that the band sent, or that was read from it.

    Attributes:
        uuid: the characteristic, as a lower-case 128-bit UUID.
        data: the raw value.
        arrived_ns: monotonic time at which it reached this program.
    """

    uuid: str
    data: bytes
    arrived_ns: int


async def notifications(
    config: BleBand, clock: Clock, wanted: str, first_within_s: float
) -> AsyncGenerator[Notification, None]:
    """Connect to a band and yield what it notifies on `wanted`, and its battery level where it has one.

    Args:
        config: how to find the band.
        clock: stamps the arrivals.
        wanted: UUID of the characteristic that makes it the right kind of band.
        first_within_s: the band must send its first value within this, seconds.

    Raises:
        SensorError: NOT_FOUND, TIMED_OUT, RADIO_OFF, WRONG_DEVICE, NO_DATA, or DISCONNECTED when the link is lost.
    """
    inbox = _Inbox(clock, config.name)
    client: BleakClient | None = None
    try:
        async with _radio_lock():
            client = await _connect(config, inbox)
        await _subscribe(client, config, wanted, inbox)
        yield await _first(inbox, config, first_within_s)
        await _subscribe_battery(client, config.name, inbox)
        while True:
            yield await inbox.get()
    except (BleakError, OSError, EOFError, TimeoutError) as error:
        raise (inbox.lost() or sensor_error(error, config)) from error
    finally:
        if client is not None:
            await _disconnect(client, config.name)


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
        self._waiting.append(Notification(characteristic.uuid, bytes(data), self._clock.now_ns()))
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


async def _subscribe(client: BleakClient, config: BleBand, wanted: str, inbox: _Inbox) -> None:
    if client.services.get_characteristic(wanted) is None:
        raise SensorError(
            SensorReason.WRONG_DEVICE,
            f"{config.name} does not offer the characteristic {wanted}: choose another `driver` for it",
        )
    await inbox.unless_lost(client.start_notify(wanted, inbox.put))


async def _subscribe_battery(client: BleakClient, name: str, inbox: _Inbox) -> None:
    """Read and follow the charge. A band that refuses this (some want to be paired first) is still of use."""
    battery = client.services.get_characteristic(BATTERY_LEVEL)
    if battery is None:
        return
    try:
        if "notify" in battery.properties:
            await inbox.unless_lost(client.start_notify(battery, inbox.put))
        if "read" in battery.properties:
            inbox.put(battery, await inbox.unless_lost(client.read_gatt_char(battery)))
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
