"""What a person sees of the bed in a real Home Assistant, and what its buttons do at the box.

Home Assistant's own core and MQTT integration run in a Debian 13 root (run.sh); the broker is a real Mosquitto.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.config import Box, Mqtt
from edge.publish.embedded import free_port
from edge.publish.home_assistant.announcer import HomeAssistant
from edge.types import Presence, Validity
from tests.peers.broker import Mosquitto, station, until
from tests.publish.box import SmallBox, running
from tests.station.test_batteries import BAND, SCENE
from tests.station.test_home import box_toml, process

RUN = Path(__file__).with_name("run.sh")
SLOW_S = 90.0
"""Within which anything has to come that is not bound by a time of its own."""

pytestmark = pytest.mark.timeout(600)


class House:
    """A running Home Assistant.

    Attributes:
        states: of its entities of this project, by the end of their name.
        attributes: likewise.
        warnings: what its log complained of.
        version: its own.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Read what it says until it ends."""
        self.states: dict[str, str] = {}
        self.attributes: dict[str, Mapping[str, object]] = {}
        self.warnings: list[str] = []
        self.version = ""
        self._process = process
        self.reading = asyncio.create_task(self._read())

    def of(self, name: str) -> str | None:
        """The state of the one entity, not a button, whose name ends so."""
        found = [
            state
            for entity, state in self.states.items()
            if entity.endswith(f"_{name}") and not entity.startswith("button.")
        ]
        assert len(found) <= 1, f"{name} is ambiguous: {sorted(self.states)}"
        return found[0] if found else None

    async def press(self, name: str) -> None:
        """Press a button as a person would on its page."""
        (entity,) = (one for one in self.states if one.startswith("button.") and one.endswith(f"_{name}"))
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"press": entity}).encode() + b"\n")
        await self._process.stdin.drain()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if not line.startswith(b"{"):
                continue  # its own log
            said = json.loads(line)
            if "ready" in said:
                self.version = said["ready"]
            elif "warning" in said:
                self.warnings.append(said["warning"])
            elif "anodyne" in said["entity"]:
                self._note(said["entity"], said["state"], said["attributes"])

    def _note(self, entity: str, state: str | None, attributes: Mapping[str, object]) -> None:
        if state is None:
            self.states.pop(entity, None)
        else:
            self.states[entity] = state
            self.attributes[entity] = attributes


@asynccontextmanager
async def house(broker: Mosquitto) -> AsyncIterator[House]:
    """Home Assistant with this broker for the time of the block."""
    root = os.environ.get("HOME_ASSISTANT_ROOT")
    if root is None:
        pytest.skip("no Home Assistant here: make test-home-assistant")
    process = await asyncio.create_subprocess_exec(
        RUN, "--assistant", root, str(broker.port), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        limit=2**20,
    )  # fmt: skip
    one = House(process)
    try:
        await until(lambda: one.version or one.reading.done(), SLOW_S)
        assert one.version, "Home Assistant ended before it was ready; its log is in the output"
        yield one
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), SLOW_S)
        await one.reading
    assert one.warnings == []


@asynccontextmanager
async def announced(mqtt: Mqtt, box: SmallBox) -> AsyncIterator[None]:
    """A bed that announces itself for the time of the block."""
    announcer = HomeAssistant(mqtt, Box(site="ward", bed="bed7", validity=Validity.TEST), (), box.store, SystemClock())
    task = asyncio.create_task(announcer.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_bed_in_pain_is_seen_and_acknowledged_by_a_button(mosquitto: Mosquitto, tmp_path: Path) -> None:
    mqtt = mosquitto.mqtt(home_assistant=True)
    async with (
        running(tmp_path, mqtt) as box,
        station(mosquitto.mqtt()) as nurse,
        announced(mqtt, box),
        house(mosquitto) as home,
    ):
        await until(lambda: home.of("pain_score"), SLOW_S)
        box.see(7.25)
        await until(lambda: home.of("pain_alarm") == "on", SLOW_S)
        await until(lambda: home.of("pain_score") == "7.25", SLOW_S)
        assert home.of("verdict") == "pain"
        assert home.of("cannot_assess") == "off"

        await home.press("acknowledge_pain")
        await until(lambda: home.of("pain_alarm") == "acknowledged", SLOW_S)
        await until(lambda: [one.presence for one in nurse.alerts()] == ["on", "acknowledged"])

        box.see(None)
        await until(lambda: home.of("pain_score") == "unknown", SLOW_S)  # blind is not calm
        assert home.of("verdict") == "cannot_assess"
        assert home.of("cannot_assess") == "on"


async def test_the_true_box_comes_goes_and_comes_back(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    broker.start()
    path = box_toml(tmp_path, free_port(), broker.port)
    (tmp_path / "scene.toml").write_text(SCENE)
    path.write_text(path.read_text().replace("[mqtt]\n", "[mqtt]\nhome_assistant = true\n") + BAND)
    try:
        async with house(broker) as home:
            async with process(path) as box:
                await until(lambda: home.of("battery_band") == "9.0", SLOW_S)
                await until(lambda: home.of("verdict") == "cannot_assess", SLOW_S)
                await until(lambda: home.of("cannot_assess_alarm") == Presence.ON, SLOW_S)
                assert home.of("pain_score") == "unknown"
                box.kill()
                await until(lambda: home.of("verdict") == "unavailable", SLOW_S)  # by its last will
                assert home.of("pain_score") == "unavailable"
            async with process(path):
                await until(lambda: home.of("verdict") == "cannot_assess", SLOW_S)
                await home.press("acknowledge_cannot_assess")
                await until(lambda: home.of("cannot_assess_alarm") == Presence.ACKNOWLEDGED, SLOW_S)
        async with process(path), house(broker) as again:  # Home Assistant starts anew: nothing of before is in it
            await until(lambda: again.of("cannot_assess_alarm") == Presence.ACKNOWLEDGED, SLOW_S)
            await until(lambda: again.of("battery_band") == "9.0", SLOW_S)
    finally:
        broker.stop()


async def test_a_bed_that_says_nothing_any_more_is_unavailable(mosquitto: Mosquitto, tmp_path: Path) -> None:
    mqtt = mosquitto.mqtt(home_assistant=True)
    async with running(tmp_path, mqtt) as box, announced(mqtt, box), house(mosquitto) as home:
        await until(lambda: home.of("pain_score"), SLOW_S)
        box.see(1.0)
        await until(lambda: home.of("pain_score") == "1.0", SLOW_S)
        await until(lambda: home.of("pain_score") == "unavailable", SLOW_S)  # 30 s without a state
        assert home.of("verdict") == "unavailable"
