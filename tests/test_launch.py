"""The end of `anodyne run`, with a thread that hangs in a device."""

from __future__ import annotations

import subprocess
import sys
import time

HUNG = """
import asyncio, time
from edge.launch import leave_within

async def main():
    hung = asyncio.create_task(asyncio.to_thread(time.sleep, 60.0))
    await asyncio.sleep(0.1)
    hung.cancel()
    leave_within(0.5)

asyncio.run(main())
"""
"""As a driver whose library does not return: its task can be cancelled, its thread cannot."""


def test_a_thread_that_hangs_does_not_keep_the_program_from_ending() -> None:
    begun_s = time.monotonic()
    outcome = subprocess.run([sys.executable, "-c", HUNG], capture_output=True, text=True, timeout=30, check=False)
    assert outcome.returncode == 0
    assert "leaving without it" in outcome.stderr
    assert time.monotonic() - begun_s < 20.0
