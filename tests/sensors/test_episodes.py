"""What is written to the log of a trouble that comes and goes."""

from __future__ import annotations

import logging

import pytest

from edge.sensors.episodes import FULL_PER_HOUR, SUMMARY_S, Episodes
from edge.types import NS_PER_S

LOG = logging.getLogger("tests.episodes")


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, LOG.name)
    return caplog


def flap(episodes: Episodes, times: int, every_s: float, off_s: float, start_s: float = 0.0) -> float:
    """Let the trouble come and go, with a sign of life every second; the answer is the time at the end."""
    now_s = start_s
    for _ in range(times):
        episodes.begin(round(now_s * NS_PER_S), "lost (disconnected): the link was lost")
        episodes.end(round((now_s + off_s) * NS_PER_S), "streaming again")
        for second in range(int(off_s) + 1, int(every_s)):
            episodes.pulse(round((now_s + second) * NS_PER_S))
        now_s += every_s
    return now_s


def test_a_rare_trouble_is_told_when_it_begins_and_when_it_ends(told: pytest.LogCaptureFixture) -> None:
    flap(Episodes(LOG, "wrist", "outages"), times=2, every_s=1200.0, off_s=30.0)
    assert told.messages == ["wrist: lost (disconnected): the link was lost", "wrist: streaming again"] * 2


def test_a_sensor_that_flaps_a_hundred_times_an_hour_costs_about_a_dozen_lines(
    told: pytest.LogCaptureFixture,
) -> None:
    flap(Episodes(LOG, "wrist", "outages"), times=100, every_s=36.0, off_s=5.0)
    assert len(told.messages) <= 2 * FULL_PER_HOUR + 3600 / SUMMARY_S + 1


def test_no_outage_goes_unmentioned(told: pytest.LogCaptureFixture) -> None:
    episodes = Episodes(LOG, "wrist", "outages")
    end_s = flap(episodes, times=100, every_s=36.0, off_s=5.0)
    episodes.tell(round(end_s * NS_PER_S))
    full = sum("lost (disconnected)" in line and "more" not in line for line in told.messages)
    summed = sum(int(line.split()[1]) for line in told.messages if " more outages, " in line)
    assert full + summed == 100 == episodes.total


def test_a_summary_says_how_long_in_all_and_what_it_was(told: pytest.LogCaptureFixture) -> None:
    episodes = Episodes(LOG, "wrist", "outages")
    flap(episodes, times=FULL_PER_HOUR + 10, every_s=60.0, off_s=5.0)
    episodes.tell(3600 * NS_PER_S)
    assert told.messages[-1] == "wrist: 10 more outages, 50 s in all, lastly: lost (disconnected): the link was lost"


def test_an_untold_outage_that_goes_on_is_told_by_the_summary_and_so_is_its_end(
    told: pytest.LogCaptureFixture,
) -> None:
    episodes = Episodes(LOG, "wrist", "outages")
    now_s = flap(episodes, times=FULL_PER_HOUR, every_s=10.0, off_s=1.0)
    episodes.begin(round(now_s * NS_PER_S), "lost (not_found): gone")
    for second in range(0, 700, 30):  # attempts that fail
        episodes.pulse(round((now_s + second) * NS_PER_S))
    assert told.messages[-1].endswith("lost (not_found): gone (going on)")
    episodes.end(round((now_s + 800) * NS_PER_S), "streaming again")
    assert told.messages[-1] == "wrist: streaming again"


def test_after_a_quiet_hour_an_outage_is_told_in_full_again(told: pytest.LogCaptureFixture) -> None:
    episodes = Episodes(LOG, "wrist", "outages")
    now_s = flap(episodes, times=20, every_s=10.0, off_s=1.0)
    flap(episodes, times=1, every_s=10.0, off_s=1.0, start_s=now_s + 3600.0)
    assert told.messages[-2:] == ["wrist: lost (disconnected): the link was lost", "wrist: streaming again"]


def test_beginning_twice_is_one_episode(told: pytest.LogCaptureFixture) -> None:
    episodes = Episodes(LOG, "wrist", "outages")
    episodes.begin(0, "lost")
    episodes.begin(NS_PER_S, "lost")
    assert told.messages == ["wrist: lost"]
    assert episodes.total == 1


def test_an_end_without_a_beginning_is_nothing(told: pytest.LogCaptureFixture) -> None:
    Episodes(LOG, "wrist", "outages").end(0, "streaming again")
    assert told.messages == []
