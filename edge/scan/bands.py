"""Bluetooth Low Energy bands on the air, and the driver that each seems to want."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import get_args

from edge.errors import SensorError
from edge.scan.found import Found, Kind, Looked
from edge.sensors.table import Band
from edge.sensors.wristband.ble_band import BleBand

_SERVICE_WORDS = {
    "180d": "heart rate",
    "1822": "pulse oximeter",
    "180f": "battery level",
    "6e400001": "Nordic UART",
}
"""Services worth a word: the beginning of their UUID without the leading zeros."""

_BASE = "-0000-1000-8000-00805f9b34fb"
"""End of the 128-bit form of every 16-bit service number."""

START_S = 10.0
"""Longest wait for the search to start and to stop; BlueZ answers at once or, when it hangs, never."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One device on the air.

    Attributes:
        address: its Bluetooth address.
        name: what it calls itself; empty for many.
        rssi_dbm: signal strength.
        services: UUIDs that it advertises; what it has besides is only seen when connected.
    """

    address: str
    name: str
    rssi_dbm: int
    services: tuple[str, ...]


async def look(seconds: float) -> Looked:
    """Listen for so long; the bands that a driver is known for come first, strongest first."""
    try:
        async with asyncio.timeout(seconds + START_S):
            heard = await _listen(seconds)
    except TimeoutError:
        return Looked(notes=("no Bluetooth bands: the Bluetooth service does not answer",))
    except SensorError as error:
        return Looked(notes=(f"no Bluetooth bands: {error.message}",))
    return tell(heard)


def tell(heard: Iterable[Heard]) -> Looked:
    """The bands among what was heard; what no driver is known for is only counted."""
    loudest_first = sorted(heard, key=lambda one: -one.rssi_dbm)
    matched = [(one, found) for one in loudest_first for found in _found(one)]
    strangers = len(loudest_first) - len({one.address for one, _ in matched})
    notes = ["a band that another box, phone or the running daemon is connected to is silent and not seen"]
    if strangers:
        notes.insert(0, f"heard besides, of no kind that a driver is known for: {strangers}")
    return Looked(tuple(found for _, found in matched), tuple(notes))


def suggestions(one: Heard) -> Iterator[type[BleBand]]:
    """The stanzas that suit the device, those with most to tell first.

    A name says more than a service that many have: where one is known, the services are not asked.
    """
    kinds = [kind for kind in get_args(Band) if isinstance(kind, type) and issubclass(kind, BleBand)]
    kinds.sort(key=lambda kind: -len(kind.modalities))
    named = [kind for kind in kinds if one.name.startswith(kind.advertised_names or ("\0",))]
    yield from named
    if not named:
        yield from (kind for kind in kinds if kind.advertised_services & set(one.services))


def _found(one: Heard) -> Iterator[Found]:
    kinds = list(suggestions(one))
    if not kinds:
        return
    facts = (f"signal {one.rssi_dbm} dBm{_nearness(one.rssi_dbm)}", *_offers(one), "charge unknown until connected")
    others = [str(get_args(kind.model_fields["driver"].annotation)[0]) for kind in kinds]
    remark = "or " + " or ".join(f'driver = "{other}"' for other in others[1:]) if len(others) > 1 else ""
    title = f"{one.name or 'a nameless band'} at {one.address}"
    yield Found(Kind.BAND, title, facts, others[0], {"address": one.address}, remark)


def _offers(one: Heard) -> tuple[str, ...]:
    words = [_service_words(uuid) for uuid in one.services]
    return (f"advertises {', '.join(words)}",) if words else ()


def _service_words(uuid: str) -> str:
    short = uuid.lower().removesuffix(_BASE).lstrip("0")
    return _SERVICE_WORDS.get(short, _SERVICE_WORDS.get(uuid.lower()[:8], short))


def _nearness(rssi_dbm: int) -> str:
    """Below -80 dBm a link of Bluetooth Low Energy begins to lose packets at the usual 1 Mbit/s."""
    return ", weak: bring it nearer" if rssi_dbm < -80 else ""


async def _listen(seconds: float) -> list[Heard]:
    """Everything that advertises.

    Raises:
        SensorError: RADIO_OFF: there is no radio, no Bluetooth service, or no permission.
    """
    from bleak import BleakScanner
    from bleak.exc import BleakError

    from edge.errors import SensorReason
    from edge.sensors.wristband.ble_errors import radio_error

    try:
        heard = await BleakScanner.discover(timeout=seconds, return_adv=True)
    except (BleakError, OSError, EOFError) as error:
        raise radio_error(error) or SensorError(SensorReason.RADIO_OFF, f"the search failed: {error}") from error
    return [
        Heard(device.address, (data.local_name or "").strip(), data.rssi, tuple(data.service_uuids))
        for device, data in heard.values()
    ]
