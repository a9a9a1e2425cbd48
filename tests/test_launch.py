"""The end of `anodyne run`, with a thread that hangs in a device."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

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


FAILING = """
import asyncio, sys, time
from pathlib import Path
from edge import launch

class Failing:
    updates = None

    def __init__(self, *_args, on_stage, **_rooms):
        pass

    async def run(self):
        asyncio.get_running_loop().run_in_executor(None, time.sleep, 60.0)
        raise RuntimeError("a room has failed")

launch.Daemon = Failing
launch.LEAVE_S = 0.5
launch.launch(Path(sys.argv[1]))
"""
"""A box one of whose rooms fails while a device hangs."""


def test_a_thread_that_hangs_does_not_keep_a_box_that_has_failed_from_being_started_anew(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "box.toml").write_text('[box]\nstate_dir = "state"\nvalidity = "test"\n')
    command = [sys.executable, "-c", FAILING, str(tmp_path / "box.toml")]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert outcome.returncode == 1
    assert "leaving without it: RuntimeError: a room has failed" in outcome.stderr
    assert "a room has failed" in (tmp_path / "state" / "starts.json").read_text()


def test_a_thread_that_hangs_does_not_keep_the_program_from_ending() -> None:
    begun_s = time.monotonic()
    outcome = subprocess.run([sys.executable, "-c", HUNG], capture_output=True, text=True, timeout=30, check=False)
    assert outcome.returncode == 0
    assert "leaving without it" in outcome.stderr
    assert time.monotonic() - begun_s < 20.0
