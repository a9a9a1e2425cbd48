"""A model bundle is loaded whole or refused whole, with the reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.bundle import Bundle, installed_folder
from edge.errors import BundleError, BundleReason
from tests.fixtures.bundles import rewrite, tiny_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A right bundle."""
    return tiny_bundle(tmp_path / "models")


def refusal(folder: Path) -> BundleError:
    """The error with which the bundle is refused."""
    with pytest.raises(BundleError) as caught:
        Bundle.load(folder)
    return caught.value


def test_a_right_bundle_is_loaded(folder: Path) -> None:
    model = Bundle.load(folder).model("tiny")
    assert [spec.name for spec in (*model.inputs, *model.outputs)] == ["offset", "picture", "sum", "three"]


def test_parameters_have_types(folder: Path) -> None:
    parameters = Bundle.load(folder).model("tiny").parameters
    found = (
        parameters.words("labels"),
        parameters.number("gain"),
        parameters.numbers("means"),
        parameters.flag("signed"),
        parameters.word("unit"),
    )
    assert found == (("a", "b", "c"), 2.0, (0.5, 1.0), True, "PSPI")


@pytest.mark.parametrize(
    ("getter", "key"),
    [("number", "labels"), ("number", "signed"), ("numbers", "labels"), ("words", "means"), ("word", "gain")],
)
def test_a_parameter_of_another_type_is_refused(folder: Path, getter: str, key: str) -> None:
    parameters = Bundle.load(folder).model("tiny").parameters
    with pytest.raises(BundleError, match=rf"model\.tiny\.parameters\.{key}\" must be"):
        getattr(parameters, getter)(key)


def test_a_missing_parameter_names_those_that_exist(folder: Path) -> None:
    with pytest.raises(BundleError, match=re.escape('"calibration.face" has no setting "intercept" (it has: slope)')):
        Bundle.load(folder).calibration("face").number("intercept")


def test_a_missing_model_names_those_that_exist(folder: Path) -> None:
    with pytest.raises(BundleError, match='no model "face_au" \\(it has: tiny\\)') as caught:
        Bundle.load(folder).model("face_au")
    assert caught.value.reason is BundleReason.MISSING


def test_no_bundle_at_all(tmp_path: Path) -> None:
    assert refusal(tmp_path).reason is BundleReason.MISSING


@pytest.mark.parametrize("name", ["tiny.tflite", "cards/tiny.md"])
def test_a_missing_file_refuses_the_bundle(folder: Path, name: str) -> None:
    (folder / name).unlink()
    error = refusal(folder)
    assert (error.reason, name in error.message) == (BundleReason.MISSING, True)


def test_a_folder_in_place_of_a_model_is_unreadable(folder: Path) -> None:
    (folder / "tiny.tflite").unlink()
    (folder / "tiny.tflite").mkdir()
    assert refusal(folder).reason is BundleReason.UNREADABLE


def test_a_truncated_model_has_a_wrong_hash(folder: Path) -> None:
    path = folder / "tiny.tflite"
    path.write_bytes(path.read_bytes()[:-1])
    assert refusal(folder).reason is BundleReason.HASH


def test_one_flipped_bit_is_a_wrong_hash(folder: Path) -> None:
    path = folder / "tiny.tflite"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    error = refusal(folder)
    assert (error.reason, "install the bundle again" in error.message) == (BundleReason.HASH, True)


def test_a_file_that_is_no_model_is_refused_even_with_its_hash(folder: Path) -> None:
    found = re.search(r"[0-9a-f]{64}", (folder / "bundle.toml").read_text())
    assert found is not None
    (folder / "tiny.tflite").write_bytes(b"")
    rewrite(folder, found[0], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    assert refusal(folder).reason is BundleReason.FORMAT


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("format = 1", "format = 2"),
        ("format = 1\n", ""),
        ("format = 1", "format = ["),
        ('version = "0.0.1"', "version = 1"),
        ("shape = [1, 1]", "shape = []"),
        ("shape = [1, 1]", "shape = [1, 0]"),
        ("zero_point = -128", "zero_point = -129"),
        ("scale = 0", "scale = -0"),
        ("scale = 0", "scale = nan # 0"),
        ('name = "offset"\n', ""),
        ('card = "cards/tiny.md"\n', ""),
        ('sha256 = "', 'sha256 = "x'),
        ("gain = 2", "gain = {a = 1}"),
        ("gain = 2", "gain = 1979-05-27"),
        ('file = "tiny.tflite"', 'file = "tiny.tflite"\ncolour = 1'),
        ('file = "tiny.tflite"', 'file = "../tiny.tflite"'),
        ('file = "tiny.tflite"', 'file = "/etc/hostname"'),
        ('card = "cards/tiny.md"', 'card = "../../tiny.md"'),
    ],
)
def test_a_manifest_that_says_something_else_is_refused(folder: Path, old: str, new: str) -> None:
    rewrite(folder, old, new)
    assert refusal(folder).reason is BundleReason.FORMAT


@pytest.mark.parametrize("keep", [0, 1, 40, 200, 400])
def test_a_truncated_manifest_is_refused(folder: Path, keep: int) -> None:
    path = folder / "bundle.toml"
    path.write_text(path.read_text()[:keep])
    assert refusal(folder).reason is BundleReason.FORMAT


def test_a_manifest_that_is_no_text_is_refused(folder: Path) -> None:
    (folder / "bundle.toml").write_bytes(b"\xff\xfe")
    assert refusal(folder).reason is BundleReason.FORMAT


def test_the_installed_bundle_of_a_checkout_is_its_models_folder() -> None:
    assert installed_folder() == Path(__file__).parents[1] / "models"


@pytest.mark.models
def test_the_shipped_bundle_is_whole() -> None:
    assert set(Bundle.load().models) >= {"face_au"}
