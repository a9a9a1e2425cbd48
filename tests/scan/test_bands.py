"""Bands on the air: bleak's own search over a private bus, and what a name or a service suggests."""

from __future__ import annotations

import pytest

from edge.config import loads
from edge.scan.bands import Heard, look, suggestions, tell
from edge.scan.found import stanza
from tests.peers.band import ADDRESS, NAME, VirtualBand
from tests.peers.bluez_faults import FaultyBlueZ

HEART_RATE = "0000180d-0000-1000-8000-00805f9b34fb"
OXIMETER = "00001822-0000-1000-8000-00805f9b34fb"
UART = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
LAMP = "0000fee7-0000-1000-8000-00805f9b34fb"


def drivers(name: str, *services: str) -> list[str]:
    """The drivers that suit a device."""
    return [kind.__name__ for kind in suggestions(Heard("C0:00:00:00:00:01", name, -60, services))]


async def test_a_band_on_the_air_is_found_with_its_stanza(band: VirtualBand) -> None:
    assert band is not None
    looked = await look(1.0)
    assert [one.title for one in looked.found] == [f"{NAME} at {ADDRESS}"]
    assert looked.found[0].facts[:2] == ("signal -50 dBm", "advertises heart rate")
    written = stanza(looked.found[0], set())
    assert written is not None
    assert loads(written[1], "pasted").sensor[0].driver == "ble_heart_rate"


async def test_nobody_on_the_air_is_nothing_found(bluez: FaultyBlueZ) -> None:
    assert bluez is not None
    assert (await look(0.3)).found == ()


async def test_a_radio_that_is_switched_off_is_one_line(bluez: FaultyBlueZ) -> None:
    bluez.set_powered(on=False)
    looked = await look(0.3)
    assert looked.found == ()
    assert "switched off" in looked.notes[0]


async def test_a_machine_without_a_bluetooth_service_is_one_line(
    bus_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus_address)
    assert "systemctl enable --now bluetooth" in (await look(0.3)).notes[0]


async def test_a_machine_without_a_message_bus_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    assert "message bus cannot be reached" in (await look(0.3)).notes[0]


@pytest.mark.parametrize(
    ("name", "services", "wanted"),
    [
        ("Polar H10 9F6E5322", (), ["PolarStrap"]),
        ("Polar H10 9F6E5322", (HEART_RATE,), ["PolarStrap"]),
        ("Polar Sense 8C4C1234", (HEART_RATE,), ["PolarBand"]),
        ("Tickr 1234", (HEART_RATE,), ["HeartRateBand"]),
        ("", (OXIMETER,), ["PulseOximeterBand"]),
        ("my band", (UART, HEART_RATE), ["NordicUartBand", "HeartRateBand"]),
        ("lamp", (LAMP,), []),
    ],
)
def test_names_and_services_suggest_drivers(name: str, services: tuple[str, ...], wanted: list[str]) -> None:
    assert drivers(name, *services) == wanted


def test_where_two_drivers_suit_the_other_is_a_remark() -> None:
    found = tell([Heard("C0:00:00:00:00:01", "my band", -60, (UART, HEART_RATE))]).found[0]
    assert (found.driver, found.remark) == ("ble_uart", 'or driver = "ble_heart_rate"')


def test_the_nearest_comes_first_and_strangers_are_counted() -> None:
    heard = [
        Heard("C0:00:00:00:00:01", "far", -90, (HEART_RATE,)),
        Heard("C0:00:00:00:00:02", "near", -40, (HEART_RATE,)),
        Heard("C0:00:00:00:00:03", "lamp", -30, (LAMP,)),
    ]
    looked = tell(heard)
    assert [one.title for one in looked.found] == ["near at C0:00:00:00:00:02", "far at C0:00:00:00:00:01"]
    assert looked.notes[0].endswith("known for: 1")
    assert "weak: bring it nearer" in looked.found[1].facts[0]
