"""What is wrong with a sensor reaches the assessment and the report: blind is not calm."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge import clock, config
from edge.daemon import Daemon
from edge.demo.setup import DELAYS
from edge.publish.embedded import free_port
from edge.sensors.report import BoxReport, read_report
from edge.sensors.simulated.band import SimulatedBand
from edge.sensors.table import Band
from edge.sensors.wristband.e4 import E4Recording
from edge.types import Absence, Assessment, Modality, SensorState, SensorWarning, Validity

START = 1_644_227_574
"""Unix time at which the made-up sessions begin."""


class Box:
    """A daemon on a virtual clock, with what it said."""

    def __init__(self, state_dir: Path, *sensors: Band) -> None:
        """Build it."""
        self.clock = clock.VirtualClock()
        self.assessments: list[Assessment] = []
        self.state_dir = state_dir
        self.report: BoxReport | None = None
        settings = config.Config(
            box=config.Box(site="test", bed="bed1", state_dir=state_dir, validity=Validity.TEST),
            sensor=sensors,
            fusion=config.Fusion(tick_s=1.0),
            alarm=DELAYS,
            mqtt=config.Mqtt(host="127.0.0.1", port=free_port()),
        )
        self.daemon = Daemon(settings, self.clock, on_assessment=self.assessments.append)

    def live(self, seconds: float) -> Box:
        """Let virtual time pass, and keep the report of the last second."""
        clock.run(self.clock, self._live(seconds))
        return self

    async def _live(self, seconds: float) -> None:
        task = asyncio.create_task(self.daemon.run())
        await self.clock.sleep(seconds)
        self.report = read_report(self.state_dir)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    def at(self, seconds: float) -> Assessment:
        """The assessment of that second."""
        return self.assessments[int(seconds)]


def column(rate_hz: float, values: NDArray[np.float64]) -> str:
    """A file of the E4 with one column."""
    return "\n".join([f"{START}.0", f"{rate_hz}", *(f"{value:.4f}" for value in values)]) + "\n"


def session(folder: Path, seconds: int, off_from_s: int) -> E4Recording:
    """A band that is worn, and from then on lies on a table."""
    rng = np.random.default_rng(1)
    folder.mkdir()
    time_s = np.arange(seconds * 64) / 64.0
    pulse = 60.0 * np.sin(2.4 * np.pi * time_s) + rng.normal(0.0, 2.0, time_s.size)
    pulse[off_from_s * 64 :] = rng.normal(0.0, 3.0, time_s.size - off_from_s * 64)
    (folder / "BVP.csv").write_text(column(64.0, pulse))
    still = rng.normal([0.0, 0.0, 64.0], 0.3, (seconds * 32, 3)).round().astype(int)
    rows = [f"{x},{y},{z}" for x, y, z in still]
    (folder / "ACC.csv").write_text("\n".join([f"{START}.0,{START}.0,{START}.0", "32.0,32.0,32.0", *rows]) + "\n")
    return E4Recording(driver="e4_recording", name="wrist", folder=folder)


def skin_session(folder: Path, celsius: float) -> E4Recording:
    """A minute and a half of skin conductance beside a skin temperature."""
    rng = np.random.default_rng(1)
    folder.mkdir()
    (folder / "EDA.csv").write_text(column(4.0, 3.0 + 0.1 * rng.normal(0.0, 0.02, 360).cumsum()))
    (folder / "TEMP.csv").write_text(column(4.0, np.full(360, celsius)))
    return E4Recording(driver="e4_recording", name="wrist", folder=folder)


@pytest.fixture(autouse=True)
def no_service_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report goes into the state folder."""
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)


@pytest.fixture(scope="module")
def taken_off(tmp_path_factory: pytest.TempPathFactory) -> Box:
    """A box whose band is taken off after two minutes, five and a half minutes later."""
    folder = tmp_path_factory.mktemp("box")
    return Box(folder, session(folder / "session", 470, off_from_s=120)).live(460)


def test_a_band_on_a_table_is_never_calm(taken_off: Box) -> None:
    assert all(assessment.score is None for assessment in taken_off.assessments[160:])


def test_a_band_on_a_table_is_said_to_be_not_worn(taken_off: Box) -> None:
    assert taken_off.at(459).missing[Modality.PPG] is Absence.NOT_WORN


def test_until_that_is_sure_the_signal_is_only_poor(taken_off: Box) -> None:
    assert taken_off.at(250).missing[Modality.PPG] is Absence.POOR_SIGNAL


def test_the_report_says_so_too(taken_off: Box) -> None:
    assert taken_off.report is not None
    sensor = taken_off.report.sensors[0]
    assert list(sensor.warnings) == [SensorWarning.NOT_WORN]
    assert sensor.absent == {"ppg": "not_worn"}


@pytest.mark.parametrize(("celsius", "absence"), [(28.0, None), (22.0, Absence.POOR_SIGNAL)])
def test_skin_as_cold_as_the_room_is_not_the_patients(tmp_path: Path, celsius: float, absence: Absence | None) -> None:
    box = Box(tmp_path, skin_session(tmp_path / "session", celsius)).live(60)
    assert box.at(55).missing.get(Modality.GSR) is absence


def test_of_two_bands_each_has_its_own_state_in_the_report(tmp_path: Path) -> None:
    gone = E4Recording(driver="e4_recording", name="left", folder=tmp_path / "none")
    good = SimulatedBand(driver="simulated_band", name="right")
    report = Box(tmp_path, gone, good).live(30).report
    assert report is not None
    assert [(sensor.sensor, sensor.state) for sensor in report.sensors] == [
        ("left", SensorState.LOST),
        ("right", SensorState.STREAMING),
    ]


def test_the_report_follows_rates_quality_and_the_bands_clock(tmp_path: Path) -> None:
    report = Box(tmp_path, SimulatedBand(driver="simulated_band", name="right")).live(90).report
    assert report is not None
    sensor = report.sensors[0]
    assert [channel.coverage for channel in sensor.channels] == pytest.approx([1.0, 1.0, 1.0], abs=0.05)
    assert sensor.quality["ppg"] > 0.5
    assert sensor.clock is not None
    assert abs(sensor.clock.drift_ppm) < 20.0
