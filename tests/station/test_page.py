"""The page in a real browser, with a real box: what a nurse sees and presses.

Skipped where there is no browser: it is the one part that needs two hundred megabytes to be tested
(pip install playwright, and Debian's chromium).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import pytest

from edge.config import Station
from edge.publish.topics import burden_leaf
from tests.alarm.scenes import assessment
from tests.peers.broker import Mosquitto, until
from tests.publish.box import SmallBox, running
from tests.station.browser import PASSWORD, section, serving
from tests.station.chromium import PHONE, Shown, browser_page, holds, needs_browser, shoot, text_of
from tests.station.scene import Scene
from tests.station.test_days import counted

if TYPE_CHECKING:
    from playwright.async_api import Page, Route


@pytest.fixture(autouse=True)
def _browser() -> None:
    needs_browser()


LOW = '#beds [data-place="ward3/bed02"]'
BED = '#beds [data-place="ward/bed7"]'


@asynccontextmanager
async def page_of(station: Station, **shown: Unpack[Shown]) -> AsyncIterator[Page]:
    """A browser that has signed in."""
    async with browser_page(f"http://127.0.0.1:{station.port}/", **shown) as page:
        await page.fill("#name", "ruth")
        await page.fill("#password", PASSWORD)
        await page.click("#sign-in button")
        await page.wait_for_selector("#menu:not([hidden])")
        yield page


async def test_an_alarm_is_seen_acknowledged_and_the_focus_stays(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path)
    async with running(tmp_path, mosquitto.mqtt()) as box, serving(here, mosquitto.mqtt()), page_of(here) as page:
        await until(lambda: box.publisher.connected)
        await _calm(box, page)
        await page.focus(BED)
        box.see(8)
        await page.wait_for_selector(".look-pain-high")
        assert "brow lowered, eyes shut" in await text_of(page, BED)
        await shoot(page, "station-pain")
        await holds(page, "document.querySelector('#alarm-news').textContent.includes('Strong signs of pain')")
        await holds(page, "document.activeElement.dataset.place === 'ward/bed7'")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#panel[open]")
        await page.click("#panel .alarms button")
        await until(lambda: [one.presence for one in box.manager.active()] == ["acknowledged"])
        await page.wait_for_selector("#panel .answer.good")
        await page.wait_for_selector(".look-attended")
        await page.keyboard.press("Escape")
        await holds(page, "document.activeElement.dataset.place === 'ward/bed7'")


async def test_a_screen_reader_is_given_the_bed_its_pain_and_what_can_be_done(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """What Chromium hands to assistive technology; no screen reader speaks here."""
    here = section(tmp_path)
    async with running(tmp_path, mosquitto.mqtt()) as box, serving(here, mosquitto.mqtt()), page_of(here) as page:
        await until(lambda: box.publisher.connected)
        box.see(8)
        await page.wait_for_selector(".look-pain-high")
        given = await page.locator("#beds").aria_snapshot()
        assert 'list "Beds, most urgent first"' in given
        assert "bed7 ward Strong signs of pain 8.0 of 10 (7.0 to 9.0, face+ppg+gsr)" in given
        assert "alarm: signs of pain, high priority, present; brow lowered, eyes shut" in given
        await page.click(BED)
        await page.wait_for_selector("#panel[open]")
        given = await page.locator("#panel").aria_snapshot()
        assert 'dialog "bed7 ward"' in given
        assert 'button "Acknowledge: signs of pain"' in given
        assert 'figure "Last 8 h: highest score 8.0' in given  # the chart in words


async def test_what_the_box_refuses_is_said_plainly(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path)
    async with running(tmp_path, mosquitto.mqtt()) as box, serving(here, mosquitto.mqtt()), page_of(here) as page:
        await until(lambda: box.publisher.connected)

        async def first_ends(route: Route) -> None:
            box.manager.acknowledge("pain", "somebody else")
            box.manager.step(assessment(box.clock.now_ns(), 1), {})
            await route.continue_()

        box.see(8)
        await page.click(BED)
        await page.route("**/command", first_ends)  # it is over, and the page did not know when she pressed
        await page.click("#panel .alarms button")
        await page.wait_for_selector("#panel .answer.bad")
        assert "Not done." in await text_of(page, "#panel .answer")


async def test_a_page_without_its_server_calls_every_bed_unknown_and_comes_back(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    here = section(tmp_path)
    async with running(tmp_path, mosquitto.mqtt()) as box, AsyncExitStack() as stack:
        await until(lambda: box.publisher.connected)
        async with AsyncExitStack() as first:
            await first.enter_async_context(serving(here, mosquitto.mqtt()))
            page = await stack.enter_async_context(page_of(here))
            await _calm(box, page)
        await page.wait_for_selector(".look-unknown", timeout=20000)
        assert "DISCONNECTED" in await text_of(page, "#banner")
        await shoot(page, "station-disconnected")
        assert "no score" in await text_of(page, BED)
        async with serving(here, mosquitto.mqtt()):
            await page.wait_for_selector("#banner", state="hidden", timeout=20000)
            await _calm(box, page)


async def test_a_phone_needs_no_sideways_scrolling(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path)
    async with (
        running(tmp_path, mosquitto.mqtt()) as box,
        serving(here, mosquitto.mqtt()),
        page_of(here, viewport=PHONE, has_touch=True) as page,
    ):
        await until(lambda: box.publisher.connected)
        box.see(8)
        await page.wait_for_selector(".look-pain-high")
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        await page.tap(BED)
        await page.wait_for_selector("#panel figcaption")
        await shoot(page, "station-phone-panel")
        assert await page.evaluate("document.querySelector('#panel').scrollWidth <= 360")


async def test_sound_is_off_until_it_is_turned_on_and_then_an_alarm_rings(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path)
    async with running(tmp_path, mosquitto.mqtt()) as box, serving(here, mosquitto.mqtt()), page_of(here) as page:
        await until(lambda: box.publisher.connected)
        await _calm(box, page)
        assert await text_of(page, "#sound") == "Sound is OFF: turn on"
        assert await page.evaluate("window.pulses") == 0
        await page.click("#sound")
        await holds(page, "document.querySelector('#sound').textContent === 'Sound is on'")
        test_burst = await page.evaluate("window.pulses")
        box.see(8)
        await page.wait_for_selector(".ring-high")
        await holds(page, f"window.pulses >= {test_burst} + 50")  # ten pulses of five harmonics


async def _calm(box: SmallBox, page: Page) -> None:
    """The box says that all is well until the page shows it."""

    async def speak() -> None:
        score = 1.0
        while True:
            score = 3.0 - score
            box.see(score)
            await asyncio.sleep(0.3)

    task = asyncio.create_task(speak())
    try:
        await page.wait_for_selector(".look-watched")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_burden_shows_what_the_boxes_have_counted(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path)
    scene = Scene(mosquitto.mqtt(), 1, 1_790_000_000_000)
    scene.publish("bed01", burden_leaf("2026-11-24"), counted("2026-11-24"), retain=True)
    async with serving(here, mosquitto.mqtt()), page_of(here) as page:
        await page.wait_for_selector("#beds li")
        await page.click("#show-burden")
        await page.wait_for_selector("#records table")
        cells = await page.eval_on_selector_all("#records td", "all => all.map((one) => one.textContent)")
        await shoot(page, "station-burden")
    scene.close()
    assert cells == ["2026-11-24", "ward3/bed01", "3", "2", "4 of 5", "41 s", "1", "1", "13 min", "24.0 h"]


async def test_a_low_battery_is_words_and_a_shape_besides_its_colour(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path)
    scene = Scene(mosquitto.mqtt(), 2, 1_790_000_000_000, ("watched", "technical"))
    async with serving(here, mosquitto.mqtt()), page_of(here) as page:
        scene.speak()
        await page.wait_for_selector(".battery.low svg.cell")
        assert "wristband battery 14 %, low: charge it" in (await page.text_content(LOW) or "")
        shapes = await page.eval_on_selector_all(".battery svg", "all => all.map((one) => one.innerHTML)")
        assert len(set(shapes)) == 2
        await page.click(LOW)
        await page.wait_for_selector("#panel .battery.low")
        await page.keyboard.press("Escape")
        await shoot(page, "station-battery")
    scene.close()
