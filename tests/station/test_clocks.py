"""The clock of a box or of the station is wrong by a day: the alert is shown, rings once, and it is said."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import pytest

from edge.clock import Instant, SystemClock
from edge.publish.payload import AlertMessage
from edge.station import desk
from edge.station.book import FILE
from edge.station.clocks import apart_ms, clock_words, since, station_words
from edge.station.ward import Bed, Place, Ward
from tests.peers.broker import Mosquitto, until
from tests.publish.box import SmallBox, running
from tests.station.browser import Browser, Json, Screen, section, serving
from tests.station.messages import alert, received, state
from tests.station.test_ward import screen

DAY_S = 86_400.0
DAY_MS = 86_400_000
BED = "ward/bed7"


class WrongClock(SystemClock):
    """The system's clock with another wall time, and perhaps another boot."""

    def __init__(self, wrong_s: float, *, synced: bool = True, boot_id: str | None = None) -> None:
        super().__init__()
        self.wrong_s = wrong_s
        self.synced = synced
        self._boot = boot_id

    @property
    def boot_id(self) -> str:
        """Identity of this boot."""
        return self._boot or super().boot_id

    def instant(self) -> Instant:
        """The present moment with its wrong wall time."""
        now = super().instant()
        return Instant(self.boot_id, now.mono_ns, now.wall_ms + round(self.wrong_s * 1000), self.synced)


@asynccontextmanager
async def screen_of(folder: Path, mosquitto: Mosquitto, clock: SystemClock) -> AsyncIterator[tuple[Browser, Screen]]:
    """A station with this clock, and a nurse before its page."""
    here = section(folder)
    async with serving(here, mosquitto.mqtt(), clock):
        ruth = Browser(here.port)
        await ruth.sign_in()
        async with ruth.watching() as page:
            await until(lambda: page.status and page.status["connected"])
            yield ruth, page


async def raised(browser: Browser) -> int:
    """How often the log says that pain was raised."""
    lines = (await browser.ask("GET", "/api/log")).json["lines"]
    assert isinstance(lines, list)
    return sum(isinstance(one, dict) and one["what"] == "signs of pain: raised" for one in lines)


async def live(box: SmallBox, page: Screen) -> None:
    """The box is heard, without pain."""
    await until(lambda: box.publisher.connected)
    box.see(1)
    await until(lambda: page.look(BED) == "watched")


def clock_of(page: Screen) -> Json:
    return page.beds[BED]["clock"]


@pytest.mark.parametrize(
    ("box_s", "station_s", "synced", "told"),
    [
        (-DAY_S, 0.0, False, "box clock 24 h behind this station's, not synchronised"),
        (DAY_S, 0.0, True, "box clock 24 h ahead of this station's"),
        (0.0, -DAY_S, True, "box clock 24 h ahead of this station's"),
        (0.0, DAY_S, True, "box clock 24 h behind this station's"),
        (0.0, 0.0, False, ""),
    ],
)
async def test_an_alert_is_shown_and_rings_once_whatever_the_clocks_say(
    mosquitto: Mosquitto, tmp_path: Path, box_s: float, station_s: float, synced: bool, told: str
) -> None:
    here = WrongClock(station_s)
    async with (
        screen_of(tmp_path, mosquitto, here) as (ruth, page),
        running(tmp_path, mosquitto.mqtt(), WrongClock(box_s, synced=synced)) as box,
    ):
        await live(box, page)
        assert clock_of(page) == told
        [one] = box.see(8)
        await until(lambda: page.rings[BED] == ["", "high"])
        [shown] = page.alarms(BED)
        since_ms = shown["since_ms"]
        assert isinstance(since_ms, int)
        assert abs(since_ms - here.instant().wall_ms) < 30_000  # the time is the station's
        assert clock_of(page) == told
        done = await ruth.command(BED, do="acknowledge", episode=int(one.episode.partition("-")[2]))
        assert done.json["ok"]
        await until(lambda: page.look(BED) == "attended")
        assert page.rings[BED] == ["", "high", ""]
        assert await raised(ruth) == 1


async def test_a_box_whose_clock_is_set_right_while_it_rings_rings_no_second_time(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    clock = WrongClock(-DAY_S, synced=False)
    async with (
        screen_of(tmp_path, mosquitto, SystemClock()) as (ruth, page),
        running(tmp_path, mosquitto.mqtt(), clock) as box,
    ):
        await live(box, page)
        box.see(8)
        await until(lambda: page.rings[BED] == ["", "high"])
        clock.wrong_s, clock.synced = 0.0, True
        box.see(3)  # news: a state with the right clock; the alarm stands
        await until(lambda: clock_of(page) == "")
        [shown] = page.alarms(BED)
        since_ms = shown["since_ms"]
        assert isinstance(since_ms, int)
        assert abs(since_ms - SystemClock().instant().wall_ms) < 30_000  # not yesterday, where it was stamped
        assert page.rings[BED] == ["", "high"]
        assert await raised(ruth) == 1


async def test_a_box_that_comes_back_from_a_power_cut_a_day_behind_rings_no_second_time(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with screen_of(tmp_path, mosquitto, SystemClock()) as (ruth, page):
        async with running(tmp_path, mosquitto.mqtt(), WrongClock(0.0, boot_id="aaaaaaaaaaaa")) as box:
            await live(box, page)
            box.see(8)
            await until(lambda: page.rings[BED] == ["", "high"])
        again = WrongClock(-DAY_S, synced=False, boot_id="bbbbbbbbbbbb")
        async with running(tmp_path, mosquitto.mqtt(), again) as box:
            await until(lambda: box.publisher.connected)
            box.see(8)
            await until(lambda: clock_of(page) == "box clock 24 h behind this station's, not synchronised")
            [shown] = page.alarms(BED)
            assert shown["sounding"]
            assert page.rings[BED][-1] == "high"
            assert await raised(ruth) == 1


async def test_a_station_that_disagrees_with_most_boxes_says_that_its_own_clock_may_be_wrong(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    for name in ("bed1", "bed2"):
        (tmp_path / name).mkdir()
    async with (
        screen_of(tmp_path, mosquitto, WrongClock(-DAY_S)) as (_, page),
        running(tmp_path / "bed1", mosquitto.mqtt(), WrongClock(0.0), bed="bed1") as one,
        running(tmp_path / "bed2", mosquitto.mqtt(), WrongClock(0.0), bed="bed2") as two,
    ):
        await until(lambda: one.publisher.connected and two.publisher.connected)
        one.see(1)
        two.see(1)
        await until(lambda: "2 of 2 boxes" in str(page.status["clock"]))


def heard(ward: Ward, ahead_ms: int, *, synced: bool = True, bed: str = "bed7", retained: bool = False) -> Bed:
    """A bed whose clock is ahead by so much."""
    message = state().model_copy(update={"synced": synced})
    ward.hear(received("state", message, bed=bed, retained=retained), message.wall_ms - ahead_ms)
    return ward.beds[Place("ward", bed)]


async def test_a_station_whose_clock_may_be_wrong_forgets_nothing(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "TICK_S", 0.05)
    clock = WrongClock(0)
    here = section(tmp_path)

    def kept() -> int:
        with closing(sqlite3.connect(here.state_dir / FILE)) as file:
            return int(file.execute("SELECT count(*) FROM event").fetchone()[0])

    async with serving(here, mosquitto.mqtt(), clock), AsyncExitStack() as stack:
        boxes: list[SmallBox] = []
        for bed in ("bed7", "bed8"):
            (tmp_path / bed).mkdir()
            boxes.append(
                await stack.enter_async_context(running(tmp_path / bed, mosquitto.mqtt(), WrongClock(0), bed=bed))
            )
        await until(lambda: all(box.publisher.connected for box in boxes))
        for box in boxes:
            box.see(8)
        await until(lambda: kept() == 2)
        clock.wrong_s = 400 * DAY_S
        for box in boxes:
            box.see(1)  # a state of another verdict is sent at once
        await until(lambda: kept() == 4)
        await asyncio.sleep(0.5)  # the states follow the alerts
        monkeypatch.setattr(desk, "_FORGET_S", 0.0)
        await asyncio.sleep(0.5)
        assert kept() == 4


def test_a_slow_way_and_a_retained_state_are_no_wrong_clock() -> None:
    ward = Ward()
    assert apart_ms(heard(ward, -30_000)) == 0
    assert apart_ms(heard(ward, -DAY_MS, retained=True)) == 0
    assert apart_ms(heard(ward, -DAY_MS)) == -DAY_MS


def test_one_box_or_boxes_that_are_not_sure_themselves_do_not_accuse_the_station() -> None:
    ward = Ward()
    heard(ward, DAY_MS, bed="a")
    assert station_words(ward.beds.values()) == ""
    heard(ward, DAY_MS, bed="b", synced=False)
    heard(ward, 0, bed="c")
    assert station_words(ward.beds.values()) == ""
    heard(ward, DAY_MS, bed="d")
    assert "2 of 3 boxes" in station_words(ward.beds.values())


def test_an_alarm_of_an_earlier_boot_has_no_certain_time_while_the_clocks_disagree() -> None:
    bed = heard(Ward(), DAY_MS)
    earlier: AlertMessage = alert().model_copy(update={"id": "ba9876543210-20"})
    assert since(bed, earlier) == (earlier.wall_ms - DAY_MS, False)
    assert since(heard(Ward(), 0), earlier) == (earlier.wall_ms, True)


@pytest.mark.parametrize(
    ("ahead_ms", "told"),
    [(-61_000, "1 min behind"), (5_400_000, "2 h ahead"), (-DAY_MS, "24 h behind"), (30 * DAY_MS, "30 days ahead")],
)
def test_differences_are_said_in_fitting_units(ahead_ms: int, told: str) -> None:
    assert told in clock_words(ahead_ms, synced=True)


def test_the_terminal_says_it_too() -> None:
    ward = Ward()
    heard(ward, -DAY_MS)
    assert "box clock 24 h behind" in " ".join(screen(ward, 1).split())
