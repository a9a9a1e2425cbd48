"""Writes `models/bundle.toml`: one entry per trained model or calibration, the other entries untouched.

The file is written by the training jobs and read by `edge.bundle`; nobody edits it by hand.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from edge.bundle import FORMAT, MANIFEST, Bundle, TensorSpec
from edge.golden import answers
from edge.inference import Interpreter

Setting = bool | int | float | str | Sequence[float] | Sequence[str]
"""What a parameter may be."""

Table = dict[str, object]
"""A table of the TOML file."""

VERSION = "0.1.0"
"""Version written into a new bundle."""


def tensor_specs(
    tflite: Path, input_names: Sequence[str], output_names: Sequence[str]
) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Describe the tensors of an int8 file, ready for `write_model`.

    Args:
        tflite: the exported network; int8 inputs and outputs, static shapes.
        input_names: what to call its inputs, in the file's own order.
        output_names: what to call its outputs, in the file's own order.

    Returns:
        Inputs and outputs.

    Raises:
        ValueError: the file has another number of tensors, or one that is not int8.
    """
    from ai_edge_litert.interpreter import Interpreter as Runtime  # the training jobs' own runtime, whatever edge uses

    runtime = Runtime(model_content=tflite.read_bytes())
    runtime.allocate_tensors()
    return (
        tuple(_specs(runtime.get_input_details(), input_names, "inputs")),
        tuple(_specs(runtime.get_output_details(), output_names, "outputs")),
    )


def write_model(
    models_dir: Path,
    name: str,
    *,
    file: str,
    card: str,
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    parameters: Mapping[str, Setting],
) -> None:
    """Bind a model into the bundle, with its hash and its answers to the golden probes as they are now.

    Args:
        models_dir: the bundle's folder.
        name: key of the model ("face_au").
        file: the `.tflite`, relative to `models_dir`.
        card: the model card, relative to `models_dir`; it must exist.
        inputs: tensors in the order in which callers give them (see `tensor_specs`).
        outputs: tensors in the order in which callers get them.
        parameters: settings that belong to the network: numbers, texts, booleans, lists of numbers or of texts.

    Raises:
        BundleError: what was written cannot be loaded again, or the file's tensors are others.
        FileNotFoundError: the model file is not there.
    """
    entry: Table = {
        "file": file,
        "sha256": hashlib.sha256((models_dir / file).read_bytes()).hexdigest(),
        "card": card,
        "input": [_tensor_table(spec) for spec in inputs],
        "output": [_tensor_table(spec) for spec in outputs],
        "parameters": dict(parameters),
    }
    _update(models_dir, "model", name, entry)
    entry["golden"] = answers(Interpreter(Bundle.load(models_dir).model(name)))
    _update(models_dir, "model", name, entry)


def write_calibration(models_dir: Path, name: str, mapping: Mapping[str, Setting]) -> None:
    """Put a calibration into the bundle, replacing the one of the same name.

    Args:
        models_dir: the bundle's folder.
        name: key of the calibration ("face").
        mapping: numbers, texts, booleans, lists of numbers or of texts.

    Raises:
        BundleError: what was written cannot be loaded again.
    """
    _update(models_dir, "calibration", name, dict(mapping))


def _specs(details: Sequence[Mapping[str, object]], names: Sequence[str], what: str) -> Iterator[TensorSpec]:
    if len(details) != len(names):
        raise ValueError(f"the file has {len(details)} {what}, {len(names)} names were given")
    for detail, name in zip(details, names, strict=True):
        if detail["dtype"] is not np.int8:
            raise ValueError(f"{what}: {detail['name']} is {detail['dtype']}, not int8")
        shape, quantisation = detail["shape"], detail["quantization"]
        assert isinstance(shape, np.ndarray)  # noqa: S101 - documented by the runtime; narrows the type
        assert isinstance(quantisation, tuple)  # noqa: S101 - as above
        scale, zero_point = quantisation
        yield TensorSpec(name, tuple(int(n) for n in shape), float(scale), int(zero_point), str(detail["name"]))


def _tensor_table(spec: TensorSpec) -> Table:
    table: Table = {
        "name": spec.name,
        "shape": list(spec.shape),
        "scale": float(spec.scale),
        "zero_point": int(spec.zero_point),
    }
    return {**table, "tensor": spec.tensor} if spec.tensor else table


def _update(models_dir: Path, kind: str, name: str, entry: Table) -> None:
    path = models_dir / MANIFEST
    models_dir.mkdir(parents=True, exist_ok=True)
    lock = os.open(models_dir, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two training jobs may end at the same moment
        _rewrite(path, kind, name, entry)
    finally:
        os.close(lock)
    Bundle.load(models_dir)


def _rewrite(path: Path, kind: str, name: str, entry: Table) -> None:
    bundle: Table = tomllib.loads(path.read_text()) if path.exists() else {"format": FORMAT, "version": VERSION}
    tables = bundle.setdefault(kind, {})
    assert isinstance(tables, dict)  # noqa: S101 - we wrote it; narrows the type
    tables[name] = entry
    fresh = path.with_suffix(".new")
    fresh.write_text("\n".join(_lines(bundle)) + "\n")
    fresh.replace(path)


def _lines(bundle: Table) -> Iterator[str]:
    """The whole file, models and calibrations each in the order of their names."""
    yield "# Written by `python -m quantize`; read by edge/bundle.py. Do not edit: the figures belong to the files."
    yield f"format = {FORMAT}"
    yield f"version = {_text(bundle['version'])}"
    for kind in ("model", "calibration"):
        tables = bundle.get(kind, {})
        assert isinstance(tables, dict)  # noqa: S101 - as above
        for name in sorted(tables):
            yield from _table_lines(f"{kind}.{name}", tables[name])


def _table_lines(header: str, table: Table) -> Iterator[str]:
    yield ""
    yield f"[{header}]"
    for key, value in table.items():
        if not _is_table(value):
            yield f"{_key(key)} = {_text(value)}"
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _table_lines(f"{header}.{_key(key)}", value)
        elif isinstance(value, list) and _is_table(value):
            for item in value:
                first, *rest = list(_table_lines(f"{header}.{_key(key)}", item))[1:]
                yield from ("", f"[{first}]", *rest)


def _is_table(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)


def _text(value: object) -> str:
    """One value as TOML: repr keeps every bit of a float, JSON's texts are TOML's basic strings."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        if not math.isfinite(value):
            raise ValueError(f"a bundle holds finite numbers only, not {value}")
        return repr(float(value))
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (list, tuple, np.ndarray)):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    raise TypeError(f"a bundle cannot hold a {type(value).__name__}")
