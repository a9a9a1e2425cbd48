"""A bed for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alarm.scenes import Bed


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    """A bed that nobody has watched yet."""
    one = Bed(tmp_path)
    yield one
    one.close()
