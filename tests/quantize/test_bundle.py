"""What the training jobs write is what the box reads."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from edge.bundle import Bundle
from edge.errors import BundleError, InferenceError
from edge.golden import deviation
from edge.inference import Interpreter
from tests.fixtures.bundles import FIXTURES

pytest.importorskip("ai_edge_litert", reason="the training jobs export with LiteRT")
from quantize.bundle import Setting, tensor_specs, write_calibration, write_model

PARAMETERS: dict[str, Setting] = {
    "labels": ["AU4", 'a "quoted" é\n'],
    "means": [0.1, 2],
    "gain": 1 / 3,
    "count": 7,
    "signed": False,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle's folder before anything is written."""
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "tiny.md").write_text("# tiny\n")
    shutil.copy(FIXTURES / "tiny.tflite", tmp_path)
    return tmp_path


def write(folder: Path, name: str = "tiny", gain: float = 1 / 3) -> None:
    """Bind the tiny network under `name`."""
    inputs, outputs = tensor_specs(folder / "tiny.tflite", ["picture", "offset"], ["three", "sum"])
    write_model(
        folder,
        name,
        file="tiny.tflite",
        card="cards/tiny.md",
        inputs=inputs,
        outputs=outputs,
        parameters={**PARAMETERS, "gain": gain},
    )


def test_what_is_written_can_be_loaded_and_run(folder: Path) -> None:
    write(folder)
    model = Bundle.load(folder).model("tiny")
    outputs = Interpreter(model).run(np.zeros((1, 1, 8, 8), np.float32), np.zeros((1, 1), np.float32))
    assert [output.shape for output in outputs] == [(1, 3), (1, 1)]


def test_parameters_survive_to_the_last_bit(folder: Path) -> None:
    write(folder)
    assert dict(Bundle.load(folder).model("tiny").parameters) == {
        "labels": ("AU4", 'a "quoted" é\n'),
        "means": (0.1, 2),
        "gain": 1 / 3,
        "count": 7,
        "signed": False,
    }


def test_other_entries_are_kept_and_one_of_the_same_name_is_replaced(folder: Path) -> None:
    write(folder, "one", gain=1.0)
    write_calibration(folder, "face", {"slope": 1.0})
    write(folder, "two", gain=2.0)
    write_calibration(folder, "face", {"slope": 3.0})
    bundle = Bundle.load(folder)
    gains = {name: model.parameters.number("gain") for name, model in bundle.models.items()}
    assert (gains, bundle.calibration("face").number("slope")) == ({"one": 1.0, "two": 2.0}, 3.0)


def test_the_text_does_not_depend_on_the_order_of_writing(folder: Path) -> None:
    write(folder, "one")
    write(folder, "two")
    first = (folder / "bundle.toml").read_text()
    write(folder, "one")
    assert (folder / "bundle.toml").read_text() == first


def test_a_number_that_is_not_finite_is_refused_and_nothing_is_changed(folder: Path) -> None:
    write(folder)
    before = (folder / "bundle.toml").read_text()
    with pytest.raises(ValueError, match="finite"):
        write_calibration(folder, "face", {"slope": float("nan")})
    assert (folder / "bundle.toml").read_text() == before


def test_a_model_without_a_card_is_refused(folder: Path) -> None:
    (folder / "cards" / "tiny.md").unlink()
    with pytest.raises(BundleError, match=r"model card .* is missing"):
        write(folder)


def test_names_must_be_as_many_as_tensors(folder: Path) -> None:
    with pytest.raises(ValueError, match="2 inputs, 1 names"):
        tensor_specs(folder / "tiny.tflite", ["picture"], ["three", "sum"])


def test_a_float_file_has_no_int8_tensors() -> None:
    with pytest.raises(ValueError, match="not int8"):
        tensor_specs(FIXTURES / "tiny_float.tflite", ["picture", "offset"], ["three", "sum"])


def test_golden_answers_are_written(folder: Path) -> None:
    write(folder)
    assert deviation(Interpreter(Bundle.load(folder).model("tiny"))) == 0


def test_other_answers_show(folder: Path) -> None:
    write(folder)
    path = folder / "bundle.toml"
    golden = next(row for row in path.read_text().splitlines() if row.startswith("golden"))
    first = golden.split("[[[")[1].split(",")[0]
    path.write_text(path.read_text().replace(f"[[[{first},", f"[[[{int(first) - 9},"))
    assert deviation(Interpreter(Bundle.load(folder).model("tiny"))) == 9


def test_golden_answers_of_another_shape_are_refused(folder: Path) -> None:
    write(folder)
    path = folder / "bundle.toml"
    rows = ["golden = [[[1]]]" if row.startswith("golden") else row for row in path.read_text().splitlines()]
    path.write_text("\n".join(rows))
    with pytest.raises(InferenceError, match="golden answers"):
        deviation(Interpreter(Bundle.load(folder).model("tiny")))
