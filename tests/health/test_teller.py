"""The box's health on MQTT: what is told, and when again."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edge import clock as clocks
from edge.clock import VirtualClock
from edge.config import Box, Config
from edge.health.hardware import Board
from edge.health.safe_mode import SafeMode
from edge.health.starts import Failure
from edge.health.teller import LOOK_S, REPEAT_S, HealthTeller
from edge.publish.payload import HeadValues, HealthMessage, Message, head
from edge.publish.topics import HEALTH
from edge.stages import Stage
from edge.types import Modality, Validity


class Told:
    """What a box announces over some virtual time."""

    def __init__(self, tmp_path: Path, safe: SafeMode | None = None) -> None:
        """A board below a folder."""
        self.sys = tmp_path / "sys"
        self.clock = VirtualClock()
        self.messages: list[HealthMessage] = []
        config = Config(box=Box(state_dir=tmp_path))
        self._teller = HealthTeller(config, self.clock, self._announce, safe, Board(self.sys, None))

    def heat(self, degrees: int) -> None:
        """Set the processor's temperature."""
        (self.sys / "class/thermal/thermal_zone0").mkdir(parents=True, exist_ok=True)
        (self.sys / "class/thermal/thermal_zone0/temp").write_text(f"{1000 * degrees}")

    def _announce(self, leaf: str, make: Callable[[HeadValues], Message]) -> None:
        message = make(head(self.clock.instant(), len(self.messages) + 1, Validity.TEST, "blind"))
        assert leaf == HEALTH
        assert isinstance(message, HealthMessage)
        self.messages.append(message)

    def live(self, *steps: tuple[float, int]) -> None:
        """Run for some time at each temperature."""

        async def run() -> None:
            self.heat(steps[0][1])
            task = asyncio.create_task(self._teller.run())
            for seconds, degrees in steps:
                self.heat(degrees)
                await self.clock.sleep(seconds)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        clocks.run(self.clock, run())


def test_health_is_told_at_once_and_then_only_what_is_new(tmp_path: Path) -> None:
    told = Told(tmp_path)
    told.live((2.5 * LOOK_S, 45), (2.5 * LOOK_S, 84))
    assert ["temperature" in one.faults for one in told.messages] == [False, True]
    assert (told.messages[-1].grade, told.messages[-1].temperature_c) == ("error", 84.0)


def test_what_stands_is_said_again(tmp_path: Path) -> None:
    told = Told(tmp_path)
    told.live((2 * REPEAT_S + LOOK_S + 1, 45))
    assert len(told.messages) == 3


@pytest.mark.parametrize("why", ["face_au.tflite is damaged", "x" * 400])
def test_safe_mode_is_told_with_its_reason(tmp_path: Path, why: str) -> None:
    told = Told(tmp_path, SafeMode(Failure(3, Stage.MODELS, why), [Modality.FACE]))
    told.live((1.0, 45))
    message = told.messages[0]
    assert message.grade == "error"
    assert message.safe_mode is not None
    assert "while loading the models: " + why[:20] in message.safe_mode


def test_a_card_that_answers_with_errors_is_told_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(_folder: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("edge.health.machine.shutil.disk_usage", dying)
    told = Told(tmp_path)
    told.live((1.0, 45))
    assert "Input/output error" in told.messages[0].faults["state"]
    assert told.messages[0].grade == "error"
