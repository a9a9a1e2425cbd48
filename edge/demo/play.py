"""Plays the scene: broker, box and nurse together, on a real or a virtual clock."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from edge.clock import Clock
from edge.daemon import Daemon
from edge.demo.ledger import Ledger, Report
from edge.demo.nurse import Nurse
from edge.demo.screen import Screen
from edge.demo.setup import demo_config
from edge.publish.embedded import EmbeddedBroker, Kind
from edge.publish.payload import AlertMessage, StateMessage
from edge.sensors.simulated.scene import DEMO_SCENE, Scene

M = TypeVar("M", AlertMessage, StateMessage)

LAST_MESSAGES_S = 5.0
"""Longest real wait after the scene for messages that are still on their way to the nurse, seconds."""

LAST_FRAME_S = 0.5
"""The box is stopped this long before clip and band end, seconds: their end would look like one more loss."""

_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it.

    Attributes:
        report: the figures.
        broker: which broker was used.
        wall_s: how long it took in real time, seconds.
    """

    report: Report
    broker: Kind
    wall_s: float


async def play(clock: Clock, console: Console | None = None, prefer: Kind | None = None) -> Played:
    """Play the built-in scene through the true daemon.

    Args:
        clock: real time, or a virtual clock that jumps.
        console: where to show what the nurse gets; None: nowhere.
        prefer: which embedded broker; None takes mosquitto where it is installed.
    """
    began_s = time.monotonic()
    scene = Scene.load(DEMO_SCENE)
    start_ns = clock.now_ns()
    ledger = Ledger(scene, start_ns // 1_000_000)
    screen = Screen(console, start_ns // 1_000_000) if console is not None else None
    with EmbeddedBroker(prefer) as broker, tempfile.TemporaryDirectory(prefix="anodyne-demo-") as folder:
        config = demo_config(Path(folder), broker.port)
        nurse = Nurse(
            config.mqtt,
            clock,
            _all(ledger.on_event, screen.on_event if screen else None),
            _all(ledger.on_state, screen.on_state if screen else None),
        )
        listening = asyncio.create_task(nurse.run(), name="nurse")
        await nurse.ready()
        box = asyncio.create_task(Daemon(config, clock, on_alert=ledger.on_alert).run(), name="box")
        scene_over = asyncio.create_task(clock.sleep(scene.duration_s - LAST_FRAME_S))
        await asyncio.wait({box, scene_over}, return_when=asyncio.FIRST_COMPLETED)
        await _end(scene_over)
        await _end(box)
        await _last_messages(clock, ledger)
        await _end(listening)
        return Played(ledger.report(), broker.kind, round(time.monotonic() - began_s, 2))


def _all(*receivers: Callable[[M], None] | None) -> Callable[[M], None]:
    """One receiver that hands on to those that exist."""

    def receive(message: M) -> None:
        for receiver in receivers:
            if receiver is not None:
                receiver(message)

    return receive


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for it; what it failed with before is raised here."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _last_messages(clock: Clock, ledger: Ledger) -> None:
    """Give messages that are on their way real time to arrive, also where the clock is virtual."""
    deadline_s = time.monotonic() + LAST_MESSAGES_S
    while ledger.outstanding and time.monotonic() < deadline_s:
        await clock.in_thread(time.sleep, _POLL_S)
