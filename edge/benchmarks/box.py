"""The whole box as its own process: start, memory, processor share, and the way from a frame to the subscriber."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from edge import clock
from edge.benchmarks import Figure
from edge.config import Mqtt
from edge.demo.setup import FACE_CLIP
from edge.publish.embedded import EmbeddedBroker
from edge.publish.payload import StateMessage
from edge.publish.subscriber import Received, Subscriber
from edge.types import NS_PER_S, Modality

SETTLE_S = 5.0
"""Start-up that is not counted in the processor share, seconds."""

MEASURED_S = 60.0
"""Stretch over which the processor share is taken, seconds: 600 frames, with the clip's pain in the last third, so that
assessments change and are published."""

CONFIG = """
[box]
site = "bench"
bed = "bed1"
state_dir = "{folder}"
validity = "test"

[[sensor]]
name = "camera"
driver = "video_file"
path = "{clip}"
rate_hz = 10.0
repeat = true

[[sensor]]
name = "left"
driver = "simulated_band"
seed = 1

[[sensor]]
name = "right"
driver = "simulated_band"
seed = 2

[mqtt]
host = "127.0.0.1"
port = {port}
"""


def figures() -> Iterator[Figure]:
    """Run `anodyne run` on a rendered face at 10 frames per second and two bands, and watch it from outside.

    Yields:
        Seconds from the process's start to the first assessment with a score; resident memory; share of one core;
        milliseconds from a frame's exposure to the subscriber, the daemon's own tick included, over every assessment
        that was worth a message.
    """
    with EmbeddedBroker() as broker, tempfile.TemporaryDirectory(prefix="anodyne-bench-") as folder:
        config = Path(folder) / "box.toml"
        config.write_text(CONFIG.format(folder=folder, clip=FACE_CLIP, port=broker.port))
        yield from clock.run(system := clock.SystemClock(), _watch(system, broker.port, config))


async def _watch(system: clock.Clock, port: int, config: Path) -> list[Figure]:
    received: list[tuple[StateMessage, int]] = []
    subscriber = Subscriber(Mqtt(host="127.0.0.1", port=port), partial(_keep, received), clock=system)
    listening = asyncio.create_task(subscriber.run())
    await subscriber.ready.wait()
    began_ns = system.now_ns()
    box = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge.cli", "run", "--config", str(config), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await system.sleep(SETTLE_S)
        busy_s, from_ns = _processor_s(box.pid), system.now_ns()
        await system.sleep(MEASURED_S)
        share = (_processor_s(box.pid) - busy_s) / ((system.now_ns() - from_ns) / NS_PER_S)
        memory = _resident_mib(box.pid)
    finally:
        box.send_signal(signal.SIGTERM)
        await box.wait()
        listening.cancel()
        await asyncio.wait({listening})
    first_ns = next(arrived_ns for state, arrived_ns in received if state.score is not None)
    delays_ms = list(_delays_ms(received))
    return [
        Figure("box_start_to_first_assessment", (first_ns - began_ns) / NS_PER_S, "s"),
        Figure("box_resident_memory", memory, "MiB"),
        Figure("box_core_percent", 100 * share, "%"),
        Figure("box_frame_to_subscriber_ms_median", statistics.median(delays_ms), "ms"),
        Figure("box_frame_to_subscriber_ms_max", max(delays_ms), "ms"),
        Figure("box_assessments_received", len(delays_ms), "messages"),
    ]


def _keep(received: list[tuple[StateMessage, int]], message: Received) -> None:
    if isinstance(message.message, StateMessage):
        received.append((message.message, message.arrived_ns))


def _delays_ms(received: list[tuple[StateMessage, int]]) -> Iterator[float]:
    """Age of the face's frame at the assessment, plus the way from there to the subscriber (one monotonic clock)."""
    for state, arrived_ns in received:
        for contribution in state.contributions:
            if contribution.modality is Modality.FACE:
                yield 1000 * contribution.age_s + arrived_ns / 1e6 - state.since_boot_ms


def _processor_s(pid: int) -> float:
    """Processor time of a process so far, user and system, seconds (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mib(pid: int) -> float:
    """Resident memory of a process, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
