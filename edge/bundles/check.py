"""Everything that a bundle has to pass before it is used: signature, files, machine, answers.

The order is that of trust: nothing is parsed before the signature over it is right, no file is used whose digest the
signed manifest does not hold, and no network runs for a patient that does not answer here as where it was signed.
"""

from __future__ import annotations

import hashlib
import os
import platform
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle, Model
from edge.bundles.keys import Trust
from edge.bundles.manifest import (
    MANIFEST_FILE,
    MOST_MANIFEST_BYTES,
    SIGNATURE_BYTES,
    SIGNATURE_FILE,
    FileFacts,
    Golden,
    Manifest,
    bundle_id,
    read_manifest,
)
from edge.errors import BundleError, BundleReason
from edge.inference import Interpreter, runtime

_ALIASES = {"arm64": "aarch64", "AMD64": "x86_64"}
"""What other systems call the same processors."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A manifest whose signature is right.

    Attributes:
        id: name of the bundle on this box.
        manifest: what it says.
        key: name of the trusted key that has signed it.
        data, signature: the bytes of both files.
    """

    id: str
    manifest: Manifest
    key: str
    data: bytes
    signature: bytes


def machine() -> str:
    """This processor's architecture, as Linux names it."""
    name = platform.machine()
    return _ALIASES.get(name, name)


def read_signed(folder: Path, trust: Trust) -> Signed:
    """Read a manifest and verify its signature.

    Raises:
        BundleError: MISSING or UNREADABLE: it is no signed bundle; SIGNATURE: no trusted key has signed these bytes;
            FORMAT: what was signed is no manifest.
    """
    data = read_regular(folder / MANIFEST_FILE, MOST_MANIFEST_BYTES)
    signature = read_regular(folder / SIGNATURE_FILE, SIGNATURE_BYTES)
    key = trust.signer(data, signature)
    manifest = read_manifest(data)
    return Signed(bundle_id(manifest.version, data), manifest, key, data, signature)


def files(folder: Path, manifest: Manifest) -> Iterator[tuple[str, bytes]]:
    """Every file that the manifest names, read once and compared with what it says.

    Raises:
        BundleError: MISSING, UNREADABLE, or HASH: one is of another length or content.
    """
    for name, facts in manifest.files.items():
        yield name, _read_checked(folder, name, facts)


def check_machine(manifest: Manifest) -> None:
    """Whether the bundle is for this processor and this runtime.

    Raises:
        BundleError: MACHINE: it is for others.
        InferenceError: there is no runtime.
    """
    if machine() not in manifest.machines:
        raise BundleError(
            BundleReason.MACHINE,
            f"the bundle is for {', '.join(manifest.machines)}, this box is {machine()}: pack one for it",
        )
    here = runtime()
    if here.name != manifest.runtime:
        raise BundleError(
            BundleReason.MACHINE,
            f"the bundle's answers are those of {manifest.runtime}, this box runs {here.name}: "
            f"pack one with ANODYNE_RUNTIME={here.name}",
        )


def load_checked(folder: Path, trust: Trust) -> tuple[Signed, Bundle]:
    """Verify an installed bundle and load it: signature, digests, machine. See `check_golden` for the answers.

    Raises:
        BundleError: whatever is wrong, with the reason.
        InferenceError: there is no runtime.
    """
    signed = read_signed(folder, trust)
    check_machine(signed.manifest)
    for _ in files(folder, signed.manifest):
        pass
    return signed, load_named(folder, signed.manifest)


def load_named(folder: Path, manifest: Manifest) -> Bundle:
    """Load the bundle of a folder whose files are right.

    Raises:
        BundleError: FORMAT: `bundle.toml` names a file, or another version, that the manifest does not; or as
            `edge.bundle.Bundle.load`.
    """
    bundle = Bundle.load(folder)
    used = {path.relative_to(folder).as_posix() for one in bundle.models.values() for path in (one.path, one.card)}
    unsigned = sorted(used - set(manifest.files))
    if unsigned:
        raise BundleError(BundleReason.FORMAT, f"{', '.join(unsigned)} of bundle.toml is not in the signed manifest")
    if bundle.version != manifest.version:
        raise BundleError(
            BundleReason.FORMAT, f"bundle.toml is of version {bundle.version}, the manifest of {manifest.version}"
        )
    return bundle


def check_golden(bundle: Bundle, manifest: Manifest) -> int:
    """Run every golden input and compare the answers, exactly.

    Returns:
        How many answers were compared.

    Raises:
        BundleError: GOLDEN: a model answers otherwise, or has no golden input.
        InferenceError: the runtime refuses a model.
    """
    for name, model in bundle.models.items():
        interpreter = Interpreter(model)
        goldens = [golden for golden in manifest.golden if golden.model == name]
        if not goldens:
            raise BundleError(BundleReason.GOLDEN, f'the manifest has no golden answer of model "{name}"')
        for golden in goldens:
            _compare(interpreter, bundle.folder, golden)
    return len(manifest.golden)


def outputs_digest(interpreter: Interpreter, inputs: list[NDArray[np.int8]]) -> str:
    """SHA-256 of the int8 values of all outputs, in their order.

    Raises:
        InferenceError: the runtime fails.
    """
    digest = hashlib.sha256()
    for output in interpreter.run_int8(*inputs):
        digest.update(output.tobytes())
    return digest.hexdigest()


def read_regular(path: Path, most: int) -> bytes:
    """Read a regular file of at most `most` bytes; a pipe or device in its place is not waited for.

    Raises:
        BundleError: MISSING: it is not there; UNREADABLE: it is something else, or cannot be read; FORMAT: too long.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BundleError(BundleReason.UNREADABLE, f"{path} is no ordinary file")
            data = file.read(most + 1)
    except FileNotFoundError:
        raise BundleError(
            BundleReason.MISSING, f"{path} is missing: a signed bundle is a folder made by `anodyne models pack`"
        ) from None
    except OSError as error:
        raise BundleError(BundleReason.UNREADABLE, f"{path} cannot be read: {error.strerror}") from error
    if len(data) > most:
        raise BundleError(BundleReason.FORMAT, f"{path} is longer than {most} bytes")
    return data


def _read_checked(folder: Path, name: str, facts: FileFacts) -> bytes:
    path = folder / name
    data = read_regular(path, max(facts.bytes, 1))
    if len(data) != facts.bytes or hashlib.sha256(data).hexdigest() != facts.sha256:
        raise BundleError(
            BundleReason.HASH,
            f"{path} ({len(data)} bytes) is not the file that was signed ({facts.bytes} bytes): copy the bundle again",
        )
    return data


def _compare(interpreter: Interpreter, folder: Path, golden: Golden) -> None:
    model = interpreter.model
    found = outputs_digest(interpreter, _inputs(folder, model, golden))
    if found != golden.outputs_sha256:
        used = interpreter.runtime
        raise BundleError(
            BundleReason.GOLDEN,
            f'model "{model.name}" does not answer {golden.inputs[0]} as where it was signed: {used.name} '
            f"{used.version} on {machine()} computes something else",
        )


def _inputs(folder: Path, model: Model, golden: Golden) -> list[NDArray[np.int8]]:
    if len(golden.inputs) != len(model.inputs):
        raise BundleError(
            BundleReason.GOLDEN, f'model "{model.name}" takes {len(model.inputs)} inputs, {len(golden.inputs)} given'
        )
    arrays: list[NDArray[np.int8]] = []
    for spec, name in zip(model.inputs, golden.inputs, strict=True):
        size = int(np.prod(spec.shape))
        data = read_regular(folder / name, size)
        if len(data) != size:
            raise BundleError(BundleReason.GOLDEN, f"{name} has {len(data)} values, {size} are needed")
        arrays.append(np.frombuffer(data, np.int8).reshape(spec.shape))
    return arrays
