"""The button at the bed: mock pins, the true daemon's log of reports."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory

from edge import clock as clocks
from edge import config
from edge.alarm.reports import Report, Reports
from edge.button import ReportButton
from edge.clock import VirtualClock
from edge.daemon import Daemon
from edge.errors import CommandError, CommandReason, ConfigError
from edge.publish.payload import ReportCommand
from edge.store import Store
from edge.types import Alert, Condition, Validity

PIN = 22
SETTINGS = config.Button(pin=PIN)


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    """A board without a board."""
    factory = MockFactory()
    gpiozero.Device.pin_factory = factory
    yield factory
    factory.reset()
    gpiozero.Device.pin_factory = None


def push(pins: MockFactory, *, pull_up: bool = True) -> None:
    """Press and let go, as a finger does, in real time: gpiozero counts its bouncing in that."""
    pin = pins.pin(PIN)
    for down in (True, False):
        (pin.drive_low if down is pull_up else pin.drive_high)()
        time.sleep(0.1)


async def pressed(
    pins: MockFactory, settings: config.Button, times: int, apart_s: float = 0.0
) -> tuple[list[ReportCommand], ReportButton]:
    heard: list[ReportCommand] = []
    clock = VirtualClock()
    button = ReportButton(settings, clock, heard.append)
    running = asyncio.create_task(button.run())
    await asyncio.sleep(0)
    for _ in range(times):
        await asyncio.to_thread(push, pins, pull_up=settings.pull_up)
        await asyncio.sleep(0.05)
        clock.advance(apart_s)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return heard, button


@pytest.mark.parametrize("pull_up", [True, False])
async def test_a_press_is_a_report_of_the_declared_pain(pins: MockFactory, pull_up: bool) -> None:
    settings = config.Button(pin=PIN, nrs=8, by="daughter", pull_up=pull_up)
    heard, button = await pressed(pins, settings, 1)
    assert [(one.do, one.scale, one.value, one.by) for one in heard] == [("report", "nrs", 8, "daughter")]
    assert button.fault == ""


async def test_presses_in_a_row_are_one_report(pins: MockFactory) -> None:
    assert len((await pressed(pins, SETTINGS, 3, apart_s=5.0))[0]) == 1


async def test_a_press_a_minute_later_is_another_report_with_an_id_of_its_own(pins: MockFactory) -> None:
    heard, _ = await pressed(pins, SETTINGS, 2, apart_s=60.0)
    assert len({one.id for one in heard}) == 2


async def test_the_pin_is_let_go_of_at_the_end(pins: MockFactory) -> None:
    for _ in range(2):
        assert (await pressed(pins, SETTINGS, 1))[1].fault == ""


@pytest.mark.usefixtures("pins")
async def test_a_pin_that_is_taken_is_a_fault_that_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    taken = gpiozero.LED(PIN)
    button = ReportButton(SETTINGS, VirtualClock(), lambda _: None)
    with caplog.at_level(logging.ERROR, logger="edge.button"):
        await button.run()
    taken.close()
    assert button.fault.startswith(f"the button's pin {PIN} cannot be taken")
    assert button.fault in caplog.text


def test_a_report_that_is_refused_is_logged_and_the_next_press_tries_again(caplog: pytest.LogCaptureFixture) -> None:
    tried: list[ReportCommand] = []

    def full(command: ReportCommand) -> None:
        tried.append(command)
        raise CommandError(CommandReason.NOT_APPLICABLE, "the report was not kept: disk full")

    button = ReportButton(SETTINGS, VirtualClock(), full)
    with caplog.at_level(logging.ERROR, logger="edge.button"):
        button.press()
        button.press()
    assert len(tried) == 2
    assert "a press of the button is lost: the report was not kept: disk full" in caplog.text


@pytest.mark.models
def test_a_press_at_the_bed_is_kept_and_raises_nothing(pins: MockFactory, tmp_path: Path) -> None:
    raised, kept = bed(tmp_path, pins, press=True)
    assert [(one.scale, one.value, one.by, one.verdict) for one in kept] == [("nrs", 7, "patient", "cannot_assess")]
    assert Condition.ANNUNCIATOR_FAILING not in {one.condition for one in raised}
    assert Condition.PAIN not in {one.condition for one in raised}


@pytest.mark.models
def test_a_button_that_cannot_be_heard_is_an_alarm(pins: MockFactory, tmp_path: Path) -> None:
    taken = gpiozero.LED(PIN)
    raised, kept = bed(tmp_path, pins, press=False)
    taken.close()
    assert kept == []
    assert Condition.ANNUNCIATOR_FAILING in {one.condition for one in raised}


def bed(folder: Path, pins: MockFactory, *, press: bool) -> tuple[list[Alert], list[Report]]:
    """Ten seconds of the true daemon without sensors; the button is pressed after five."""
    settings = config.Config(
        box=config.Box(site="w", bed="b", state_dir=folder, validity=Validity.TEST),
        button=SETTINGS,
        mqtt=config.Mqtt(host="127.0.0.1", port=9),
    )
    clock, raised = VirtualClock(), list[Alert]()
    store = Store.open(folder / "state.db")

    async def live() -> list[Report]:
        daemon = Daemon(settings, clock, on_alert=raised.append, store=store, reports=False)
        running = asyncio.create_task(daemon.run())
        await clock.sleep(5.0)
        if press:
            with clock.hold():
                await asyncio.to_thread(push, pins)
        await clock.sleep(5.0)
        kept = Reports(store).kept()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return kept

    return raised, clocks.run(clock, live())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[button]\npin = 28\n", "button.pin"),
        ("[button]\npin = 5\nnrs = 11\n", "button.nrs"),
        (
            "[annunciator]\nlight_pin = 5\n[button]\npin = 5\n",
            "which is annunciator.light_pin: give the button another",
        ),
    ],
)
def test_a_wrong_button_is_told(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        config.loads(text)
