"""The head that faces are drawn from, read once per run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from quantize.faces.head import Head


@pytest.fixture(scope="session")
def head(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Head:
    """The head; its targets are read as text, which takes seconds."""
    from quantize.faces.head import load_head

    return load_head(shared, tmp_path_factory.mktemp("head"))
