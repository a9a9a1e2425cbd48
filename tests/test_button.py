"""The button at the bed: a press is one report beside the assessment; a pin that is missing costs nothing."""

from __future__ import annotations

import asyncio
import logging
from contextlib import closing, suppress
from pathlib import Path

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory

from edge import clock as clocks
from edge import config
from edge.alarm.reports import Reports
from edge.button import REST_S, ReportButton
from edge.daemon import STORE_FILE, Daemon
from edge.errors import CommandError, CommandReason, ConfigError
from edge.publish.commands import Done, Outcome
from edge.publish.embedded import free_port
from edge.publish.payload import ReportCommand
from edge.sensors.simulated.band import SimulatedBand
from edge.store import Store
from edge.types import Alert, Condition, Validity

PIN = 24


def push(pins: MockFactory) -> None:
    pins.pin(PIN).drive_low()
    pins.pin(PIN).drive_high()


def settings_of(folder: Path) -> config.Config:
    return config.Config(
        box=config.Box(site="test", bed="bed1", state_dir=folder, validity=Validity.TEST),
        sensor=(SimulatedBand(driver="simulated_band", name="band"),),
        button=config.Button(pin=PIN),
        mqtt=config.Mqtt(host="127.0.0.1", port=free_port()),
    )


class Nurse:
    """Takes reports, or refuses them."""

    def __init__(self) -> None:
        self.said: list[ReportCommand] = []
        self.refuses = False

    def take(self, command: ReportCommand) -> Outcome:
        """Note it."""
        if self.refuses:
            raise CommandError(CommandReason.NOT_APPLICABLE, "the disk is full")
        self.said.append(command)
        return Done("noted")


def test_a_pin_that_is_busy_in_a_way_of_its_own_library_costs_the_button_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class BusyError(Exception):
        """lgpio's errors have no other class."""

    def take(_: int, bounce_time: float) -> None:
        raise BusyError(f"GPIO busy, {bounce_time}")

    monkeypatch.setattr(gpiozero, "Button", take)
    clock = clocks.VirtualClock()
    button = ReportButton(config.Button(pin=PIN), clock, Nurse().take)

    async def live() -> None:
        running = asyncio.create_task(button.run())
        await clock.sleep(200)
        assert not running.done()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    clocks.run(clock, live())
    assert "GPIO busy" in button.fault


def test_a_press_is_one_report_however_often_it_is_pressed() -> None:
    clock, nurse = clocks.VirtualClock(), Nurse()
    button = ReportButton(config.Button(pin=PIN, value=8, by="daughter"), clock, nurse.take)

    async def presses() -> None:
        for wait_s in (1.0, 2.0, REST_S, 0.5):
            button.press()
            await clock.sleep(wait_s)

    clocks.run(clock, presses())
    assert [(one.scale, one.value, one.by) for one in nurse.said] == [("nrs", 8, "daughter")] * 2


def test_a_report_that_was_not_kept_can_be_pressed_again(caplog: pytest.LogCaptureFixture) -> None:
    nurse = Nurse()
    button = ReportButton(config.Button(pin=PIN), clocks.VirtualClock(), nurse.take)
    nurse.refuses = True
    button.press()
    nurse.refuses = False
    button.press()
    assert "the disk is full" in caplog.text
    assert [one.value for one in nurse.said] == [7]


def test_a_press_of_the_pin_is_kept_beside_the_assessment(tmp_path: Path, pins: MockFactory) -> None:
    async def live() -> None:
        assessed = asyncio.Event()
        daemon = Daemon(
            settings_of(tmp_path), clocks.SystemClock(), on_assessment=lambda _: assessed.set(), reports=False
        )
        task = asyncio.create_task(daemon.run())
        async with asyncio.timeout(30.0):
            await assessed.wait()
            await asyncio.sleep(0.5)
            push(pins)
            await asyncio.sleep(0.5)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(live())
    with closing(Store.open(tmp_path / STORE_FILE)) as store:
        kept = Reports(store).kept()
    assert [(one.scale, one.value, one.by) for one in kept] == [("nrs", 7, "button")]
    assert kept[0].verdict is not None


def test_a_pin_that_cannot_be_taken_is_told_once_and_tried_again(
    pins: MockFactory, caplog: pytest.LogCaptureFixture
) -> None:
    taken = gpiozero.DigitalOutputDevice(PIN)
    clock, nurse = clocks.VirtualClock(), Nurse()
    button = ReportButton(config.Button(pin=PIN), clock, nurse.take)

    async def live() -> None:
        task = asyncio.create_task(button.run())
        await clock.sleep(130.0)
        assert f"pin {PIN}" in button.fault
        taken.close()
        await clock.sleep(60.0)
        push(pins)
        await clock.sleep(1.0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    with caplog.at_level(logging.ERROR):
        clocks.run(clock, live())
    assert button.fault == ""
    assert caplog.text.count(f"pin {PIN} of the button cannot be taken") == 1
    assert len(nurse.said) == 1


def test_a_pin_that_the_light_has_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"has pin 24, which \[annunciator\] uses"):
        config.loads("[annunciator]\nlight_pin = 24\n[button]\npin = 24\n", "box.toml")


def test_a_button_that_cannot_be_heard_is_an_alarm_of_its_own(tmp_path: Path, pins: MockFactory) -> None:
    assert not pins.pin(PIN).state
    taken = gpiozero.DigitalOutputDevice(PIN)
    clock = clocks.VirtualClock()
    alerts: list[Alert] = []
    daemon = Daemon(settings_of(tmp_path), clock, on_alert=alerts.append, reports=False)

    async def live() -> None:
        task = asyncio.create_task(daemon.run())
        await clock.sleep(10.0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    clocks.run(clock, live())
    taken.close()
    assert Condition.ANNUNCIATOR_FAILING in [one.condition for one in alerts]
