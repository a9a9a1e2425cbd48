"""A box that raises one alarm and kills itself at a named step: `python -m tests.publish.killed FOLDER PORT STEP`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from edge.config import Mqtt
from edge.publish.link import Link
from edge.publish.outbox import Outbox, Row
from edge.publish.payload import Message
from tests.peers.broker import until
from tests.publish.box import running

STEPS = ("in_transaction", "committed", "handed_over", "acknowledged", "noted", "settled", "confirmed")
"""Before the commit; after it; after the first PUBLISH; before the PUBACK is noted; after that; once that is on disk;
after the receipt."""


def die() -> None:
    """As the power does."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(step: str) -> None:
    """Put the mine where it belongs."""
    put, publish, take, confirm = Outbox.put, Link.publish, Outbox.take, Outbox.confirm

    def mined_put(
        self: Outbox, leaf: str, message: Message, *, retain: bool = False, expiry_s: int | None = None
    ) -> None:
        put(self, leaf, message, retain=retain, expiry_s=expiry_s)
        if leaf == "event":
            die()

    def mined_publish(self: Link, topic: str, payload: bytes, *, retain: bool, expiry_s: int | None = None) -> int:
        mid = publish(self, topic, payload, retain=retain, expiry_s=expiry_s)
        if topic.endswith("/event"):
            die()
        return mid

    def mined_take(self: Outbox, row: Row, *, confirm: bool) -> None:
        if step in ("noted", "settled"):
            take(self, row, confirm=confirm)
        if step == "settled":
            self.store.later.settle()
        if row.leaf == "event":
            die()

    def mined_confirm(self: Outbox, message_id: str) -> bool:
        done = confirm(self, message_id)
        die()
        return done

    if step == "in_transaction":
        Outbox.put = mined_put  # type: ignore[method-assign]  # a mine in its way
    elif step == "handed_over":
        Link.publish = mined_publish  # type: ignore[method-assign]  # a mine in its way
    elif step in ("acknowledged", "noted", "settled"):
        Outbox.take = mined_take  # type: ignore[method-assign]  # a mine in its way
    elif step == "confirmed":
        Outbox.confirm = mined_confirm  # type: ignore[method-assign]  # a mine in its way


async def main(folder: Path, port: int, step: str) -> None:
    """Raise one alarm and die."""
    arm(step)
    async with running(folder, Mqtt(host="127.0.0.1", port=port)) as box:
        await until(lambda: box.publisher.connected)
        box.see(8)
        if step == "committed":
            die()
        await asyncio.sleep(20)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
