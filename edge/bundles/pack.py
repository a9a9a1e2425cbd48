"""Pack a folder of models into a signed bundle, on the machine where the site's key is."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.bundle import MANIFEST as TOML
from edge.bundle import Bundle
from edge.bundles.check import outputs_digest
from edge.bundles.manifest import FORMAT, MANIFEST_FILE, SIGNATURE_FILE, Manifest, numbers, read_manifest
from edge.durable import sync_folder, write_new
from edge.errors import BundleError, BundleReason
from edge.golden import probes
from edge.inference import Interpreter, runtime

MACHINES = ("aarch64", "x86_64")
"""Architectures on which the default runtime answers bit for bit alike (`edge.golden`)."""

GOLDEN_FOLDER = "golden"
"""Where the golden inputs lie in a bundle: raw int8 values."""

_READABLE = 0o644


@dataclass(frozen=True, slots=True)
class Packing:
    """What a new bundle is to say of itself.

    Attributes:
        version: three numbers.
        machines: architectures that it is for.
        note: what is new, for people.
    """

    version: str
    machines: Sequence[str] = MACHINES
    note: str = ""


def pack(source: Path, target: Path, key: Ed25519PrivateKey, packing: Packing) -> Manifest:
    """Copy a folder of models, compute its golden answers here, and sign it.

    Args:
        source: folder with `bundle.toml`, models and cards, as the training jobs write it.
        target: folder of the new bundle; it must not exist.
        key: of the site.
        packing: version, machines, note.

    Returns:
        The manifest as it was signed.

    Raises:
        BundleError: the source cannot be loaded, the target is there, or cannot be written.
        InferenceError: the runtime refuses a model.
    """
    numbers(packing.version)
    Bundle.load(source)
    if target.exists():
        raise BundleError(BundleReason.STATE, f"{target} is there already: name a new folder")
    try:
        return _pack(source, target, key, packing)
    except OSError as error:
        raise BundleError(BundleReason.UNREADABLE, f"{error.filename}: {error.strerror}") from error
    finally:
        if target.exists() and not (target / SIGNATURE_FILE).exists():
            shutil.rmtree(target)


def _pack(source: Path, target: Path, key: Ed25519PrivateKey, packing: Packing) -> Manifest:
    target.mkdir(parents=True)
    for path in _sources(source):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        data = path.read_bytes()
        write_new(place, _of_version(data, packing.version) if path == source / TOML else data, _READABLE)
    goldens = list(_goldens(Bundle.load(target)))
    rows = {path.relative_to(target).as_posix(): _facts(path) for path in sorted(target.rglob("*")) if path.is_file()}
    said = {
        "format": FORMAT,
        "version": packing.version,
        "machines": list(packing.machines),
        "runtime": runtime().name,
        "note": packing.note,
        "files": rows,
        "golden": goldens,
    }
    data = (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode()
    manifest = read_manifest(data)
    write_new(target / MANIFEST_FILE, data, _READABLE)
    write_new(target / SIGNATURE_FILE, key.sign(data), _READABLE)
    sync_folder(target)
    return manifest


def _sources(folder: Path) -> Iterator[Path]:
    """Everything in the folder but what an earlier packing added, and what is hidden."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") for part in parts) or parts[0] in (GOLDEN_FOLDER, MANIFEST_FILE, SIGNATURE_FILE):
            continue
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BundleError(BundleReason.FORMAT, f"{path} is no ordinary file: a bundle holds nothing else")
        if path.is_file():
            yield path


def _of_version(toml: bytes, version: str) -> bytes:
    """`bundle.toml` with another version; every other byte stays."""
    fresh, count = re.subn(rb'(?m)^version = "[^"\n]*"$', f'version = "{version}"'.encode(), toml, count=1)
    if count != 1:
        raise BundleError(BundleReason.FORMAT, f"{TOML} has no line with its version")
    return fresh


def _goldens(bundle: Bundle) -> Iterator[dict[str, object]]:
    """Write the probes of every model, and what it answers here."""
    (bundle.folder / GOLDEN_FOLDER).mkdir()
    for name, model in bundle.models.items():
        interpreter = Interpreter(model)
        for index, inputs in enumerate(probes(model)):
            names = [f"{GOLDEN_FOLDER}/{name}-{index}-{position}.int8" for position in range(len(inputs))]
            for file, values in zip(names, inputs, strict=True):
                write_new(bundle.folder / file, np.ascontiguousarray(values).tobytes(), _READABLE)
            yield {"model": name, "inputs": names, "outputs_sha256": outputs_digest(interpreter, inputs)}


def _facts(path: Path) -> dict[str, object]:
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
