"""Pictures of the page in a real browser: `python -m tests.station.pictures FOLDER`.

Needs the package playwright and a Chromium on the PATH (Debian: apt install chromium). Wall, tablet and phone; 1, 6 and
40 beds, one bed near, the sign-in, and the page while it hears nothing; in light and dark.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

from edge.clock import SystemClock
from edge.config import Mqtt, Station
from edge.publish.embedded import EmbeddedBroker, free_port
from edge.station.accounts import Accounts, Role
from edge.station.book import Book
from edge.station.history import Minute
from edge.station.serve import Server
from tests.station.scene import Scene

PASSWORD = "a wall has ears"  # noqa: S105 - of a station that lives for a minute
SIZES = {"wall": (1920, 1080), "tablet": (1024, 768), "phone": (390, 844)}


def remember(folder: Path, scene: Scene) -> None:
    """Eight hours of trends, as if the station had run all night."""
    book = Book(folder)
    minute = round(time.time() / 60)
    for index, (bed, look) in enumerate(scene.looks.items()):
        minutes = []
        for back in range(480):
            wave = 1.6 + 1.2 * math.sin(back / (17 + index)) + 0.5 * math.sin(back / 3.1 + index)
            bout = look in ("pain-high", "pain", "attended", "over") and (back < 25 or 90 < back < 120)
            score = min(9.5, max(0.0, wave + (4.2 if bout else 0)))
            if (back + index * 37) % 211 < 14:
                continue  # nothing was heard
            blind = (look == "blind" and back < 22) or (back + index * 53) % 173 < 9
            sight = "cannot assess" if blind else "pain" if score >= 5 else "calm"
            number = None if blind else round(score, 1)
            minutes.append(Minute(f"ward3/{bed}", minute - back, sight, number, number, "face+ppg"))
        book.minutes(minutes)
    book.close()


async def shoot(folder: Path, count: int, playwright: ModuleType) -> None:
    """All pictures of a ward of this many beds."""
    with tempfile.TemporaryDirectory() as name, EmbeddedBroker() as broker:
        state = Path(name)
        mqtt = Mqtt(host=broker.host, port=broker.port)
        accounts = Accounts(state / "accounts.json")
        accounts.put("ruth", PASSWORD, "Sister Ruth", Role.NURSE)
        section = Station(port=free_port(), state_dir=state, accounts_file=accounts.path)
        looks = ("pain",) if count == 1 else ("watched", "blind", "pain-high", "watched", "unknown", "attended")
        scene = Scene(mqtt, count, round(time.time() * 1000), looks) if count < 7 else Scene(mqtt, count, _now_ms())
        remember(state, scene)
        server = Server(section, mqtt, SystemClock())
        task = asyncio.create_task(server.run())
        await asyncio.sleep(1.0)
        speaking = asyncio.create_task(_keep_speaking(scene))
        async with playwright.async_playwright() as play:
            browser = await play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for size, (width, height) in SIZES.items():
                dark = "dark" if size == "wall" else "light"
                page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme=dark)
                page.on("console", lambda message: sys.stderr.write(f"browser: {message.text}\n"))
                page.on("pageerror", lambda error: sys.stderr.write(f"browser: {error}\n"))
                await page.goto(server.url)
                if count == 1:
                    await page.screenshot(path=folder / f"sign-in-{size}.png")
                await page.fill("#name", "ruth")
                await page.fill("#password", PASSWORD)
                await page.click("#sign-in button")
                await page.wait_for_selector(f"#beds li:nth-child({count})")
                await page.wait_for_selector(".spark .course")
                await page.screenshot(path=folder / f"beds-{count}-{size}.png", full_page=size == "phone" and count < 9)
                if count == 6:
                    await page.click(".look-pain-high .card")
                    await page.wait_for_selector("#panel figcaption")
                    await page.screenshot(path=folder / f"panel-{size}.png")
                if size == "tablet" and count == 6:
                    await page.keyboard.press("Escape")
                    await page.click("#show-log")
                    await page.wait_for_selector("#records td")
                    await page.screenshot(path=folder / "log-tablet.png")
                    await page.keyboard.press("Escape")
                    server.stop()
                    await page.wait_for_selector("#banner:not([hidden])", timeout=20000)
                    await page.screenshot(path=folder / "disconnected-tablet.png")
                    task = await _again(task, section, mqtt)
                    server_back = page.wait_for_selector("#banner", state="hidden", timeout=20000)
                    await server_back
                    await page.screenshot(path=folder / "back-tablet.png")
                await page.context.close()
            await browser.close()
        for one in (speaking, task):
            one.cancel()
        await asyncio.gather(speaking, task, return_exceptions=True)
        scene.close()


async def _again(task: asyncio.Task[None], section: Station, mqtt: Mqtt) -> asyncio.Task[None]:
    """The server ends and comes back."""
    await task
    return asyncio.create_task(Server(section, mqtt, SystemClock()).run())


async def _keep_speaking(scene: Scene) -> None:
    while True:
        scene.now_ms = _now_ms()
        await asyncio.to_thread(scene.speak)
        await asyncio.sleep(5.0)


def _now_ms() -> int:
    return round(time.time() * 1000)


async def main(folder: Path) -> None:
    """Every picture."""
    import playwright.async_api as playwright

    for count in (1, 6, 40):
        await shoot(folder, count, playwright)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m tests.station.pictures FOLDER")
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1])))
