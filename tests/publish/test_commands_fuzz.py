"""Whatever arrives as a command is answered, and nothing that arrives ends the box.

2,000 made-up payloads are parsed and 150 carried out; ANODYNE_FUZZ=10 makes ten times as many of each.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.clock import VirtualClock
from edge.errors import CommandError, CommandReason
from edge.publish.commands import Answer, Channel, CommandDesk, Done, Heard, parse
from edge.publish.contract.examples import examples
from edge.publish.payload import Command
from edge.store import Store

TIMES = int(os.environ.get("ANODYNE_FUZZ", "1"))

RIGHT = [json.loads(message.encode()) for leaf, message in examples().values() if leaf.startswith("command")]
"""Right commands of every kind."""

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
VALUES = st.recursive(
    LEAVES, lambda one: st.lists(one, max_size=4) | st.dictionaries(st.text(max_size=8), one, max_size=4)
)


@st.composite
def nearly(draw: st.DrawFn) -> bytes:
    """A right command with some keys taken away, changed or added."""
    command = dict(draw(st.sampled_from(RIGHT)))
    for key in draw(st.lists(st.sampled_from(sorted(command)), max_size=2, unique=True)):
        if draw(st.booleans()):
            del command[key]
        else:
            command[key] = draw(VALUES)
    command |= draw(st.dictionaries(st.text(max_size=8), VALUES, max_size=1))
    return json.dumps(command).encode()


@st.composite
def cut(draw: st.DrawFn) -> bytes:
    """A right command with a byte changed, or cut short."""
    data = bytearray(json.dumps(draw(st.sampled_from(RIGHT))).encode())
    data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))])


ANYTHING = st.binary(max_size=1200) | VALUES.map(lambda one: json.dumps(one).encode()) | nearly() | cut()


@given(ANYTHING)
@settings(max_examples=2000 * TIMES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_payload_is_a_command_or_is_refused_with_a_reason(payload: bytes) -> None:
    with suppress(CommandError):
        assert parse(payload).id


@given(ANYTHING, st.sampled_from(Channel), st.booleans())
@settings(max_examples=150 * TIMES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_desk_answers_and_tells_the_audit_log_whatever_comes(
    tmp_path_factory: pytest.TempPathFactory, payload: bytes, channel: Channel, refuses: bool
) -> None:
    def carry_out(command: Command) -> Done:
        if refuses:
            raise CommandError(CommandReason.NOT_APPLICABLE, "not now")
        return Done(command.do)

    heard: list[Heard] = []
    store = Store.open(tmp_path_factory.getbasetemp() / "fuzzed.sqlite3")
    desk = CommandDesk(store, carry_out, heard.append)
    try:
        first = desk.take(payload, channel, VirtualClock().instant())
        again = desk.take(payload, channel, VirtualClock().instant())
    finally:
        store.close()
    assert isinstance(first, Answer)
    assert (first.error is None) == (again.error is None)
    assert all(len(one.by) <= 64 and len(one.do) <= 100 for one in heard)
