"""What the terminal shows of alarms, in words."""

from __future__ import annotations

import pytest
from rich.console import Console

from edge.station.terminal import render
from edge.station.ward import Ward
from edge.station.words import CONDITION_WORDS
from edge.types import Condition, Hold
from tests.station.messages import alert, received, state


def shown(ward: Ward) -> str:
    console = Console(width=200, height=60, record=True, force_terminal=False)
    with console.capture() as screen:
        console.print(render(ward, ward.active(), 0))
    return screen.get()


@pytest.mark.parametrize("condition", list(Condition))
def test_every_condition_is_shown_in_words(condition: Condition) -> None:
    ward = Ward()
    ward.hear(received("state", state()))
    ward.hear(received(f"alarm/{condition}", alert(condition)))
    assert CONDITION_WORDS[condition] in shown(ward)


def test_what_is_held_is_shown() -> None:
    ward = Ward()
    holds = [Hold.CARE, Hold.ALARMS_PAUSED]
    ward.hear(received("state", state().model_copy(update={"holds": holds})))
    assert "care, alarms paused" in shown(ward)
