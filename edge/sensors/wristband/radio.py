"""What all Bluetooth bands of one program share: the search for those that are missing, and one connect at a time.

One search serves every band that is missing, so a band that is away keeps no other from being found; it runs exactly
while somebody waits for a band. Connecting is done one after the other, because BlueZ takes one connect at a time per
adapter; the turn ends when the link stands, before the services are read.

Two libraries were weighed for this and left aside (November 2026). bleak-retry-connector 4.7 (MIT, by Home Assistant's
maintainer, four more packages) repeats a failed connect up to four times with pauses of its own and then tells one
generic error: here the care of sensors does the waiting, tells every reason at once and runs on the box's clock. It
does not search, nor does it queue connects. What it was wanted for, finding a link that a killed run has left behind,
bleak 3.1 offers itself. habluetooth 7.1 does share one search, but brings eighteen packages (9 MB, with a source build
and raw access to the adapter, for which a bedside service has no permission).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.wristband.bluez_watch import SERVICE_HANGS, BluezWatch
from edge.types import NS_PER_S

log = logging.getLogger(__name__)

RADIO_ERRORS = (BleakError, OSError, EOFError, TimeoutError)
"""What bleak and D-Bus raise when the radio or the band fails."""

RETRY_S = 1.0
"""Pause after a search could not be started. A change of adapter or service ends it at once; this is for the rest."""

RENEW_S = 30.0
"""A search is made anew this often, in case that it died without a word: three times the 10.24 s after which Linux
itself starts a search anew."""

LINK_S = 8.0
"""Longest wait for the link to a band that was just heard. Bands advertise every 20 ms to 1.3 s, so that is six chances
with the slowest; the other bands' connects wait meanwhile."""

POLL_S = 0.02
"""How often it is looked whether the link stands: bleak has no event for that."""

LET_GO_S = 3.0
"""Longest wait for a cancelled connect. A Bluetooth service that hangs answers nothing, not even the cancellation."""

HANG_S = 5.0
"""A Bluetooth service that owes an answer this long hangs; it answers these calls within milliseconds."""

NAME_SETTLE_S = 1.5
"""How long another device of the same name is listened for, unless the one found is the one of last time: longer than
the slowest usual advertising interval, 1.28 s (Bluetooth Core 5.4, Vol 3 Part C Appendix A)."""

GENERIC_SERVICES = ["1800", "1801"]
"""Generic Access and Generic Attribute: every connected device has them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a band is known.

    Attributes:
        address: its address, or that of the last connection where it is configured by name; None where unknown.
        name: the name it advertises; None where it is configured by address.
    """

    address: str | None
    name: str | None

    def surely(self, device: BLEDevice) -> bool:
        """Whether the device has the address."""
        return self.address is not None and device.address.upper() == self.address.upper()

    def maybe(self, device: BLEDevice) -> bool:
        """Whether the device has the name."""
        return self.name is not None and device.name == self.name


class Radio:
    """The shared use of the system's Bluetooth.

    Args:
        clock: its time.
    """

    def __init__(self, clock: Clock) -> None:
        """Nobody wants anything yet."""
        self._clock = clock
        self._searches: set[_Search] = set()
        self._links: dict[str, Callable[[SensorError], None]] = {}
        self._serving: asyncio.Task[None] | None = None
        self._users = 0
        self._stirred = asyncio.Event()
        self._renew = False
        self._connecting = asyncio.Lock()
        self._let_go: set[asyncio.Task[None]] = set()
        self._asked_ns: int | None = None

    @property
    def hangs(self) -> bool:
        """Whether the Bluetooth service has owed the answer to a search for long."""
        return self._asked_ns is not None and self._clock.now_ns() - self._asked_ns > HANG_S * NS_PER_S

    async def find(self, wanted: Wanted) -> BLEDevice:
        """Search until the band advertises; the caller bounds the time.

        Raises:
            BleakError: the radio cannot search.
            OSError, EOFError: there is no message bus.
            SensorError: AMBIGUOUS where several devices have the name.
        """
        with self._searching(_Search(wanted, patient=False)) as search:
            return await search.found

    async def heard(self, wanted: Wanted) -> None:
        """Wait, however long and through every failure of the radio, until the band advertises."""
        with self._searching(_Search(wanted, patient=True)) as search:
            await search.found

    async def left_connected(self, wanted: Wanted) -> BLEDevice | None:
        """The band where the system holds a link to it that is none of ours: such a band does not advertise.

        An earlier run that was killed leaves one behind. Only the first adapter with power is looked at.

        Raises:
            BleakError: there is no adapter with power.
            OSError, EOFError: there is no message bus.
            SensorError: RADIO_OFF where the service hangs.
        """
        try:
            async with asyncio.timeout(HANG_S):
                adapter = await BleakAdapter.get()
                devices = await adapter.get_connected_devices(GENERIC_SERVICES)
        except TimeoutError as error:
            raise SensorError(SensorReason.RADIO_OFF, SERVICE_HANGS) from error
        for device in devices:
            if (wanted.surely(device) or wanted.maybe(device)) and path_of(device) not in self._links:
                return device
        return None

    async def open(self, device: BLEDevice, on_lost: Callable[[BleakClient], None], services_s: float) -> BleakClient:
        """Connect, and read the services within `services_s`.

        Raises:
            BleakError: refused or lost.
            TimeoutError: no link within `LINK_S`, or no services in time.
        """
        client = BleakClient(device, disconnected_callback=on_lost, timeout=LINK_S + services_s)
        opening: asyncio.Task[None] | None = None
        try:
            async with self._connecting:
                opening = asyncio.create_task(client.connect())
                await self._linked(client, opening)
            async with asyncio.timeout(services_s):
                await asyncio.wait((opening,))
            opening.result()
        finally:
            if opening is not None and not opening.done():
                await self._drop(opening)
        return client

    @contextmanager
    def used(self) -> Iterator[None]:
        """Keep an eye on service and adapters for as long as the block runs."""
        self._users += 1
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._work())
        try:
            yield
        finally:
            self._users -= 1
            self._stirred.set()

    @contextmanager
    def holding(self, device: BLEDevice, lose: Callable[[SensorError], None]) -> Iterator[None]:
        """Have `lose` called when the service or the adapter behind an open link goes."""
        path = path_of(device)
        self._links[path] = lose
        try:
            with self.used():
                yield
        finally:
            del self._links[path]

    @contextmanager
    def _searching(self, search: _Search) -> Iterator[_Search]:
        # Made anew for every band that joins: within one search a controller may tell of a device only once.
        self._searches.add(search)
        self._changed()
        with self.used():
            try:
                yield search
            finally:
                self._searches.discard(search)
                search.end()

    def _changed(self) -> None:
        self._renew = True
        self._stirred.set()

    def _gone(self, path: str, reason: SensorReason, sentence: str) -> None:
        for link, lose in list(self._links.items()):
            if link == path or link.startswith(f"{path}/"):
                lose(SensorError(reason, sentence))

    async def _work(self) -> None:
        """Watch, and search where somebody searches, while the radio is used."""
        watch = BluezWatch(self._gone, self._changed)
        try:
            while self._users:
                self._renew = False
                try:
                    await watch.ensure()
                    await self._search()
                except RADIO_ERRORS as error:
                    for search in list(self._searches):
                        search.fail(error)
                    await self._pause(RETRY_S)
        finally:
            watch.close()

    async def _search(self) -> None:
        """Search until nobody is missing, or the search is to be made anew."""
        if not self._searches:
            await self._pause(RENEW_S)
            return
        scanner = BleakScanner(self._heard)
        with self._asking():
            await scanner.start()
        try:
            while self._searches and not self._renew:
                if not await self._pause(RENEW_S):
                    return
        finally:
            with self._asking():
                await _stop(scanner)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        self._asked_ns = self._clock.now_ns()
        try:
            yield
        finally:
            self._asked_ns = None

    async def _pause(self, seconds: float) -> bool:
        """Wait until something has changed, at most so long; False where nothing has."""
        try:
            async with asyncio.timeout(seconds):
                await self._stirred.wait()
        except TimeoutError:
            return False
        self._stirred.clear()
        return True

    def _heard(self, device: BLEDevice, _data: object) -> None:
        if _advertises(device) and path_of(device) not in self._links:
            for search in list(self._searches):
                search.offer(device)

    async def _linked(self, client: BleakClient, opening: asyncio.Task[None]) -> None:
        """Wait until the link stands or the connect is over."""
        until_ns = self._clock.now_ns() + round(LINK_S * NS_PER_S)
        while not opening.done() and not client.is_connected:
            if self._clock.now_ns() >= until_ns:
                raise TimeoutError
            await asyncio.wait((opening,), timeout=POLL_S)

    async def _drop(self, opening: asyncio.Task[None]) -> None:
        """Cancel a connect; if even that hangs, leave it to itself, so that the other bands can go on."""
        opening.cancel()
        await asyncio.wait((opening,), timeout=LET_GO_S)
        if opening.done():
            _over(opening)
        else:
            self._let_go.add(opening)
            opening.add_done_callback(_over)
            opening.add_done_callback(self._let_go.discard)


class _Search:
    """One band that is searched for."""

    def __init__(self, wanted: Wanted, *, patient: bool) -> None:
        loop = asyncio.get_running_loop()
        self._wanted = wanted
        self._patient = patient
        self._namesakes: dict[str, BLEDevice] = {}
        self._settling: asyncio.TimerHandle | None = None
        self.found: asyncio.Future[BLEDevice] = loop.create_future()

    def offer(self, device: BLEDevice) -> None:
        """A device advertises."""
        if self.found.done():
            return
        if self._wanted.surely(device) or (self._patient and self._wanted.maybe(device)):
            self.found.set_result(device)
        elif self._wanted.maybe(device):
            self._namesakes[device.address] = device
            if self._settling is None:
                self._settling = asyncio.get_running_loop().call_later(NAME_SETTLE_S, self._settle)

    def fail(self, error: Exception) -> None:
        """The radio cannot search."""
        if not self._patient and not self.found.done():
            self.found.set_exception(error)

    def end(self) -> None:
        """Nobody waits any more."""
        if self._settling is not None:
            self._settling.cancel()
        self.found.cancel()

    def _settle(self) -> None:
        if self.found.done():
            return
        if len(self._namesakes) == 1:
            self.found.set_result(next(iter(self._namesakes.values())))
            return
        addresses = " or ".join(f'"{address}"' for address in sorted(self._namesakes))
        self.found.set_exception(
            SensorError(
                SensorReason.AMBIGUOUS,
                f'{len(self._namesakes)} devices call themselves "{self._wanted.name}": in place of device_name write '
                f"address = {addresses}, whichever is this patient's",
            )
        )


_radios: WeakKeyDictionary[asyncio.AbstractEventLoop, Radio] = WeakKeyDictionary()


def shared_radio(clock: Clock) -> Radio:
    """The radio of the running event loop; bleak, too, keeps one connection to BlueZ per loop."""
    return _radios.setdefault(asyncio.get_running_loop(), Radio(clock))


def path_of(device: BLEDevice) -> str:
    """The device's D-Bus path where there is D-Bus, else its address: either tells devices apart."""
    details = device.details
    return str(details["path"]) if isinstance(details, dict) else device.address


def _advertises(device: BLEDevice) -> bool:
    """Whether a change that bleak reports is an advertisement: it also reports those of a link that ends."""
    props = device.details.get("props") if isinstance(device.details, dict) else None
    return props is None or ("RSSI" in props and not props.get("Connected"))


async def _stop(scanner: BleakScanner) -> None:
    try:
        await scanner.stop()
    except RADIO_ERRORS as error:  # ended by itself: switched off, unplugged, or the service has gone
        log.debug("the search was not stopped cleanly: %r", error)


def _over(opening: asyncio.Task[None]) -> None:
    """Look at how a connect that nobody waits for has ended."""
    if not opening.cancelled() and opening.exception() is not None:
        log.debug("a connect that was given up ended with %r", opening.exception())
