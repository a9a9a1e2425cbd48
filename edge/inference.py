"""The TFLite interpreter behind one small door: runtime choice, tensor check, int8 (de)quantisation, delegate report.

Runtimes: `ai-edge-litert` first; `tflite-runtime` where only that has a wheel (32-bit Raspberry Pi OS), or where the
environment variable `ANODYNE_RUNTIME` asks for it. Measured in one run on one x86-64 core: LiteRT's XNNPACK delegate
takes a whole int8 graph and runs it about nine times faster than the other's built-in kernels.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Model, TensorSpec
from edge.errors import BundleError, BundleReason, InferenceError, InferenceReason

RUNTIME_VARIABLE = "ANODYNE_RUNTIME"
"""Environment variable that forces one runtime by its distribution name."""

_MODULES = {
    "ai-edge-litert": "ai_edge_litert.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
}
"""Runtimes in order of preference: distribution name to module."""

_DELEGATE_OP = "DELEGATE"
"""Name under which the interpreter lists a delegate's kernel in its execution plan."""

_SCALE_RTOL = 1e-6
"""Scales are float32 in the file (7 digits) and decimal text in the manifest."""


class _Native(Protocol):
    """What is used of a runtime's own `Interpreter`."""

    def allocate_tensors(self) -> None: ...
    def get_input_details(self) -> list[dict[str, object]]: ...
    def get_output_details(self) -> list[dict[str, object]]: ...
    def set_tensor(self, index: int, value: NDArray[np.int8]) -> None: ...
    def invoke(self) -> None: ...
    def get_tensor(self, index: int) -> NDArray[np.int8]: ...
    def _get_ops_details(self) -> list[dict[str, object]]: ...


class _NativeClass(Protocol):
    def __call__(self, *, model_content: bytes, num_threads: int) -> _Native: ...


@dataclass(frozen=True, slots=True)
class Runtime:
    """The inference runtime in use: distribution name and version."""

    name: str
    version: str


def runtime() -> Runtime:
    """Which runtime would be used now.

    Raises:
        InferenceError: none is installed, or the forced one is unknown or missing (NO_RUNTIME); or it does not fit
            the installed numpy (NUMPY_MISMATCH).
    """
    name = _choose(os.environ.get(RUNTIME_VARIABLE))
    return Runtime(name, importlib.metadata.version(name))


@cache
def _choose(forced: str | None) -> str:
    if forced and forced not in _MODULES:
        raise InferenceError(
            InferenceReason.NO_RUNTIME, f'{RUNTIME_VARIABLE} is "{forced}"; it may be {" or ".join(_MODULES)}'
        )
    for name in [forced] if forced else _MODULES:
        if _installed(name):
            _check_numpy(name, np.__version__)
            return name
    raise InferenceError(
        InferenceReason.NO_RUNTIME,
        f"no inference runtime: pip install {forced or 'ai-edge-litert'}"
        + ("" if forced else " (or tflite-runtime where that has no wheel)"),
    )


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _check_numpy(name: str, numpy_version: str) -> None:
    """tflite-runtime is built against numpy 1: with numpy 2 it imports, and fails at the first model."""
    if name == "tflite-runtime" and int(numpy_version.split(".")[0]) >= 2:
        raise InferenceError(
            InferenceReason.NUMPY_MISMATCH,
            f"tflite-runtime cannot work with numpy {numpy_version}: "
            'pip install "anodyne[tflite-runtime]" (numpy below 2, opencv-python-headless below 4.12)',
        )


def _native_class(name: str) -> _NativeClass:
    try:
        native: _NativeClass = importlib.import_module(_MODULES[name]).Interpreter
    except (ImportError, OSError) as error:
        raise InferenceError(
            InferenceReason.NO_RUNTIME, f"{name} is installed but cannot be loaded ({error})"
        ) from error
    return native


class Interpreter:
    """One int8 network, ready to run. Not for use by two threads at once.

    Args:
        model: a checked model of the bundle.
        threads: inference threads; more than one does not pay below about 1 ms per inference.

    Raises:
        InferenceError: no runtime, a runtime that does not fit numpy, or one that refuses the file (REJECTED).
        BundleError: the file's tensors are not those of the manifest (SHAPE).
    """

    def __init__(self, model: Model, threads: int = 1) -> None:
        """Build the graph, allocate its tensors, compare them with the manifest."""
        self.model = model
        self.runtime = runtime()
        self._build(threads)

    def use_threads(self, threads: int) -> None:
        """Run on so many threads from now on: the graph is built anew where that is another number.

        Raises:
            InferenceError: as when it was made.
        """
        if threads != self.threads:
            self._build(threads)

    def _build(self, threads: int) -> None:
        model = self.model
        self.threads = threads
        try:
            self._native = _native_class(self.runtime.name)(model_content=model.data, num_threads=threads)
            self._native.allocate_tensors()
        except (ValueError, RuntimeError, SystemError) as error:
            raise InferenceError(
                InferenceReason.REJECTED,
                f'{self.runtime.name} {self.runtime.version} refuses model "{model.name}" ({model.path}): {error}',
            ) from error
        self._inputs = _match(model, "input", model.inputs, self._native.get_input_details())
        self._outputs = _match(model, "output", model.outputs, self._native.get_output_details())

    @property
    def delegated(self) -> bool | None:
        """Whether XNNPACK runs the whole graph; None where the runtime does not tell."""
        return _delegated(self._native)

    def run(self, *inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Quantise, infer, dequantise.

        Args:
            inputs: one array per declared input, of exactly its shape, in real units; finite.

        Returns:
            One array per declared output, in real units.

        Raises:
            InferenceError: wrong number, shape or a value that is not finite (BAD_INPUT); no value is ever quoted.
        """
        self._check_count(len(inputs))
        specs = self.model.inputs
        quantised = [self._quantise(spec, values) for spec, values in zip(specs, inputs, strict=True)]
        outputs = self.run_int8(*quantised)
        return [_dequantise(spec, values) for spec, values in zip(self.model.outputs, outputs, strict=True)]

    def run_int8(self, *inputs: NDArray[np.int8]) -> list[NDArray[np.int8]]:
        """Infer on values that are already quantised.

        Args:
            inputs: one int8 array per declared input, of exactly its shape.

        Returns:
            One int8 array per declared output.

        Raises:
            InferenceError: wrong number, shape or type (BAD_INPUT); the runtime failed (REJECTED).
        """
        self._check_count(len(inputs))
        for spec, index, values in zip(self.model.inputs, self._inputs, inputs, strict=True):
            if values.dtype != np.int8 or values.shape != spec.shape:
                raise self._bad_input(spec, f"int8 {spec.shape} expected, {values.dtype} {values.shape} given")
            self._native.set_tensor(index, values)
        try:
            self._native.invoke()
        except (ValueError, RuntimeError) as error:
            raise InferenceError(
                InferenceReason.REJECTED, f'{self.runtime.name} failed in model "{self.model.name}": {error}'
            ) from error
        return [self._native.get_tensor(index) for index in self._outputs]

    def _quantise(self, spec: TensorSpec, values: NDArray[np.float32]) -> NDArray[np.int8]:
        if values.shape != spec.shape:
            raise self._bad_input(spec, f"shape {spec.shape} expected, {values.shape} given")
        if not np.isfinite(values).all():
            raise self._bad_input(spec, "holds values that are not finite")
        steps = np.rint(values / np.float32(spec.scale)) + np.float32(spec.zero_point)
        quantised: NDArray[np.int8] = np.clip(steps, -128, 127).astype(np.int8)
        return quantised

    def _check_count(self, given: int) -> None:
        wanted = len(self.model.inputs)
        if given != wanted:
            raise InferenceError(
                InferenceReason.BAD_INPUT, f'model "{self.model.name}" takes {wanted} inputs, {given} given'
            )

    def _bad_input(self, spec: TensorSpec, what: str) -> InferenceError:
        return InferenceError(InferenceReason.BAD_INPUT, f'input "{spec.name}" of model "{self.model.name}": {what}')


def _dequantise(spec: TensorSpec, values: NDArray[np.int8]) -> NDArray[np.float32]:
    return (values.astype(np.float32) - np.float32(spec.zero_point)) * np.float32(spec.scale)


def _match(
    model: Model, kind: str, specs: Sequence[TensorSpec], details: Sequence[Mapping[str, object]]
) -> tuple[int, ...]:
    """Tensor indices in the manifest's order, each compared with what the manifest promises."""
    if len(specs) != len(details):
        raise _misdescribed(model, f"the file has {len(details)} {kind}s, the manifest {len(specs)}")
    by_name = {str(detail["name"]): detail for detail in details}
    indices: list[int] = []
    for position, spec in enumerate(specs):
        detail = by_name.get(spec.tensor) if spec.tensor else details[position]
        if detail is None:
            raise _misdescribed(model, f'the file has no {kind} tensor "{spec.tensor}" (it has: {", ".join(by_name)})')
        _compare(model, f'{kind} "{spec.name}"', spec, detail)
        index = detail["index"]
        assert isinstance(index, int)  # noqa: S101 - documented by the runtime; narrows the type
        indices.append(index)
    if len(set(indices)) != len(indices):
        raise _misdescribed(model, f"two {kind}s of the manifest name one tensor")
    return tuple(indices)


def _compare(model: Model, what: str, spec: TensorSpec, detail: Mapping[str, object]) -> None:
    shape, quantisation = detail["shape"], detail["quantization"]
    assert isinstance(shape, np.ndarray)  # noqa: S101 - as above
    assert isinstance(quantisation, tuple)  # noqa: S101 - as above
    found = tuple(int(n) for n in shape)
    if detail["dtype"] is not np.int8:
        name = getattr(detail["dtype"], "__name__", "of an unknown type")
        raise _misdescribed(model, f"{what} is {name} in the file, int8 is required")
    if found != spec.shape:
        raise _misdescribed(model, f"{what} is {found} in the file, {spec.shape} in the manifest")
    scale, zero_point = float(quantisation[0]), int(quantisation[1])
    if not np.isclose(scale, spec.scale, rtol=_SCALE_RTOL, atol=0.0) or zero_point != spec.zero_point:
        raise _misdescribed(
            model,
            f"{what} is quantised with scale {scale:.9g}, zero point {zero_point} in the file, "
            f"with {spec.scale:.9g}, {spec.zero_point} in the manifest",
        )


def _misdescribed(model: Model, what: str) -> BundleError:
    return BundleError(BundleReason.SHAPE, f'model "{model.name}" ({model.path}): {what}; install the bundle again')


def _delegated(native: _Native) -> bool | None:
    """Whether one delegate kernel leads from the graph's inputs to all of its outputs.

    The runtime's list of operators keeps the replaced ones and adds one entry per delegate kernel. If a kernel takes
    nothing that an operator outside it computed, and yields every output of the graph, nothing else is executed.
    """
    list_operators = getattr(native, "_get_ops_details", None)  # not public: absent in some builds
    if list_operators is None:
        return None
    kernels: list[dict[str, object]] = []
    computed: set[int] = set()
    for operator in native._get_ops_details():
        if operator["op_name"] == _DELEGATE_OP:
            kernels.append(operator)
        else:
            computed |= _tensors(operator["outputs"])
    outputs = {detail["index"] for detail in native.get_output_details()}
    return any(
        outputs <= _tensors(kernel["outputs"]) and not _tensors(kernel["inputs"]) & computed for kernel in kernels
    )


def _tensors(indices: object) -> set[int]:
    assert isinstance(indices, np.ndarray)  # noqa: S101 - as above
    return {int(index) for index in indices}
