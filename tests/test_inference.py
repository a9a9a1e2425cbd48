"""The interpreter gives what the manifest promises, in its order, or says what is wrong."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge import inference
from edge.bundle import Bundle, Model
from edge.errors import BundleError, BundleReason, InferenceError, InferenceReason
from edge.inference import Interpreter, runtime
from tests.fixtures.bundles import FIXTURES, rewrite, tiny_bundle

pytestmark = pytest.mark.models

LITERT = "ai-edge-litert"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A right bundle."""
    return tiny_bundle(tmp_path / "models")


@pytest.fixture
def tiny(folder: Path) -> Model:
    """Its model."""
    return Bundle.load(folder).model("tiny")


@pytest.fixture
def picture() -> NDArray[np.float32]:
    """A picture with a structure."""
    return np.linspace(0.0, 1.0, 64, dtype=np.float32).reshape(1, 1, 8, 8)


def offset(value: float) -> NDArray[np.float32]:
    """The second input."""
    return np.full((1, 1), value, np.float32)


def tolerance_steps() -> int:
    """How far the runtime in use may be from LiteRT's own answer."""
    return 0 if runtime().name == LITERT else 3


def test_outputs_come_in_the_order_of_the_manifest(tiny: Model, picture: NDArray[np.float32]) -> None:
    assert [output.shape for output in Interpreter(tiny).run(offset(0.5), picture)] == [(1, 1), (1, 3)]


def test_outputs_are_in_real_units(tiny: Model, picture: NDArray[np.float32]) -> None:
    total, three = Interpreter(tiny).run(offset(0.5), picture)
    # Each of the four outputs and the offset is rounded to its own step; the sum adds them.
    steps = [spec.scale for spec in (*tiny.outputs, *tiny.inputs)]
    assert total[0, 0] == pytest.approx(float(three.sum()) + 0.5, abs=3 * sum(steps))


def test_golden_output(tiny: Model, picture: NDArray[np.float32]) -> None:
    specs = tiny.inputs
    quantised = [
        np.clip(np.rint(values / np.float32(spec.scale)) + spec.zero_point, -128, 127).astype(np.int8)
        for spec, values in zip(specs, (offset(0.25), picture), strict=True)
    ]
    total, three = Interpreter(tiny).run_int8(*quantised)
    found = [*total.ravel().astype(int), *three.ravel().astype(int)]
    assert np.abs(np.subtract(found, GOLDEN)).max() <= tolerance_steps()


GOLDEN = [-35, 43, -21, -64]
"""Measured with ai-edge-litert 2.3.0 on x86-64."""


def test_inputs_beyond_the_range_are_clipped_not_wrapped(tiny: Model, picture: NDArray[np.float32]) -> None:
    interpreter = Interpreter(tiny)
    assert interpreter.run(offset(1e9), picture)[0] == interpreter.run(offset(1.0), picture)[0]


def test_outputs_survive_the_next_run(tiny: Model, picture: NDArray[np.float32]) -> None:
    interpreter = Interpreter(tiny)
    first = interpreter.run_int8(np.zeros((1, 1), np.int8), np.zeros((1, 1, 8, 8), np.int8))[1]
    kept = first.copy()
    interpreter.run(offset(1.0), picture)
    assert (first == kept).all()


def test_litert_delegates_the_whole_int8_graph_and_tflite_runtime_does_not(tiny: Model) -> None:
    assert Interpreter(tiny).delegated is (runtime().name == LITERT)


def test_the_runtime_tells_its_version() -> None:
    assert re.fullmatch(r"\d+\.\d+.*", runtime().version)


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ((), "takes 2 inputs, 0 given"),
        (((1, 1), (1, 8, 8, 1)), 'input "picture" of model "tiny": shape \\(1, 1, 8, 8\\) expected'),
        (((1, 1), (2, 1, 8, 8)), 'input "picture"'),
        (((1, 1, 8, 8), (1, 1)), 'input "offset"'),
    ],
)
def test_an_input_of_another_shape_is_refused(tiny: Model, inputs: tuple[tuple[int, ...], ...], told: str) -> None:
    with pytest.raises(InferenceError, match=told) as caught:
        Interpreter(tiny).run(*(np.zeros(shape, np.float32) for shape in inputs))
    assert caught.value.reason is InferenceReason.BAD_INPUT


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_input_that_is_not_finite_is_refused(tiny: Model, picture: NDArray[np.float32], value: float) -> None:
    with pytest.raises(InferenceError, match="not finite"):
        Interpreter(tiny).run(offset(value), picture)


def test_no_error_quotes_a_pixel(tiny: Model, picture: NDArray[np.float32]) -> None:
    picture[0, 0, 3, 3] = np.nan
    picture[0, 0, 4, 4] = 0.123456
    with pytest.raises(InferenceError) as caught:
        Interpreter(tiny).run(offset(0.0), picture)
    assert "0.123" not in caught.value.message


def test_int8_inputs_must_be_int8(tiny: Model) -> None:
    with pytest.raises(InferenceError, match="int8 \\(1, 1\\) expected, uint8"):
        Interpreter(tiny).run_int8(np.zeros((1, 1), np.uint8), np.zeros((1, 1, 8, 8), np.int8))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("shape = [1, 1]", "shape = [1, 2]", "is \\(1, 1\\) in the file, \\(1, 2\\) in the manifest"),
        ("shape = [1, 1, 8, 8]", "shape = [8, 8]", 'input "picture" is'),
        ("scale = 0.0", "scale = 0.1", "is quantised with scale"),
        ("zero_point = -128", "zero_point = 0", "is quantised with scale"),
        ("serving_default_args_1", "args_1", "has no input tensor"),
        ("serving_default_args_1", "serving_default_args_0", "input"),
    ],
)
def test_a_manifest_that_describes_another_file_is_refused(folder: Path, old: str, new: str, told: str) -> None:
    rewrite(folder, old, new)
    with pytest.raises(BundleError, match=told) as caught:
        Interpreter(Bundle.load(folder).model("tiny"))
    assert caught.value.reason is BundleReason.SHAPE


def test_a_manifest_with_fewer_outputs_is_refused(folder: Path) -> None:
    path = folder / "bundle.toml"
    text = path.read_text()
    start = text.index("[[model.tiny.output]]")
    path.write_text(text[:start] + text[text.index("[[model.tiny.output]]", start + 1) :])
    with pytest.raises(BundleError, match="the file has 2 outputs, the manifest 1"):
        Interpreter(Bundle.load(folder).model("tiny"))


def test_tensors_without_a_name_are_taken_by_position(folder: Path, picture: NDArray[np.float32]) -> None:
    path = folder / "bundle.toml"
    text = re.sub(r'tensor = ".*"\n', "", path.read_text())
    blocks = re.split(r"(?=\[\[model)|(?=\[model\.tiny\.parameters)", text)
    path.write_text("".join([blocks[0], blocks[2], blocks[1], blocks[4], blocks[3], *blocks[5:]]))
    assert Interpreter(Bundle.load(folder).model("tiny")).run(picture, offset(0.5))[0].shape == (1, 3)


def replace_model(folder: Path, data: bytes) -> Model:
    """Put another file under the manifest, with its right hash."""
    old = hashlib.sha256((folder / "tiny.tflite").read_bytes()).hexdigest()
    (folder / "tiny.tflite").write_bytes(data)
    rewrite(folder, old, hashlib.sha256(data).hexdigest())
    return Bundle.load(folder).model("tiny")


def test_a_float_model_is_refused(folder: Path) -> None:
    model = replace_model(folder, (FIXTURES / "tiny_float.tflite").read_bytes())
    with pytest.raises(BundleError, match="is float32 in the file, int8 is required") as caught:
        Interpreter(model)
    assert caught.value.reason is BundleReason.SHAPE


def test_a_file_that_only_begins_like_a_model_is_refused(folder: Path) -> None:
    model = replace_model(folder, b"\x1c\x00\x00\x00TFL3" + bytes(64))
    with pytest.raises(InferenceError, match='refuses model "tiny"') as caught:
        Interpreter(model)
    assert caught.value.reason is InferenceReason.REJECTED


def test_an_unknown_runtime_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANODYNE_RUNTIME", "tensorflow")
    with pytest.raises(InferenceError, match="it may be ai-edge-litert or tflite-runtime") as caught:
        runtime()
    assert caught.value.reason is InferenceReason.NO_RUNTIME


def test_a_forced_runtime_that_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other = "tflite-runtime" if runtime().name == LITERT else LITERT
    monkeypatch.setenv("ANODYNE_RUNTIME", other)
    with pytest.raises(InferenceError, match=f"pip install {other}"):
        runtime()


def test_tflite_runtime_beside_numpy_2_is_refused_loudly() -> None:
    with pytest.raises(InferenceError, match=r"cannot work with numpy 2\.4\.6") as caught:
        inference._check_numpy("tflite-runtime", "2.4.6")
    assert caught.value.reason is InferenceReason.NUMPY_MISMATCH


def test_the_fixture_is_small(tmp_path: Path) -> None:
    copied = shutil.copy(FIXTURES / "tiny.tflite", tmp_path)
    assert Path(copied).stat().st_size < 8192
