"""The shipped model bundle: int8 networks, their tensors, parameters and calibration, bound by hashes.

A bundle is a folder with `bundle.toml` beside the `.tflite` files and model cards that it names. It is loaded whole
or not at all: one missing, changed or misdescribed file refuses all of it, because thresholds and calibration are
only true for exactly the networks they were measured with.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, ValidationError

from edge.errors import BundleError, BundleReason

FORMAT = 1
"""The version of `bundle.toml` that this program reads."""

MANIFEST = "bundle.toml"
"""Name of the file that binds the others."""

Value = bool | int | float | str | tuple[float, ...] | tuple[str, ...]
"""What a parameter may be."""

_TFLITE_IDENTIFIER = b"TFL3"
"""FlatBuffer file identifier of TensorFlow Lite models, bytes 4 to 8 of every file."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One int8 input or output of a network.

    Attributes:
        name: what it is to the caller ("face", "au").
        shape: static shape, the batch of 1 included.
        scale: real units per step; a value is `scale * (q - zero_point)`.
        zero_point: the int8 that stands for 0.
        tensor: the tensor's own name inside the file; empty: the tensor at the same position is meant.
    """

    name: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    tensor: str = ""


class Parameters(Mapping[str, Value]):
    """Named settings of a model or calibration, with getters that check the type.

    Args:
        owner: whose settings these are, for messages ("model.face_au").
        values: the settings.
    """

    def __init__(self, owner: str, values: Mapping[str, Value]) -> None:
        """Keep a copy of the settings."""
        self._owner = owner
        self._values = dict(values)

    def __getitem__(self, key: str) -> Value:
        """The setting called `key`."""
        try:
            return self._values[key]
        except KeyError:
            known = ", ".join(self._values) or "none"
            raise _bad_format(f'{MANIFEST}: "{self._owner}" has no setting "{key}" (it has: {known})') from None

    def __iter__(self) -> Iterator[str]:
        """Names in the order of the file."""
        return iter(self._values)

    def __len__(self) -> int:
        """How many settings there are."""
        return len(self._values)

    def __contains__(self, key: object) -> bool:
        """Whether there is such a setting."""
        return key in self._values

    def number(self, key: str) -> float:
        """The setting as a float.

        Raises:
            BundleError: it is missing, or no number (FORMAT).
        """
        value = self[key]
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._wrong(key, "a number", value)
        return float(value)

    def numbers(self, key: str) -> tuple[float, ...]:
        """The setting as a tuple of floats.

        Raises:
            BundleError: it is missing, or no list of numbers (FORMAT).
        """
        value = self[key]
        numbers = tuple(item for item in value if not isinstance(item, str)) if isinstance(value, tuple) else None
        if not isinstance(value, tuple) or numbers is None or len(numbers) != len(value):
            raise self._wrong(key, "a list of numbers", value)
        return numbers

    def word(self, key: str) -> str:
        """The setting as a text.

        Raises:
            BundleError: it is missing, or no text (FORMAT).
        """
        value = self[key]
        if not isinstance(value, str):
            raise self._wrong(key, "a text", value)
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """The setting as a tuple of texts.

        Raises:
            BundleError: it is missing, or no list of texts (FORMAT).
        """
        value = self[key]
        words = tuple(item for item in value if isinstance(item, str)) if isinstance(value, tuple) else None
        if not isinstance(value, tuple) or words is None or len(words) != len(value):
            raise self._wrong(key, "a list of texts", value)
        return words

    def flag(self, key: str) -> bool:
        """The setting as true or false.

        Raises:
            BundleError: it is missing, or no boolean (FORMAT).
        """
        value = self[key]
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false", value)
        return value

    def _wrong(self, key: str, wanted: str, value: Value) -> BundleError:
        return _bad_format(f'{MANIFEST}: "{self._owner}.{key}" must be {wanted}, not {value!r}')


@dataclass(frozen=True, slots=True)
class Model:
    """One int8 network of the bundle, already checked against its hash.

    Attributes:
        name: key in the bundle ("face_au").
        path: where it was read from, for messages.
        data: the `.tflite` file's bytes.
        sha256: hexadecimal digest of `data`.
        card: the model card, with its measured figures.
        inputs, outputs: tensors in the order in which callers give and get them.
        parameters: settings that belong to the network (labels, normalisation, thresholds).
        golden: int8 outputs to the probes of `edge.golden` as measured at export: per probe, per output, flattened.
    """

    name: str
    path: Path
    data: bytes
    sha256: str
    card: Path
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    parameters: Parameters
    golden: tuple[tuple[tuple[int, ...], ...], ...] = ()


_Parameter = (
    StrictBool | StrictInt | StrictFloat | StrictStr | tuple[StrictFloat | StrictInt, ...] | tuple[StrictStr, ...]
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Tensor(_Strict):
    name: Annotated[str, Field(min_length=1)]
    shape: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    scale: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
    zero_point: Annotated[int, Field(ge=-128, le=127)]
    tensor: str = ""

    def spec(self) -> TensorSpec:
        return TensorSpec(self.name, self.shape, self.scale, self.zero_point, self.tensor)


class _Entry(_Strict):
    file: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    card: str
    input: Annotated[tuple[_Tensor, ...], Field(min_length=1)]
    output: Annotated[tuple[_Tensor, ...], Field(min_length=1)]
    golden: tuple[tuple[tuple[Annotated[int, Field(ge=-128, le=127)], ...], ...], ...] = ()
    parameters: dict[str, _Parameter] = {}


class _Manifest(_Strict):
    format: int
    version: str
    model: dict[str, _Entry] = {}
    calibration: dict[str, dict[str, _Parameter]] = {}


@dataclass(frozen=True, slots=True)
class Bundle:
    """All models and calibrations of one bundle, checked.

    Attributes:
        folder: where it was read from.
        version: the bundle's own version.
        models: by name.
        calibrations: by name.
    """

    folder: Path
    version: str
    models: Mapping[str, Model]
    calibrations: Mapping[str, Parameters]

    @classmethod
    def load(cls, folder: Path | None = None) -> Bundle:
        """Read and check a whole bundle.

        Args:
            folder: folder with `bundle.toml`; None means the bundle installed with the program.

        Raises:
            BundleError: anything is missing, unreadable, changed or misdescribed; the reason tells which.
        """
        folder = installed_folder() if folder is None else folder
        manifest = _read_manifest(folder)
        models = {name: _read_model(folder, name, entry) for name, entry in manifest.model.items()}
        calibrations = {
            name: Parameters(f"calibration.{name}", values) for name, values in manifest.calibration.items()
        }
        return cls(folder, manifest.version, models, calibrations)

    def model(self, name: str) -> Model:
        """The model called `name`.

        Raises:
            BundleError: the bundle has none (MISSING).
        """
        if name not in self.models:
            raise self._lacks("model", name, self.models)
        return self.models[name]

    def calibration(self, name: str) -> Parameters:
        """The calibration called `name`.

        Raises:
            BundleError: the bundle has none (MISSING).
        """
        if name not in self.calibrations:
            raise self._lacks("calibration", name, self.calibrations)
        return self.calibrations[name]

    def _lacks(self, kind: str, name: str, known: Mapping[str, object]) -> BundleError:
        has = ", ".join(known) or "none"
        return BundleError(
            BundleReason.MISSING, f'the model bundle in {self.folder} has no {kind} "{name}" (it has: {has})'
        )


def installed_folder() -> Path:
    """Folder of the bundle that belongs to this program: inside the wheel, or `models/` of a checkout."""
    packaged = Path(__file__).parent / "_models"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "models"


def _bad_format(message: str) -> BundleError:
    return BundleError(BundleReason.FORMAT, message)


def _read_bytes(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BundleError(
            BundleReason.MISSING, f"{what} {path} is missing: install the bundle again, or set [models] bundle"
        ) from None
    except OSError as error:
        raise BundleError(BundleReason.UNREADABLE, f"{what} {path} cannot be read: {error.strerror}") from error


def _read_manifest(folder: Path) -> _Manifest:
    path = folder / MANIFEST
    data = _read_bytes(path, "the model bundle's")
    try:
        raw = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _bad_format(f"{path} is no valid TOML ({error}): install the bundle again") from error
    if raw.get("format") != FORMAT:
        raise _bad_format(
            f"{path} is of format {raw.get('format', 'unknown')}, this program reads {FORMAT}: "
            "install the bundle that belongs to this version"
        )
    try:
        return _Manifest.model_validate(raw)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise _bad_format(f"{path}: {problems}") from error


def _inside(folder: Path, name: str, owner: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _bad_format(f'{folder / MANIFEST}: {owner} names "{name}", which lies outside the bundle')
    return path


def _read_model(folder: Path, name: str, entry: _Entry) -> Model:
    path = _inside(folder, entry.file, f"model.{name}.file")
    card = _inside(folder, entry.card, f"model.{name}.card")
    data = _read_bytes(path, f'model "{name}":')
    found = hashlib.sha256(data).hexdigest()
    if found != entry.sha256:
        raise BundleError(
            BundleReason.HASH,
            f'model "{name}": {path} ({len(data)} bytes) has SHA-256 {found[:16]}…, {MANIFEST} says '
            f"{entry.sha256[:16]}…: the file is damaged or of another bundle; install the bundle again",
        )
    if data[4:8] != _TFLITE_IDENTIFIER:
        raise _bad_format(f'model "{name}": {path} is no TensorFlow Lite model')
    if not card.is_file():
        raise BundleError(BundleReason.MISSING, f'model "{name}": its model card {card} is missing')
    return Model(
        name=name,
        path=path,
        data=data,
        sha256=found,
        card=card,
        inputs=tuple(tensor.spec() for tensor in entry.input),
        outputs=tuple(tensor.spec() for tensor in entry.output),
        parameters=Parameters(f"model.{name}.parameters", entry.parameters),
        golden=entry.golden,
    )
