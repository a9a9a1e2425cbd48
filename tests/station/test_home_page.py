"""The home page in a real browser, before a real daemon process without a broker: what a family sees and presses."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from edge.publish.embedded import free_port
from tests.station.browser import PIN
from tests.station.chromium import PHONE, browser_page, holds, needs_browser, shoot, text_of
from tests.station.test_home import box_toml, process, signed_in

SCENE = 'title = "A breakthrough of pain"\nduration_s = 600.0\n[[pain]]\nstart_s = 8.0\nend_s = 600.0\nlevel = 9.0\n'
SENSORS = (
    '[[sensor]]\nname = "face"\ndriver = "simulated_face"\nscene = "scene.toml"\n'
    '[[sensor]]\nname = "band"\ndriver = "simulated_band"\nscene = "scene.toml"\n'
)


@pytest.fixture(autouse=True)
def _browser() -> None:
    needs_browser()


@pytest.mark.timeout(240)
async def test_a_family_sees_the_pain_and_what_it_presses_is_done(tmp_path: Path) -> None:
    port = free_port()
    path = box_toml(tmp_path, port, free_port())
    (tmp_path / "scene.toml").write_text(SCENE)
    settings = path.read_text().replace("blind_delay_s = 0.0", "pain_delay_s = 2.0")
    path.write_text(settings + SENSORS)
    async with process(path) as box:
        await signed_in(port)
        async with browser_page(f"http://127.0.0.1:{port}/", viewport=PHONE, has_touch=True) as page:
            await shoot(page, "home-pin")
            await page.fill("#pin", "000000")
            await page.tap("#sign-in button")
            await holds(page, "document.querySelector('#sign-in-answer').textContent.includes('not the PIN')")
            await page.fill("#pin", PIN)
            await page.tap("#sign-in button")
            await page.wait_for_selector("#now.look-watched", timeout=60_000)
            await shoot(page, "home-watched")
            await page.tap("#sound")
            await holds(page, "document.querySelector('#sound').textContent === 'Sound is on'")
            quiet = await page.evaluate("window.pulses")

            await page.wait_for_selector("#now.look-pain, #now.look-pain-high", timeout=90_000)
            await holds(page, f"window.pulses > {quiet}")
            why = await text_of(page, "#why")
            assert any(word in why for word in ("brow", "eyes", "cheeks", "nose", "lip")), why
            await shoot(page, "home-pain")
            assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
            heights = await page.evaluate("[...document.querySelectorAll('.deed')].map((one) => one.offsetHeight)")
            assert min(heights) >= 44  # a finger

            await page.tap("#seen")
            await page.wait_for_selector("#now.look-attended")
            await page.tap("#pause")
            await holds(page, "document.querySelector('#pause').textContent === 'Sound again now'")
            await page.tap("#helped")
            await holds(page, "document.querySelector('#note').textContent.includes('Help was given')")
            await shoot(page, "home-attended")

            box.send_signal(signal.SIGSTOP)
            try:
                await page.wait_for_selector("#now.look-unknown", timeout=20_000)
                assert "has lost the box" in await text_of(page, "#banner")
                assert await text_of(page, "#why") == ""  # nothing of before stands as if it were now
                await shoot(page, "home-lost")
            finally:
                box.send_signal(signal.SIGCONT)
            await page.wait_for_selector("#banner", state="hidden", timeout=20_000)


@pytest.mark.timeout(120)
async def test_a_box_that_cannot_see_says_so_plainly(tmp_path: Path) -> None:
    port = free_port()
    async with process(box_toml(tmp_path, port, free_port())):
        await signed_in(port)
        async with browser_page(f"http://127.0.0.1:{port}/", viewport=PHONE, color_scheme="dark") as page:
            await page.fill("#pin", PIN)
            await page.click("#sign-in button")
            await page.wait_for_selector("#now.look-blind")
            assert await text_of(page, "#title") == "The box cannot see"
            assert "Please look yourself" in await text_of(page, "#advice")
            await shoot(page, "home-blind")
