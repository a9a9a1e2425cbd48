"""Whether a band is on a wrist: by its flag, by its electrodes, by its pulse wave; and on 35 real wrists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from edge.sensors.wear import DEAD_PPG_S, NO_CONTACT_S, NO_PULSE_S, NO_PULSE_STILL_S, OPEN_S, WearMonitor, pulsation
from edge.types import NS_PER_S, Channel, SampleBlock

PPG_HZ, GSR_HZ, ACC_HZ = 64.0, 4.0, 32.0
TABLE_US = 0.017
"""Conductance of the one real band that was taken off."""


def block(channel: Channel, values: NDArray[np.float64], rate_hz: float, second: int) -> SampleBlock:
    """A second's block, arrived at its end."""
    return SampleBlock("wrist", channel, values.astype(np.float32), rate_hz, (second + 1) * NS_PER_S)


def pulse(second: int) -> NDArray[np.float64]:
    """A second of a clean pulse at 72 per minute."""
    time_s = second + np.arange(int(PPG_HZ)) / PPG_HZ
    return np.asarray(100.0 * (np.sin(2.4 * np.pi * time_s) + 0.4 * np.sin(4.8 * np.pi * time_s + 1.0)), np.float64)


def noise(second: int) -> NDArray[np.float64]:
    """A second of what a photodiode sees of a table."""
    return np.random.default_rng(second).normal(0.0, 3.0, int(PPG_HZ))


def still(second: int) -> NDArray[np.float64]:
    """Acceleration of a band that lies on a table."""
    return np.random.default_rng(second).normal([0.0, 0.0, 1.0], 0.005, (int(ACC_HZ), 3))


def moving(second: int) -> NDArray[np.float64]:
    """Acceleration of an arm that is washed."""
    return np.random.default_rng(second).normal([0.0, 0.0, 1.0], 0.3, (int(ACC_HZ), 3))


class Wrist:
    """A monitor and what it said, second by second."""

    def __init__(self) -> None:
        """Nothing was heard."""
        self.monitor = WearMonitor()
        self.second = 0

    def live(
        self,
        seconds: float,
        *,
        gsr_us: float | None = None,
        ppg: object = None,
        acc: object = None,
        contact: float | None = None,
    ) -> float | None:
        """Let time pass; the answer is after how many seconds the verdict changed, None if it did not."""
        before = self.monitor.worn
        changed: float | None = None
        for passed in range(int(seconds)):
            for one in self._blocks(gsr_us, ppg, acc, contact):
                self.monitor.push(one)
            self.second += 1
            if changed is None and self.monitor.worn is not before:
                changed = passed + 1.0
        return changed

    def _blocks(self, gsr_us: float | None, ppg: object, acc: object, contact: float | None) -> Iterator[SampleBlock]:
        if contact is not None:
            yield block(Channel.CONTACT, np.array([contact]), 0.0, self.second)
        if gsr_us is not None:
            yield block(Channel.GSR_US, np.full(int(GSR_HZ), gsr_us), GSR_HZ, self.second)
        for channel, rate_hz, signal in ((Channel.ACC_G, ACC_HZ, acc), (Channel.PPG, PPG_HZ, ppg)):
            if callable(signal):
                yield block(channel, signal(self.second), rate_hz, self.second)


def test_a_worn_band_is_worn() -> None:
    assert Wrist().live(600, gsr_us=2.0, ppg=pulse, acc=still) is None


def test_a_contact_flag_is_believed_after_three_seconds() -> None:
    assert Wrist().live(30, contact=0.0) == NO_CONTACT_S + 1


def test_a_flag_that_flickers_is_not() -> None:
    wrist = Wrist()
    for _ in range(20):
        assert wrist.live(2, contact=0.0) is None
        assert wrist.live(1, contact=1.0) is None


def test_open_electrodes_are_believed_after_a_minute() -> None:
    assert Wrist().live(120, gsr_us=TABLE_US, ppg=noise, acc=still) == OPEN_S + 1


def test_a_flag_that_feels_skin_does_not_overrule_open_electrodes() -> None:
    assert Wrist().live(120, gsr_us=TABLE_US, contact=1.0) == OPEN_S + 1


def test_very_dry_skin_with_a_pulse_is_worn() -> None:
    assert Wrist().live(600, gsr_us=0.02, ppg=pulse, acc=still) is None


def test_lifted_electrodes_of_fifty_seconds_are_no_verdict() -> None:
    wrist = Wrist()
    wrist.live(60, gsr_us=0.3)
    assert wrist.live(50, gsr_us=0.02) is None
    assert wrist.live(60, gsr_us=0.3) is None


def test_no_pulse_beside_skin_conductance_is_a_poor_signal_and_no_table() -> None:
    assert Wrist().live(900, gsr_us=0.3, ppg=noise, acc=still) is None


def test_a_flat_pulse_wave_alone_is_believed_after_half_a_minute() -> None:
    flat_s = Wrist().live(120, ppg=lambda _second: np.full(int(PPG_HZ), 7.0))
    assert flat_s is not None
    assert DEAD_PPG_S <= flat_s <= DEAD_PPG_S + 15


def test_a_saturated_pulse_wave_is_believed_too() -> None:
    saturated_s = Wrist().live(120, ppg=lambda second: np.minimum(noise(second), 0.0) + 4096.0)
    assert saturated_s is not None


def test_a_still_band_without_a_pulse_is_believed_after_five_minutes() -> None:
    without_s = Wrist().live(600, ppg=noise, acc=still)
    assert without_s is not None
    assert NO_PULSE_STILL_S <= without_s <= NO_PULSE_STILL_S + 20


def test_a_moving_band_without_a_pulse_is_not() -> None:
    assert Wrist().live(900, ppg=noise, acc=moving) is None


def test_without_an_accelerometer_it_takes_ten_minutes() -> None:
    without_s = Wrist().live(700, ppg=noise)
    assert without_s is not None
    assert NO_PULSE_S <= without_s <= NO_PULSE_S + 20


def test_a_band_that_is_put_on_again_is_worn_after_a_few_seconds() -> None:
    wrist = Wrist()
    wrist.live(120, gsr_us=TABLE_US)
    back_s = wrist.live(60, gsr_us=2.0)
    assert back_s is not None
    assert back_s <= 8


def test_a_band_that_is_touched_in_passing_is_not() -> None:
    wrist = Wrist()
    wrist.live(120, gsr_us=TABLE_US)
    for _ in range(5):
        assert wrist.live(3, gsr_us=2.0) is None
        assert wrist.live(10, gsr_us=TABLE_US) is None


def test_slow_bands_are_not_judged_by_their_pulse() -> None:
    monitor = WearMonitor()
    for second in range(2000):
        monitor.push(block(Channel.PPG, np.zeros(2), 2.0, second))
    assert monitor.worn


def test_a_pulse_is_regular_and_noise_is_not() -> None:
    clean = np.concatenate([pulse(second) for second in range(10)])
    dead = np.concatenate([noise(second) for second in range(10)])
    assert pulsation(clean, PPG_HZ) > 0.8
    assert pulsation(dead, PPG_HZ) < 0.3


@given(
    channel=st.sampled_from([Channel.PPG, Channel.GSR_US, Channel.ACC_G, Channel.CONTACT, Channel.IBI_S]),
    rate_hz=st.sampled_from([0.0, 4.0, 64.0, 512.0]),
    values=st.lists(hnp.arrays(np.float32, st.integers(0, 700)), max_size=4),
)
def test_whatever_a_band_sends_there_is_a_verdict(
    channel: Channel, rate_hz: float, values: list[NDArray[np.float32]]
) -> None:
    monitor = WearMonitor()
    for second, some in enumerate(values):
        monitor.push(SampleBlock("wrist", channel, some, rate_hz, second * 6 * NS_PER_S))
    assert monitor.worn in (True, False)


def read_csv(path: Path) -> tuple[float, NDArray[np.float32]]:
    """Rate and samples of an E4 file."""
    with path.open() as file:
        file.readline()
        rate_hz = float(file.readline().split(",")[0])
        return rate_hz, np.array([float(line) for line in file], np.float32)


def test_no_conductance_of_35_worn_bands_is_called_off_and_the_one_that_was_taken_off_is(shared: Path) -> None:
    called: dict[str, list[int]] = {}
    for folder in sorted((shared / "data/stress-predict/Raw_data").glob("S*")):
        rate_hz, eda_us = read_csv(folder / "EDA.csv")
        monitor = WearMonitor()
        for second in range(0, int(len(eda_us) / rate_hz), 5):
            part = eda_us[int(second * rate_hz) : int((second + 5) * rate_hz)]
            monitor.push(SampleBlock("wrist", Channel.GSR_US, part, rate_hz, (second + 5) * NS_PER_S))
            if not monitor.worn:
                called.setdefault(folder.name, []).append(second)
    assert list(called) == ["S28"]
    assert called["S28"][0] >= 3230 + OPEN_S - 15  # it was taken off at 3,220 to 3,230 s
