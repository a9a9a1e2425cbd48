"""SIGKILL at each step between commit and confirmation, and a short campaign of random kills."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.broker import Mosquitto, until
from tests.publish.box import running
from tests.publish.killed import STEPS
from tests.publish.test_confirmation import confirming, events


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_this_step_the_alert_is_shown_once_all_the_same(
    mosquitto: Mosquitto, tmp_path: Path, step: str
) -> None:
    command = [sys.executable, "-m", "tests.publish.killed", str(tmp_path), str(mosquitto.port), step]
    async with confirming(mosquitto.mqtt()) as heard:
        process = await asyncio.create_subprocess_exec(*command)
        assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGKILL
        async with running(tmp_path, mosquitto.mqtt()) as box:
            await until(lambda: box.publisher.connected)
            box.see(8)  # the pain goes on: a new alert where the first had not been committed
            [alert] = box.manager.active()
            await until(lambda: not box.publisher.pending() and not box.outbox.unconfirmed())
        assert events(heard) == [alert.id]


def test_a_short_campaign_of_random_kills_loses_nothing_and_shows_nothing_twice() -> None:
    command = [sys.executable, "-m", "tests.publish.chaos", "60", "3"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    figures = json.loads(done.stdout)
    assert figures["faults"] == 60
    assert figures["raised"] > 10
    assert (figures["lost"], figures["shown_twice"]) == (0, 0)
