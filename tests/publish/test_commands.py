"""The desk: which commands are taken, and each only once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import CommandReason
from edge.publish.commands import CommandDesk, Done
from edge.publish.payload import BurdenCommand, Command, ControlCommand, ReportCommand
from edge.store import Store


class Desk:
    """A desk and what it has had carried out."""

    def __init__(self, store: Store) -> None:
        self.carried: list[Command] = []
        self.desk = CommandDesk(store, self._carry)

    def _carry(self, command: Command) -> Done:
        self.carried.append(command)
        return Done("done")

    def take(self, **said: object) -> CommandReason | str | None:
        """What is answered: the reason of a refusal, what was done, or nothing for a repeat."""
        answer = self.desk.take(json.dumps({"id": "a", "by": "Ruth", **said}).encode())
        if answer is None:
            return None
        return answer.error.reason if answer.error is not None else answer.detail


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = Store.open(tmp_path / "state.db")
    yield Desk(store)
    store.close()


@pytest.mark.parametrize(
    "do",
    [
        "pause_audio",
        "pause_alarms",
        "resume",
        "care_on",
        "care_off",
        "quiet_on",
        "quiet_off",
        "camera_off",
        "camera_on",
    ],
)
def test_every_control_is_taken_and_only_once(desk: Desk, do: str) -> None:
    assert desk.take(do=do) == "done"
    assert desk.take(do=do) is None
    [command] = desk.carried
    assert isinstance(command, ControlCommand)
    assert (command.do, command.by, command.target) == (do, "Ruth", do)


def test_a_length_is_taken_with_it(desk: Desk) -> None:
    desk.take(do="care_on", seconds=300)
    [command] = desk.carried
    assert isinstance(command, ControlCommand)
    assert command.target == "care_on 300"


def test_reports_and_the_question_for_the_burden_are_taken(desk: Desk) -> None:
    assert desk.take(id="r", do="report", scale="painad", value=7) == "done"
    assert desk.take(id="b", do="burden") == "done"
    assert [type(one) for one in desk.carried] == [ReportCommand, BurdenCommand]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"do": "report", "scale": "nrs", "value": 11}, CommandReason.MALFORMED),
        ({"do": "report", "scale": "vas", "value": 3}, CommandReason.MALFORMED),
        ({"do": "report", "scale": "nrs"}, CommandReason.MALFORMED),
        ({"do": "care_on", "seconds": 0}, CommandReason.MALFORMED),
        ({"do": "care_on", "minutes": 5}, CommandReason.MALFORMED),
        ({"do": "pause_audio", "by": ""}, CommandReason.MALFORMED),
        ({"do": "silence_for_ever"}, CommandReason.UNKNOWN),
    ],
)
def test_anything_else_is_refused_with_its_reason(desk: Desk, said: dict[str, object], reason: CommandReason) -> None:
    assert desk.take(**said) is reason
    assert desk.carried == []
