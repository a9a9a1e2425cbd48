"""The table of levels: when the camera's road is slowed, when it is fast again, and that it does not swing."""

from __future__ import annotations

import itertools
import logging

import pytest

from edge.health.pace import FALL_S, LEVELS, RISE_S, Governor, Load
from edge.types import NS_PER_S, BoxFacts, Throttle


class Box:
    """A governor that is asked once a second."""

    def __init__(self) -> None:
        self.at_s = 0
        self.governor = Governor(0)

    def after(self, seconds: float, celsius: float | None, age_s: float = 0.0, *flags: Throttle) -> Load:
        """The level after so many seconds of the same."""
        for _ in range(round(seconds)):
            self.at_s += 1
            facts = BoxFacts(temperature_c=celsius, throttled=frozenset(flags))
            self.governor.step(self.at_s * NS_PER_S, facts, age_s)
        return self.governor.level.load


@pytest.mark.parametrize(
    ("celsius", "load"),
    [
        (None, Load.FULL),
        (60.0, Load.FULL),
        (74.9, Load.FULL),
        (75.0, Load.EASED),
        (80.0, Load.SLOW),
        (84.0, Load.LEAST),
    ],
)
def test_the_level_follows_the_temperature(celsius: float | None, load: Load) -> None:
    assert Box().after(RISE_S + 2, celsius) is load


@pytest.mark.parametrize(("age_s", "load"), [(0.1, Load.FULL), (0.3, Load.EASED), (0.7, Load.SLOW), (5.0, Load.LEAST)])
def test_the_level_follows_the_age_of_the_work(age_s: float, load: Load) -> None:
    assert Box().after(RISE_S + 2, 50.0, age_s) is load


@pytest.mark.parametrize(
    ("flag", "load"),
    [(Throttle.UNDER_VOLTAGE, Load.EASED), (Throttle.CAPPED, Load.EASED), (Throttle.THROTTLED, Load.SLOW)],
)
def test_the_level_follows_the_firmwares_flags(flag: Throttle, load: Load) -> None:
    assert Box().after(RISE_S + 2, 70.0, 0.0, flag) is load


def test_a_cap_on_a_cool_box_is_its_owners_will() -> None:
    assert Box().after(30, 45.0, 0.0, Throttle.CAPPED) is Load.FULL


def test_one_late_picture_changes_nothing() -> None:
    box = Box()
    box.after(1, 50.0, 3.0)
    assert box.after(20, 50.0) is Load.FULL


def test_heat_that_is_short_changes_nothing() -> None:
    box = Box()
    for _ in range(10):
        box.after(RISE_S - 2, 90.0)
        assert box.after(2, 60.0) is Load.FULL


def test_it_slows_no_further_than_was_called_for_all_the_time() -> None:
    box = Box()
    box.after(RISE_S - 1, 76.0)
    assert box.after(3, 90.0) is Load.EASED


def test_it_grows_fast_again_step_by_step() -> None:
    box = Box()
    assert box.after(20, 90.0) is Load.LEAST
    seen = [box.after(FALL_S, 50.0) for _ in range(4)]
    assert seen == [Load.SLOW, Load.EASED, Load.FULL, Load.FULL]


def test_between_the_two_limits_a_level_holds() -> None:
    box = Box()
    assert box.after(20, 81.0) is Load.SLOW
    assert box.after(3600, 76.0) is Load.SLOW
    assert box.after(FALL_S + 1, 74.0) is Load.EASED
    assert box.after(3600, 71.0) is Load.EASED


def test_a_temperature_that_swings_around_a_limit_does_not_swing_the_level() -> None:
    box = Box()
    changes = 0
    for second in range(3600):
        before = box.governor.level.load
        changes += box.after(1, 75.5 if second // 15 % 2 else 73.5) is not before
    assert changes == 1


def test_why_is_said_and_every_change_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    box = Box()
    box.after(30, 85.0, 0.5, Throttle.THROTTLED)
    assert list(box.governor.why) == ["temperature"]
    box.after(30, 79.0, 0.4, Throttle.THROTTLED)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "at most 3 a second" in caplog.text
    box.after(600, 50.0)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO", "INFO", "INFO"]
    assert list(box.governor.why) == []


def test_each_level_spends_less_than_the_one_before_and_leaves_later_than_it_comes() -> None:
    for faster, slower in itertools.pairwise(LEVELS):
        assert (faster.rate_hz or 99) > (slower.rate_hz or 99)
        assert faster.from_c < slower.from_c
        assert faster.from_age_s < slower.from_age_s
    assert all(level.until_c < level.from_c and level.until_age_s < level.from_age_s for level in LEVELS[1:])
    assert min(level.rate_hz or 99 for level in LEVELS) > 2.4
