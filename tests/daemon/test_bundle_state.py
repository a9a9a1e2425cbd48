"""Which models run, since when and how a trial ended is told on MQTT and to Prometheus."""

from __future__ import annotations

import asyncio
import math
import re
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from edge import clock, config
from edge.bundles import steps
from edge.daemon import Daemon
from edge.health.teller import LOOK_S
from edge.publish.embedded import EmbeddedBroker, free_port
from edge.publish.payload import HealthMessage
from edge.publish.subscriber import Received, Subscriber
from edge.publish.topics import HEALTH
from tests.fixtures.updated_box import UpdatedBox

SOON_S = 2 * LOOK_S + 5.0
"""Health is looked at once a minute, and the pointer every five seconds."""


@pytest.fixture(autouse=True)
def no_service_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report goes into the state folder."""
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)


class Told:
    """What a box says of its models at some moments of its life."""

    def __init__(self, box: UpdatedBox) -> None:
        """Ask for figures."""
        self.box = box
        box.metrics_port = free_port()
        self.pages: list[dict[tuple[str, ...], float]] = []
        self.messages: list[HealthMessage] = []

    def look(self) -> None:
        """Fetch the page, and keep what the broker would be given."""
        assert self.box.daemon is not None
        with closing(urllib.request.urlopen(f"http://127.0.0.1:{self.box.metrics_port}/metrics", timeout=5)) as answer:
            text = answer.read().decode()
        rows = re.findall(r'^anodyne_bundle\{.*?bundle="(.*?)".*?state="(.*?)".*?\} (\S+)$', text, re.MULTILINE)
        rest = re.findall(r"^(anodyne_bundle_\w+)\{.*?\} (\S+)$", text, re.MULTILINE)
        self.pages.append(
            {(name, state): float(value) for name, state, value in rows}
            | {(name,): float(value) for name, value in rest}
        )
        message = self.box.daemon._publisher._announced[HEALTH]
        assert isinstance(message, HealthMessage)
        self.messages.append(message)


def test_each_step_of_a_bundle_is_told(box: UpdatedBox) -> None:
    told = Told(box)
    ids: list[str] = []
    box.live(
        900.0,
        at={
            30.0: told.look,
            31.0: lambda: ids.append(steps.shadow(box.shelf, "0.2.0", 200.0)),
            31.0 + SOON_S: told.look,
            400.0: told.look,
            401.0: lambda: steps.commit(box.shelf, "0.2.0", 200.0, None),
            401.0 + SOON_S: told.look,
            890.0: told.look,
        },
    )
    [name] = ids
    states = [
        set(page) - {("anodyne_bundle_since_timestamp_seconds",), ("anodyne_bundle_fault",)} for page in told.pages
    ]
    assert states == [
        {("shipped", "committed")},
        {("shipped", "committed"), (name, "shadow_running")},
        {("shipped", "committed"), (name, "shadow_done")},
        {(name, "trial"), (name, "shadow_done")},
        {(name, "committed"), (name, "shadow_done")},
    ]
    since = [page["anodyne_bundle_since_timestamp_seconds",] for page in told.pages]
    assert [math.isnan(one) for one in since] == [True, True, True, False, False]
    begun = box.shelf.clock.instant().wall_ms / 1000
    assert since[3] == begun, "the command's own clock stands at the beginning"
    assert since[4] - begun == pytest.approx(401.0 + 200.0, abs=10.0)
    assert {page["anodyne_bundle_fault",] for page in told.pages} == {0.0}
    models = [message.models for message in told.messages]
    assert [None if one is None else (one.bundle, one.use, one.beside_state) for one in models] == [
        ("shipped", "committed", None),
        ("shipped", "committed", "running"),
        ("shipped", "committed", "done"),
        (name, "trial", "done"),
        (name, "committed", "done"),
    ]
    assert [None if one is None or one.since_ms is None else one.since_ms / 1000 for one in models][3:] == since[3:]


def test_a_trial_that_was_rolled_back_is_a_warning_until_something_is_done(box: UpdatedBox) -> None:
    told = Told(box)
    name = steps.commit(box.shelf, "0.2.0", 3600.0, "a test")
    with pytest.raises(ExceptionGroup):
        box.live(60.0, crash_at=30.0)
    box.live(20.0, at={15.0: told.look})
    [message], [page] = told.messages, told.pages
    assert message.models is not None
    assert (message.models.bundle, message.models.use) == ("shipped", "committed")
    assert message.models.fault == f"{name} rolled back to shipped: the daemon crashed before it was confirmed"
    assert message.faults["bundle fault"] == message.models.fault
    assert message.grade in ("warning", "error")
    assert page["anodyne_bundle_fault",] == 1.0
    assert not math.isnan(page["anodyne_bundle_since_timestamp_seconds",])


def test_the_station_hears_of_a_roll_back_through_a_real_broker(box: UpdatedBox) -> None:
    name = steps.commit(box.shelf, "0.2.0", 3600.0, "a test")
    with pytest.raises(ExceptionGroup):
        box.live(60.0, crash_at=30.0)
    heard: list[HealthMessage] = []

    async def live() -> None:
        time = clock.SystemClock()
        told = asyncio.Event()
        with EmbeddedBroker() as broker:
            way = config.Mqtt(host="127.0.0.1", port=broker.port)

            def hear(received: Received) -> None:
                if isinstance(received.message, HealthMessage):
                    heard.append(received.message)
                    told.set()

            listening = asyncio.create_task((subscriber := Subscriber(way, hear)).run())
            await subscriber.ready.wait()
            settings = box.settings().model_copy(update={"mqtt": way, "sensor": ()})
            shelf = box.site.shelf(box.state, time)
            task = asyncio.create_task(Daemon(settings, time, shelf=shelf).run())
            async with asyncio.timeout(40):
                await told.wait()
            for one in (task, listening):
                one.cancel()
            await asyncio.wait({task, listening})

    clock.run(clock.SystemClock(), live())
    assert heard[0].models is not None
    assert str(heard[0].models.fault).startswith(f"{name} rolled back to shipped")


def test_models_that_the_configuration_names_are_told_as_such(box: UpdatedBox) -> None:
    told = Told(box)
    box.models = config.Models(bundle=Path(__file__).parents[2] / "models")
    box.live(20.0, at={15.0: told.look})
    assert told.messages[0].models is not None
    assert told.messages[0].models.use == "configured"
