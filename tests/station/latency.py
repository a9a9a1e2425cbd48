"""How long an alert takes from the box to a screen: `python -m tests.station.latency [BEDS [SCREENS]]`, one JSON line.

One process publishes, serves and listens, so the figures are an upper bound; the broker is a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np

from edge.config import Mqtt
from edge.publish.embedded import EmbeddedBroker
from edge.types import Condition
from tests.peers.broker import until
from tests.station.browser import Browser, Screen, section, serving
from tests.station.scene import Scene

ALERTS = 100


def has(screen: Screen, place: str, episode: int) -> bool:
    """Whether a screen shows this alarm."""
    return [one["episode"] for one in screen.alarms(place)] == [episode]


async def measure(beds: int, screens: int) -> dict[str, object]:
    """Publish alerts one by one and wait for the last screen to have each."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedBroker() as broker:
        mqtt = Mqtt(host=broker.host, port=broker.port)
        station = section(Path(folder))
        scene = Scene(mqtt, beds, round(time.time() * 1000), ("watched",))
        ruth = Browser(station.port)
        waits_ms: list[float] = []
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(serving(station, mqtt))
            await ruth.sign_in()
            watched = [await stack.enter_async_context(ruth.watching()) for _ in range(screens)]
            await until(lambda: all(one.status.get("connected") for one in watched), 60)
            await asyncio.to_thread(scene.speak)
            await until(lambda: all(len(one.order) == beds for one in watched), 60)
            cpu_s, began = time.process_time(), time.monotonic()
            for number in range(ALERTS):
                bed = f"bed{number % beds + 1:02d}"
                sent = time.monotonic()
                await asyncio.to_thread(scene.alarm, bed, Condition.PAIN, "on", "medium", 6.4, 1000 + number)
                place = f"ward3/{bed}"
                episode = 1000 + number
                await until(lambda: all(has(one, place, episode) for one in watched), 10)  # noqa: B023 - awaited here
                waits_ms.append((time.monotonic() - sent) * 1000)
            cpu_s, took_s = time.process_time() - cpu_s, time.monotonic() - began
        scene.close()
    p50, p99 = np.percentile(waits_ms, [50, 99])
    return {
        "beds": beds,
        "screens": screens,
        "alerts": ALERTS,
        "p50_ms": round(float(p50)),
        "p99_ms": round(float(p99)),
        "longest_ms": round(max(waits_ms)),
        "cpu_of_a_core": round(cpu_s / took_s, 2),
        "rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


if __name__ == "__main__":
    beds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    screens = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    sys.stdout.write(json.dumps(asyncio.run(measure(beds, screens))) + "\n")
