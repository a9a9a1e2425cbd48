"""A real browser: Debian's Chromium, driven by Playwright. Pictures are kept where ANODYNE_SHOTS names a folder."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Page, ViewportSize

CHROMIUM = shutil.which("chromium")

PHONE: ViewportSize = {"width": 360, "height": 740}
"""A small phone, CSS pixels."""


class Shown(TypedDict, total=False):
    """How a page is shown; what is left out is as on a wall display."""

    viewport: ViewportSize
    has_touch: bool
    color_scheme: Literal["dark", "light"]


_COUNTING = """
window.pulses = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) { window.pulses += 1; return start.apply(this, at); };
"""
"""Counts the tones that the page really starts."""


def needs_browser() -> None:
    """Skip where there is no browser.

    It is the one part of the tests that needs two hundred megabytes of programs.
    """
    pytest.importorskip("playwright.async_api", reason="no playwright: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no chromium on the PATH (Debian: apt install chromium)")


@asynccontextmanager
async def browser_page(url: str, **shown: Unpack[Shown]) -> AsyncIterator[Page]:
    """A page of a new browser; the test fails on an error in its scripts."""
    import playwright.async_api as playwright

    errors: list[str] = []
    async with playwright.async_playwright() as play:
        browser = await play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=user-gesture-required"]
        )
        page = await browser.new_page(**shown)
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.add_init_script(_COUNTING)
        await page.goto(url)
        yield page
        await browser.close()
    assert errors == []


async def text_of(page: Page, selector: str) -> str:
    """The text of what is there."""
    text: str | None = await page.text_content(selector)
    assert text is not None, f"nothing on the page is {selector}"
    return text


async def holds(page: Page, expression: str, timeout_s: float = 20.0) -> None:
    """Wait until an expression is true on the page; Playwright's own way would need `unsafe-eval`, which we forbid."""
    async with asyncio.timeout(timeout_s):
        while not await page.evaluate(expression):  # noqa: ASYNC110 - the browser tells no event
            await asyncio.sleep(0.1)


async def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page, where pictures are wanted."""
    folder = os.environ.get("ANODYNE_SHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png")
