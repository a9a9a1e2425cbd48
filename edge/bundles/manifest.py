"""The signed manifest of a bundle: what belongs to it, for which machines, and what its models must answer.

`manifest.json` names every file with length and SHA-256; `manifest.sig` holds the 64 bytes of an Ed25519 signature
over its exact bytes. Nothing of a manifest is read before its signature is found right.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.errors import BundleError, BundleReason

MANIFEST_FILE = "manifest.json"
"""The manifest, in the bundle's folder."""

SIGNATURE_FILE = "manifest.sig"
"""Its signature: 64 bytes."""

SIGNATURE_BYTES = 64
"""Length of an Ed25519 signature (RFC 8032)."""

FORMAT = 1
"""The version of the manifest that this program reads."""

MOST_MANIFEST_BYTES = 1024 * 1024
"""A manifest names some twenty files; longer ones are refused unread."""

MOST_FILE_BYTES = 64 * 1024 * 1024
"""Largest file of a bundle: the largest network here is below 1 MiB."""

MOST_FILES = 256
"""Most files of a bundle."""

_NAME = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}){0,3}$"
"""A relative path: no component can be `..`, empty or hidden."""

_VERSION = r"^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A digest in hexadecimal."""

FileName = Annotated[str, Field(pattern=_NAME)]
"""A file of the bundle, relative to its folder."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class FileFacts(_Strict):
    """One file."""

    bytes: Annotated[int, Field(ge=0, le=MOST_FILE_BYTES)]
    """Length."""
    sha256: Sha256
    """Digest of its content."""


class Golden(_Strict):
    """One input of a model, and the digest of what it must answer."""

    model: str
    """Name of the model in `bundle.toml`."""
    inputs: Annotated[tuple[FileName, ...], Field(min_length=1, strict=False)]
    """Files with the int8 values of each input tensor, in the order of `bundle.toml`."""
    outputs_sha256: Sha256
    """Digest of the int8 values of all output tensors, in the order of `bundle.toml`."""


class Manifest(_Strict):
    """What is signed."""

    format: Annotated[int, Field(ge=FORMAT, le=FORMAT)]
    """Of this file."""
    version: Annotated[str, Field(pattern=_VERSION)]
    """Of the bundle: three numbers, compared as numbers."""
    machines: Annotated[tuple[str, ...], Field(min_length=1, max_length=8, strict=False)]
    """Processor architectures that it is for, as the kernel names them ("aarch64")."""
    runtime: Annotated[str, Field(min_length=1, max_length=64)]
    """Inference runtime whose answers `golden` holds ("ai-edge-litert")."""
    note: Annotated[str, Field(max_length=400)] = ""
    """What is new, for people."""
    files: Annotated[dict[FileName, FileFacts], Field(min_length=1, max_length=MOST_FILES)]
    """Every file of the bundle, but for the manifest and its signature."""
    golden: Annotated[tuple[Golden, ...], Field(min_length=1, max_length=MOST_FILES, strict=False)]
    """What the models must answer, exactly."""


def read_manifest(data: bytes) -> Manifest:
    """Parse a manifest.

    Args:
        data: its bytes, whose signature has been found right.

    Raises:
        BundleError: FORMAT: it does not follow the format, which is said field by field.
    """
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:5])
        raise BundleError(BundleReason.FORMAT, f"{MANIFEST_FILE}: {problems}") from error


def bundle_id(version: str, data: bytes) -> str:
    """The name of a bundle on the box: its version, and the beginning of the digest of its manifest."""
    return f"{version}-{hashlib.sha256(data).hexdigest()[:12]}"


def numbers(version: str) -> tuple[int, int, int]:
    """A version as three numbers that can be compared.

    Raises:
        BundleError: FORMAT: it is none.
    """
    parts = version.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) <= 6 for part in parts):
        raise BundleError(BundleReason.FORMAT, f'"{version}" is no version: three numbers are, as "0.2.0"')
    first, second, third = (int(part) for part in parts)
    return first, second, third
