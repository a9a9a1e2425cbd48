"""The timing of peers counts what it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.bundle import Bundle
from edge.face.estimator import MODEL

pytest.importorskip("ai_edge_litert", reason="the peers run on LiteRT only")

from tests.bench.face import multiply_adds, peers


@pytest.mark.models
def test_multiplications_are_counted_from_the_file() -> None:
    assert 10e6 < multiply_adds(Bundle.load().model(MODEL).data) <= 15e6


def test_peers_that_are_not_there_are_skipped_with_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert peers(tmp_path) == {}
    assert capsys.readouterr().err.count("SKIPPED") == 3
