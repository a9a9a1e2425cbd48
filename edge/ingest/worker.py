"""One worker: takes its share of the messages, writes them down, and only then acknowledges them.

It confirms nothing to a box: that an alert is shown to a person is for a station with a page to say.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from edge.clock import Clock
from edge.config import Mqtt, Station
from edge.errors import StoreError, StoreReason
from edge.ingest.scribe import Scribe, filters
from edge.publish.shared import WINDOW, Delivery, SharedReader
from edge.publish.topics import Topics
from edge.station.book import Book
from edge.station.entries import Entry
from edge.station.keeping import open_hospital
from edge.types import NS_PER_S

logger = logging.getLogger(__name__)

GATHER_S = 0.1
"""Messages of this time go to disk together, seconds: at most ten writes a second, however few messages there are."""

MOST = WINDOW // 2
"""Messages in one write: while it goes on, the broker sends the other half."""

AGAIN_S = 1.0
"""A write that failed is tried again after this, seconds; nothing is acknowledged meanwhile."""

GIVE_UP_S = 60.0
"""A file that has taken nothing for so long ends the worker, seconds: at its next start a damaged one is set aside."""

OWN_KEEP_MS = 86_400_000
"""What a hospital's database has is kept on this machine for a day: to recognise repeats, and for whoever looks."""

_FORGET_S = 600.0
"""Old entries are dropped this often, seconds."""

GRACE_S = 2.0
"""A write that goes on at the end is given so long, seconds."""

DRAIN_S = 1.0
"""Whether the database has everything is looked at this often when a worker leaves, seconds."""


class Figures(Protocol):
    """What counts a worker's doings."""

    def written(self, scribe: Scribe, wall_ms: int) -> None:
        """A batch is on the disk."""
        ...


class Worker:
    """One member of the group.

    Args:
        section: `[station]` of the configuration: where the record is.
        mqtt: the broker.
        clock: time.
        name: which member; the broker keeps this one's share for it while it is away.
        group: workers of one group share the messages.
        topics: which beds.
        figures: told of every write.

    Raises:
        StoreError: the folder cannot be used.
        StationError: the database's package or password is missing.
    """

    def __init__(
        self,
        section: Station,
        mqtt: Mqtt,
        clock: Clock,
        name: str,
        group: str,
        topics: Topics | None = None,
        figures: Figures | None = None,
    ) -> None:
        """Open the record; `run` connects."""
        self._clock = clock
        self._keep_ms = round(section.keep_days * 86_400_000)
        self._figures = figures
        self._scribe = Scribe()
        self._disk = asyncio.Lock()
        self.folder = folder_of(section, name)
        self.book = Book(self.folder, spooling=section.history is not None)
        if self.book.fault:
            self.book.close()
            raise StoreError(
                StoreReason.UNWRITABLE,
                f"{self.folder} cannot be written ({self.book.fault}): nothing that is not on the disk may be "
                "acknowledged; make room, or set station.state_dir to a folder that belongs to this user",
            )
        self.hospital = None if section.history is None else open_hospital(section, self.book, whole_minutes=True)
        self.reader = SharedReader(
            mqtt, f"anodyne-ingest-{group}-{name}", group, filters(topics or Topics("+", "+")), clock
        )

    async def run(self, *, leave: bool = False, on_ready: Callable[[], None] = lambda: None) -> None:
        """Take and write, until cancelled.

        Args:
            leave: give up the place in the group, write what the broker still holds for it, and return.
            on_ready: called when the broker has taken the subscriptions for the first time.

        Raises:
            PublishError: NO_SHARING: the broker cannot serve a group.
            StoreError: the file takes nothing any more.
        """
        if self.hospital is not None:
            self.hospital.start()
        tasks = {
            asyncio.create_task(one)
            for one in (self.reader.run(), self._write(), self._forget(), self._depart(on_ready, leave=leave))
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self.hospital is not None:
                await asyncio.to_thread(self.hospital.stop)
            self.book.close()

    async def _write(self) -> None:
        while True:
            batch = await self.reader.gather(MOST, GATHER_S)
            heard_ms = self._clock.instant().wall_ms
            writing = asyncio.ensure_future(self._until_kept(batch, heard_ms))
            try:
                await asyncio.shield(writing)
            finally:  # what is being written is finished where the disk allows, so that it need not come again
                await asyncio.wait({writing}, timeout=GRACE_S)
                writing.cancel()

    async def _until_kept(self, batch: list[Delivery], heard_ms: int) -> None:
        rows = await self._clock.in_thread(self._scribe.entries, [one.incoming for one in batch], heard_ms)
        began_ns = self._clock.now_ns()
        while not await self._kept(rows):
            if self._clock.now_ns() - began_ns > GIVE_UP_S * NS_PER_S:
                raise StoreError(
                    StoreReason.UNWRITABLE,
                    f"{self.book.path} has taken nothing for {GIVE_UP_S:.0f} s ({self.book.fault}); the broker keeps "
                    "what was not written: make room, or start again to have a damaged file set aside",
                )
            await self._clock.sleep(AGAIN_S)
        self.reader.acknowledge(batch)
        if self._figures is not None:
            self._figures.written(self._scribe, self._clock.instant().wall_ms)

    async def _kept(self, rows: list[Entry]) -> bool:
        """Whether they are on the disk now."""
        async with self._disk:
            return await self._clock.in_thread(self.book.keep, rows)

    async def _forget(self) -> None:
        while True:
            await self._clock.sleep(_FORGET_S)
            if self._scribe.clock_in_doubt:  # a clock that may be wrong makes nothing old
                continue
            now_ms = self._clock.instant().wall_ms
            kept_ms = self._keep_ms if self.hospital is None else min(self._keep_ms, OWN_KEEP_MS)
            async with self._disk:
                await self._clock.in_thread(self.book.forget, now_ms - kept_ms, now_ms, now_ms - self._keep_ms)

    async def _depart(self, on_ready: Callable[[], None], *, leave: bool) -> None:
        await self.reader.ready.wait()
        on_ready()
        if not leave:
            await asyncio.Event().wait()
        await self.reader.leave()
        while self.hospital is not None and self.book.unsent() != 0:
            await self._clock.sleep(DRAIN_S)


def folder_of(section: Station, name: str) -> Path:
    """Where a worker keeps its file.

    Workers that write into a hospital's database have each its own spool; without one, the file is the record, and the
    workers of one machine write it together.
    """
    return section.state_dir if section.history is None else section.state_dir / f"ingest-{name}"
