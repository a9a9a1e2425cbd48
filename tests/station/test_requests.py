"""Every command that the page offers is one that a box understands."""

from __future__ import annotations

from typing import get_args

import pytest

from edge.publish.commands import parse
from edge.station.requests import Deed, Wish, command

FURTHER: dict[str, dict[str, object]] = {
    "acknowledge": {"episode": 7},
    "report": {"scale": "painad", "value": 5},
    "pause_audio": {"seconds": 120},
}
"""What a wish holds beside its deed, where that is needed or usual."""


@pytest.mark.parametrize("deed", get_args(Deed))
def test_a_box_reads_what_the_page_asks_for(deed: str) -> None:
    asked = command(Wish.model_validate({"do": deed} | FURTHER.get(deed, {})), "Sister Ruth")
    read = parse(asked.encode())
    assert (read.id, read.do, read.by) == (asked.id, deed, "Sister Ruth")
    assert read.model_dump(exclude_none=True) == asked.model_dump(exclude_none=True)
