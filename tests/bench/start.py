"""From the start of the process to its first messages: `python -m tests.bench.start [TIMES]`.

The true daemon, with a camera that is not there, a simulated band and the shipped models, against a Mosquitto on
loopback. It says nothing of a kernel's boot or of a Raspberry Pi. One JSON line: median and worst of each, seconds;
`cpu_s` is the processor time of the process until it is stopped right after, which other load hardly moves.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from edge.publish.payload import AvailabilityMessage, StateMessage
from edge.publish.subscriber import Received, Subscriber
from edge.publish.topics import Topics
from tests.peers.broker import Mosquitto, until

BOX = """
[box]
site = "ward"
bed = "bed"
state_dir = "."
validity = "test"

[mqtt]
host = "127.0.0.1"
port = {port}

[[sensor]]
driver = "v4l2"
name = "camera"
device = "/nonexistent/video0"

[[sensor]]
driver = "simulated_band"
name = "band"
"""

TIMES = 10


async def once(folder: Path, broker: Mosquitto) -> tuple[float, float, float]:
    """Seconds from the start of the process to `availability` (online) and to the first `state`; processor time."""
    seen: dict[str, float] = {}
    begun_ms = time.time_ns() // 1_000_000

    def hear(received: Received) -> None:
        message = received.message
        if message.wall_ms < begun_ms:
            return  # retained, of the run before
        if isinstance(message, StateMessage) or (isinstance(message, AvailabilityMessage) and message.online):
            seen.setdefault(received.address.leaf, time.monotonic())

    subscriber = Subscriber(broker.mqtt(), hear, topics=Topics("ward", "bed"))
    listening = asyncio.create_task(subscriber.run())
    await subscriber.ready.wait()
    begun_s = time.monotonic()
    command = [sys.executable, "-m", "edge.cli", "run", "--config", str(folder / "box.toml")]
    environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "manager")}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)  # noqa: ASYNC220 - its start is what is timed
    try:
        await until(lambda: {"availability", "state"} <= set(seen), 60)
    finally:
        process.send_signal(signal.SIGTERM)
        _, code, used = await asyncio.to_thread(os.wait4, process.pid, 0)
        process.returncode = code
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    return seen["availability"] - begun_s, seen["state"] - begun_s, used.ru_utime + used.ru_stime


def main(times: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "box"
        folder.mkdir()
        broker = Mosquitto(Path(name))
        broker.start()
        (folder / "box.toml").write_text(BOX.format(port=broker.port).replace('"."', f'"{folder}"'))
        try:
            found = [asyncio.run(once(folder, broker)) for _ in range(times)]
        finally:
            broker.kill()
    told: dict[str, object] = {"what": "process start, loopback broker", "times": times}
    for leaf, seconds in zip(("availability_s", "state_s", "cpu_s"), zip(*found, strict=True), strict=True):
        told[leaf] = {"median": round(statistics.median(seconds), 2), "worst": round(max(seconds), 2)}
    print(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES)
