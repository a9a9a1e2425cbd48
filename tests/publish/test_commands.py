"""The desk: which commands are taken, and each only once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.audit.log import AuditLog
from edge.audit.verify import verify
from edge.audit.witness import Witness
from edge.clock import Instant, SystemClock
from edge.errors import CommandError, CommandReason
from edge.publish.commands import ALLOWED, INTERRUPTED, Answer, Channel, CommandDesk, Done, kept
from edge.publish.payload import BurdenCommand, Command, ControlCommand, LocateCommand, ReportCommand
from edge.store import Store

NOW = Instant("0123456789ab", 5_000_000_000, 1_767_225_615_000, synced=True)


class Desk:
    """A desk and what it has had carried out."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.carried: list[Command] = []
        self.refusal: CommandError | None = None
        self.desk = CommandDesk(store, self._carry)

    def _carry(self, command: Command) -> Done:
        self.carried.append(command)
        if self.refusal is not None:
            raise self.refusal
        return Done("done")

    def answer(self, channel: Channel = Channel.STATION, **said: object) -> Answer:
        """The whole answer."""
        return self.desk.take(json.dumps({"id": "a", "by": "Ruth", **said}).encode(), channel, NOW)

    def take(self, **said: object) -> CommandReason | str | None:
        """What is answered: the reason of a refusal, or what was done."""
        answer = self.answer(Channel.STATION, **said)
        return answer.error.reason if answer.error is not None else answer.detail


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = Store.open(tmp_path / "state.db")
    yield Desk(store)
    store.close()


@pytest.mark.parametrize("key", ["id", "do", "by"])
def test_half_a_character_is_refused_and_can_be_answered_and_kept(tmp_path: Path, key: str) -> None:
    audit = AuditLog(tmp_path / "audit.jsonl", SystemClock())
    store = Store.open(tmp_path / "state.db")
    desk = CommandDesk(store, lambda _: Done("done"), Witness(audit).command)
    payload = json.dumps({"id": "a", "do": "resume", "by": "Ruth", key: "\ud800"}).encode()
    answer = desk.take(payload, Channel.STATION, NOW)
    assert answer.error is not None
    answer.to.encode()
    assert desk.take(b'{"id":"b","do":"resume","by":"Ruth"}', Channel.STATION, NOW).detail == "done"
    store.close()
    assert verify(audit.path).entries == 2


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
    assert desk.take(do=do) == "done"
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


def test_locate_is_taken_with_and_without_a_length(desk: Desk) -> None:
    assert desk.take(id="a", do="locate") == "done"
    assert desk.take(id="b", do="locate", seconds=61) is CommandReason.MALFORMED
    assert [type(one) for one in desk.carried] == [LocateCommand]


def test_the_repeat_of_a_refusal_is_refused_alike_though_it_would_now_apply(desk: Desk) -> None:
    desk.refusal = CommandError(CommandReason.NOT_APPLICABLE, "no active alarm")
    first = desk.answer(do="acknowledge", condition="pain")
    desk.refusal = None
    again = desk.answer(do="acknowledge", condition="pain")
    assert len(desk.carried) == 1
    assert first.error is not None
    assert again.error is not None
    assert (again.error.reason, again.error.message) == (first.error.reason, first.error.message)


def test_who_asked_for_what_and_when_is_kept(desk: Desk) -> None:
    desk.take(id="a", do="care_on", seconds=300)
    desk.refusal = CommandError(CommandReason.NOT_APPLICABLE, "no such camera")
    desk.take(id="b", do="set_reference", camera="left", by="Jo")
    (first_id, first), (second_id, second) = kept(desk.store)
    assert (first_id, first.do, first.by, first.channel) == ("a", "care_on 300", "Ruth", Channel.STATION)
    assert (first.boot_id, first.at_ns, first.wall_ms, first.synced) == ("0123456789ab", NOW.mono_ns, NOW.wall_ms, True)
    assert (first.answered, first.reason, first.detail) == (True, None, "done")
    assert (second_id, second.by, second.reason) == ("b", "Jo", CommandReason.NOT_APPLICABLE)


def test_a_command_that_a_crash_cut_short_is_not_carried_out_twice(desk: Desk) -> None:
    desk.refusal = CommandError(CommandReason.NOT_APPLICABLE, "x")

    def crash(_: Command) -> Done:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CommandDesk(desk.store, crash).take(b'{"id":"a","do":"locate","by":"Ruth"}', Channel.STATION, NOW)
    answer = desk.answer(do="locate")
    assert desk.carried == []
    assert answer.error is not None
    assert answer.error.message == INTERRUPTED


@pytest.mark.parametrize(
    "said",
    [
        {"do": "report", "scale": "nrs", "value": 0},
        {"do": "camera_off"},
        {"do": "pause_alarms"},
        {"do": "care_on"},
        {"do": "quiet_on"},
        {"do": "reset_reference"},
        {"do": "burden"},
    ],
)
def test_home_automation_may_not_ask_for_this_and_nothing_is_changed(desk: Desk, said: dict[str, object]) -> None:
    answer = desk.answer(Channel.HOME, **said)
    assert answer.error is not None
    assert answer.error.reason is CommandReason.NOT_AUTHORISED
    assert answer.to == "a"
    assert desk.carried == []
    assert kept(desk.store) == []


def test_what_home_automation_may_ask_is_signed_with_its_channel(desk: Desk) -> None:
    assert ALLOWED[Channel.HOME] == frozenset({"acknowledge", "pause_audio", "resume", "locate"})
    assert desk.answer(Channel.HOME, do="pause_audio", by="Sister Ruth").detail == "done"
    [command] = desk.carried
    assert command.by == "home: Sister Ruth"
