"""What is known of a sensor beside its connection, and how it is told."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from edge.clock import VirtualClock
from edge.errors import DecodeReason, SensorReason
from edge.sensors.gauge import SensorGauge, damage_of
from edge.sensors.report import (
    REPORT_FILE,
    BoxReport,
    ChannelReport,
    ClockReport,
    SensorReport,
    read_report,
    run_folder,
)
from edge.sensors.screen import duration, render
from edge.sensors.wristband.damage import Damage
from edge.types import NS_PER_S, Channel, Frame, SampleBlock, SensorState, SensorStatus, SensorWarning


def filled(seconds: int = 60, battery: float = 80.0) -> SensorGauge:
    """A gauge that a band has sent to for a while."""
    gauge = SensorGauge(5.0)
    for second in range(seconds):
        now_ns = (second + 1) * NS_PER_S
        wave = np.sin(np.arange(64) / 8.0).astype(np.float32)
        gauge.push(SampleBlock("wrist", Channel.PPG, wave, 64.0, now_ns, lost_before=second % 2), now_ns)
        gauge.push(SampleBlock("wrist", Channel.BATTERY_PERCENT, np.array([battery], np.float32), 0.0, now_ns), now_ns)
    return gauge


def streaming(now_s: int = 60) -> SensorStatus:
    """A band that streams since the beginning."""
    return SensorStatus("wrist", SensorState.STREAMING, None, (now_s - 60) * NS_PER_S)


def test_the_report_holds_rates_coverage_losses_and_charge() -> None:
    told = filled().report(streaming(), "ble_uart", 60 * NS_PER_S)
    ppg = told.channels[0]
    assert (ppg.channel, ppg.declared_hz, ppg.samples, ppg.lost) == ("ppg", 64.0, 3840, 30)
    assert ppg.measured_hz == pytest.approx(64.0, rel=0.11)
    assert ppg.coverage is not None
    assert ppg.coverage > 0.95
    assert (told.battery_percent, told.age_s, told.since_s) == (80.0, 0.0, 60.0)


def test_a_lost_band_has_no_rate() -> None:
    lost = SensorStatus("wrist", SensorState.LOST, SensorReason.DISCONNECTED, 59 * NS_PER_S, "gone")
    assert filled().report(lost, "ble_uart", 60 * NS_PER_S).channels[0].measured_hz == 0.0


def test_a_low_battery_is_a_warning() -> None:
    assert list(filled(battery=9.0).warnings()) == [SensorWarning.BATTERY_LOW]


def test_pictures_that_a_camera_left_out_are_counted() -> None:
    gauge = SensorGauge(2.0, 10.0)
    for index in (0, 1, 5, 6):
        gauge.push(Frame("bedside", np.zeros((2, 2), np.uint8), index, index), index * NS_PER_S)
    frames = gauge.report(streaming(), "v4l2", 6 * NS_PER_S).channels[0]
    assert (frames.channel, frames.samples, frames.lost) == ("frames", 4, 3)


def test_the_numbers_of_a_new_connection_are_no_loss() -> None:
    gauge = SensorGauge(2.0)
    gauge.push(Frame("bedside", np.zeros((2, 2), np.uint8), 0, 0), 0)
    gauge.connected(NS_PER_S)
    gauge.push(Frame("bedside", np.zeros((2, 2), np.uint8), 0, 900), NS_PER_S)
    assert gauge.report(streaming(), "v4l2", NS_PER_S).channels[0].lost == 0


def test_damage_is_counted_where_the_driver_counts_it() -> None:
    class Band:
        damage = Damage("wrist", VirtualClock())

    Band.damage.counts = Counter({DecodeReason.CHECKSUM: 2, DecodeReason.SHORT: 1})
    assert damage_of(Band()) == 3
    assert damage_of(object()) == 0


def box(*sensors: SensorReport, state_dir: str = "/state", at_ns: int = 0) -> BoxReport:
    """A report of these sensors."""
    return BoxReport(state_dir=state_dir, pid=42, boot_id="b", at_ns=at_ns, every_s=1.0, sensors=sensors)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    told = box(filled().report(streaming(), "ble_uart", 60 * NS_PER_S), state_dir=str(tmp_path))
    told.write(tmp_path / "run")
    assert read_report(tmp_path) == told


def test_a_box_is_known_by_its_folder_however_that_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box(state_dir=str(tmp_path)).write(tmp_path / "run")
    monkeypatch.chdir(tmp_path.parent)
    assert read_report(Path(tmp_path.name)) is not None


def test_writing_leaves_nothing_beside(tmp_path: Path) -> None:
    for at_ns in range(3):
        box(at_ns=at_ns).write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [REPORT_FILE]


def test_the_report_of_another_box_is_not_mine(tmp_path: Path) -> None:
    box(state_dir="/elsewhere").write(tmp_path / "run")
    assert read_report(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sensors": 3}', "\x00\xff"])
def test_a_damaged_report_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / REPORT_FILE).write_text(text)
    assert read_report(tmp_path) is None


def test_the_service_managers_folder_is_used_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    assert run_folder(tmp_path) == tmp_path / "run"
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/anodyne:/run/other")
    assert run_folder(tmp_path) == Path("/run/anodyne")


EVERYTHING = SensorReport(
    sensor="a-name-of-24-characters-",
    driver="ble_pulse_oximeter",
    state=SensorState.STALLED,
    reason=SensorReason.CHANNEL_SILENT,
    detail="nothing arrives any more of skin_temperature_c, gsr_us, heart_rate_bpm, and that for quite some time now",
    since_s=86_400.0,
    age_s=3600.0,
    warnings={
        warning: f"a sentence about {warning} that is rather long and has to be wrapped" for warning in SensorWarning
    },
    channels=tuple(
        ChannelReport(
            channel=channel, declared_hz=1024.0, measured_hz=1023.9, coverage=1.0, samples=123_456_789, lost=1_234_567
        )
        for channel in Channel
    ),
    battery_percent=7.0,
    outages=123,
    dropped=4567,
    duplicates=890,
    damage=1234,
    quality={"ppg": 0.93, "gsr": 0.0, "hr": 0.2},
    absent={"gsr": "not_worn"},
    clock=ClockReport(offset_s=12.0, drift_ppm=-123.0, jitter_ms=250.0),
)


def shown(report: BoxReport) -> str:
    """The screen as text, 80 columns wide."""
    console = Console(width=80, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        console.print(render(report, "Sensors of home/bed1", "Ctrl-C ends"))
    return capture.get()


def test_the_screen_fits_80_columns_with_everything_on_it() -> None:
    lines = shown(box(EVERYTHING)).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80
    rows = [line for line in lines if "1024/s" in line]
    assert len(rows) == len(Channel)  # no row is wrapped


@pytest.mark.parametrize(
    "words",
    [
        "stalled",
        "channel silent",
        "battery low",
        "not worn",
        "7 %",
        "-123 ppm",
        "none (not worn)",
        "ble_pulse_oximeter",
    ],
)
def test_the_screen_says(words: str) -> None:
    assert words in shown(box(EVERYTHING))


def test_without_sensors_the_screen_says_how_to_find_them() -> None:
    assert "anodyne scan" in shown(box())


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.42, "0.4 s"), (59.0, "59 s"), (150.0, "2 min"), (9000.0, "2.5 h"), (-1.0, "0.0 s")]
)
def test_durations_are_said_as_people_do(seconds: float, words: str) -> None:
    assert duration(seconds) == words
