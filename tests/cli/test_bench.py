"""`anodyne bench`: one figure per line, with its peer where there is one."""

from __future__ import annotations

import json

import pytest

from edge.benchmarks import Figure
from edge.cli import main


def test_a_figure_knows_how_much_more_its_peer_takes() -> None:
    assert Figure("step", 2.0, "ms", "other", 50.0).ratio == 25.0
    assert Figure("step", 2.0, "ms").ratio is None


def test_the_face_path_is_measured_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "face", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"face_path_ms_median", "face_path_ms_p99", "face_network_ms_median"} <= {row["name"] for row in rows}
    assert all(set(row) == {"name", "value", "unit", "peer", "peer_value", "ratio"} for row in rows)
    assert all(row["value"] > 0 for row in rows)


def test_an_unknown_benchmark_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["bench", "faces"])
    assert "'face'" in capsys.readouterr().err
