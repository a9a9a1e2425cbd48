"""A process that raises alerts until it is killed, and prints the id of each one that is committed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from edge.config import Mqtt
from tests.peers.broker import until
from tests.publish.box import running


async def main(folder: Path, port: int) -> None:
    """Raise an alert every few milliseconds."""
    async with running(folder, Mqtt(host="127.0.0.1", port=port)) as box:
        await until(lambda: box.publisher.connected)
        while True:
            for alert in box.raise_alerts(1):
                print(alert.id, flush=True)
            alert = box.manager.acknowledge("pain", "test")
            print(alert.id, flush=True)
            for alert in box.see(1):
                print(alert.id, flush=True)
            await asyncio.sleep(0.003)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
