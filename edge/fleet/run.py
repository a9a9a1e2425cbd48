"""Plays a hospital against a broker: at rest, then a storm; alerts are timed to the stations that read them."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from edge.clock import Clock
from edge.errors import PublishError, PublishReason
from edge.fleet.beds import SimulatedBed
from edge.fleet.client import Access, Client
from edge.fleet.tally import Figures, Load, Tally, percentile_ms
from edge.publish.payload import AlertMessage
from edge.publish.states import STATE_EVERY_S
from edge.publish.subscriber import read
from edge.publish.topics import EVENT, ROOT, parse

CONNECTS_PER_S = 500
"""Clients that connect within a second: a hospital after a power cut comes back slower."""

SETTLE_S = 30.0
"""Longest wait for alerts that are still on their way at the end of a phase, seconds; then they count as lost."""

_BEAT_S = 0.02
"""The process looks at how late its own loop is this often, seconds."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play.

    Attributes:
        beds: how many.
        rest_s: length of the rest, seconds.
        alerts_per_s: alerts during the rest, of random beds.
        storm_share: share of the beds that alarm in the storm.
        storm_s: within this time, seconds.
        stations: clients that share the reading (a shared subscription where there are several).
        site: first level of the topics.
    """

    beds: int
    rest_s: float = 20.0
    alerts_per_s: float = 10.0
    storm_share: float = 0.05
    storm_s: float = 10.0
    stations: int = 1
    site: str = "fleet"


class Fleet:
    """The hospital.

    Args:
        plan: what to play.
        access: the broker.
        clock: time.
        tell: called with a line about what is going on.
    """

    def __init__(self, plan: Plan, access: Access, clock: Clock, tell: Callable[[str], None]) -> None:
        """Nothing is connected yet."""
        self._plan = plan
        self._tell = tell
        self._access = access
        self._beds = [SimulatedBed(access, plan.site, number, clock) for number in range(plan.beds)]
        name = os.urandom(3).hex()
        topics = f"{ROOT}/{plan.site}/#"
        shared = topics if plan.stations == 1 else f"$share/{name}/{topics}"
        self._stations = [
            Client(access, f"anodyne-fleet-{name}-{number}", shared, self._hear, number)
            for number in range(plan.stations)
        ]
        self._tally = Tally("connecting", plan.beds, _now_s())
        self._late_s: list[float] = []
        self._arrived = asyncio.Event()

    async def run(self) -> tuple[list[Figures], Load]:
        """Connect, rest, storm, and leave nothing behind at the broker.

        Raises:
            PublishError: the broker refuses a client, or does not take them all.
        """
        _raise_file_limit(self._plan.beds + 200)
        await self._access.probe()
        try:
            return await self._play()
        except* PublishError as errors:
            error: BaseException = errors
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
        raise error

    async def _play(self) -> tuple[list[Figures], Load]:
        begun_s, used_s = _now_s(), time.process_time()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one.run()) for one in self._stations]
            tasks += await self._connect(group)
            speaking = [group.create_task(self._speak(bed)) for bed in self._beds]
            tasks.append(group.create_task(self._beat()))
            figures = [await self._rest(), await self._storm()]
            load = Load(
                percentile_ms(sorted(self._late_s), 0.99) or 0.0, (time.process_time() - used_s) / (_now_s() - begun_s)
            )
            for task in speaking:
                task.cancel()
            await self._leave()
            for task in tasks:
                task.cancel()
        return figures, load

    async def _connect(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        begun_s = _now_s()
        tasks: list[asyncio.Task[None]] = []
        for index, bed in enumerate(self._beds):
            bed.greet()
            tasks.append(group.create_task(bed.client.run()))
            if index % (CONNECTS_PER_S // 10) == CONNECTS_PER_S // 10 - 1:
                await asyncio.sleep(0.1)
        everybody = [*self._stations, *(bed.client for bed in self._beds)]
        try:
            async with asyncio.timeout(60 + self._plan.beds / 50):
                for one in everybody:
                    await one.ready.wait()
        except TimeoutError:
            there = sum(one.ready.is_set() for one in everybody)
            message = f"the broker took {there} of {len(everybody)} clients; see its limits of connections and files"
            raise PublishError(PublishReason.UNREACHABLE, message) from None
        self._tell(f"{len(self._beds)} beds connected in {_now_s() - begun_s:.1f} s")
        return tasks

    async def _speak(self, bed: SimulatedBed) -> None:
        await asyncio.sleep(random.uniform(0, STATE_EVERY_S))  # noqa: S311 - boxes were not switched on together
        while True:
            bed.state()
            await asyncio.sleep(STATE_EVERY_S)

    async def _beat(self) -> None:
        while True:
            before_s = _now_s()
            await asyncio.sleep(_BEAT_S)
            self._late_s.append(_now_s() - before_s - _BEAT_S)

    async def _rest(self) -> Figures:
        count = round(self._plan.rest_s * self._plan.alerts_per_s)
        return await self._phase("rest", random.choices(self._beds, k=count), self._plan.rest_s)  # noqa: S311 - which beds, no secret

    async def _storm(self) -> Figures:
        count = max(1, round(self._plan.beds * self._plan.storm_share))
        return await self._phase("storm", random.sample(self._beds, count), self._plan.storm_s)

    async def _phase(self, name: str, alarming: list[SimulatedBed], seconds: float) -> Figures:
        """Let beds alarm at random times within a while, and wait for what is on its way."""
        begun_s = _now_s()
        self._tally = Tally(name, self._plan.beds, begun_s)
        moments = sorted(random.uniform(0, seconds) for _ in alarming)  # noqa: S311 - which beds, no secret
        for moment_s, bed in zip(moments, alarming, strict=True):
            wait_s = begun_s + moment_s - _now_s()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            made_s = _now_s()
            self._tally.raise_alert(bed.alert(), made_s)
        await asyncio.sleep(max(0.0, begun_s + seconds - _now_s()))
        with suppress(TimeoutError):  # what is still missing counts as lost
            async with asyncio.timeout(SETTLE_S):
                await self._settle()
        figures = self._tally.figures(_now_s())
        self._tell(f"{name}: {figures['arrived']} of {figures['raised']} alerts, p99 {figures['p99_ms']} ms")
        return figures

    async def _settle(self) -> None:
        """Wait until every alert of this phase has arrived."""
        while self._tally.missing:
            self._arrived.clear()
            await self._arrived.wait()

    def _hear(self, topic: str, payload: bytes) -> None:
        """Read everything, as a station does."""
        address = parse(topic)
        message = None if address is None or not payload else read(address.leaf, payload)
        if message is None:
            return
        self._tally.message()
        if address is not None and address.leaf == EVENT and isinstance(message, AlertMessage):
            self._tally.arrive(message.id, _now_s())
            self._arrived.set()

    async def _leave(self) -> None:
        for bed in self._beds:
            bed.clear()
        with suppress(TimeoutError):  # a broker that is gone keeps what it keeps
            async with asyncio.timeout(SETTLE_S):
                for bed in self._beds:
                    await bed.client.idle.wait()


def _raise_file_limit(needed: int) -> None:
    """Allow as many sockets as there are beds.

    Raises:
        PublishError: the machine does not allow that many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise PublishError(
            PublishReason.REFUSED,
            f"{needed} open files are needed, {hard} allowed: raise `ulimit -Hn`, or fewer beds",
        )
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _now_s() -> float:
    return time.perf_counter()
