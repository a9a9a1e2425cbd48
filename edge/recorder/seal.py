"""Sealing: what the box writes only the site can read.

For each file the box makes an X25519 key pair, derives the file's key from it and the site's public key (HKDF-SHA256,
RFC 5869), and forgets the private half at once: from then on it can add to the file it writes and can read none, not
even that one after a restart. Each chunk is AES-256-GCM (NIST SP 800-38D) with its running number as nonce and the
file's head as associated data: none can be changed, left out in the middle, or moved to another place or file.

    head    16 bytes "ANODYNE-SEALED-1", 32 bytes public half of the file, 32 bytes SHA-256 of the site's public key
    chunk   4 bytes length, big-endian; that many bytes of ciphertext and tag; …

The clear text of a chunk is one byte for its kind and JSON behind it, compressed by zlib.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from edge.errors import SessionError, SessionReason

MAGIC = b"ANODYNE-SEALED-1"
_HEAD_BYTES = len(MAGIC) + 32 + 32
_LENGTH = struct.Struct(">I")

MOST_BYTES = 64 * 1024 * 1024
"""Longest chunk, and longest clear text of one: a second of events has some kilobytes."""


class Chunk(IntEnum):
    """What is in a chunk."""

    META = 0
    EVENTS = 1
    END = 2


def public_key(path: Path) -> X25519PublicKey:
    """The site's public key from a PEM file.

    Raises:
        SessionError: KEY: there is none in it.
    """
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SessionError(
            SessionReason.KEY, f"{path} holds no public key ({error}): make a pair with `anodyne sessions keygen`"
        ) from error
    if not isinstance(key, X25519PublicKey):
        raise SessionError(SessionReason.KEY, f"{path} is a key of another kind: X25519 is needed")
    return key


def private_key(path: Path, password: bytes | None) -> X25519PrivateKey:
    """The site's private key from a PEM file.

    Raises:
        SessionError: KEY: there is none in it, or the password is not the right one.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), password)
    except (OSError, ValueError, TypeError) as error:
        raise SessionError(SessionReason.KEY, f"{path} cannot be used as the site's private key: {error}") from error
    if not isinstance(key, X25519PrivateKey):
        raise SessionError(SessionReason.KEY, f"{path} is a key of another kind: X25519 is needed")
    return key


def new_pair(password: bytes | None) -> tuple[bytes, bytes]:
    """A new pair of the site as PEM: private half (encrypted where there is a password), public half."""
    key = X25519PrivateKey.generate()
    how = NoEncryption() if password is None else BestAvailableEncryption(password)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _raw(key: X25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _cipher(shared: bytes, head: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, b"anodyne session 1" + head).derive(shared))


class Seal:
    """The writing half of one file.

    Args:
        site: the site's public key.

    Attributes:
        head: what the file begins with.
    """

    def __init__(self, site: X25519PublicKey) -> None:
        """Make the file's key; its private half is forgotten here."""
        own = X25519PrivateKey.generate()
        self.head = MAGIC + _raw(own.public_key()) + hashlib.sha256(_raw(site)).digest()
        self._cipher = _cipher(own.exchange(site), self.head)
        self._number = 0

    def chunk(self, kind: Chunk, content: object) -> bytes:
        """The next chunk of the file."""
        clear = bytes([kind]) + zlib.compress(json.dumps(content, separators=(",", ":")).encode())
        sealed = self._cipher.encrypt(self._number.to_bytes(12, "big"), clear, self.head)
        self._number += 1
        return _LENGTH.pack(len(sealed)) + sealed


def unsealed(path: Path, site: X25519PrivateKey) -> Iterator[tuple[Chunk, object]]:
    """The chunks of a file. One that was cut short at its end by a crash ends the file without a word.

    Raises:
        SessionError: NOT_FOUND, FOREIGN (no sealed session), KEY (sealed for another key), or CORRUPT (changed,
            reordered, or left out in the middle).
    """
    if not path.is_file():
        raise SessionError(SessionReason.NOT_FOUND, f"there is no file {path}")
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if len(head) < _HEAD_BYTES or not head.startswith(MAGIC):
            raise SessionError(SessionReason.FOREIGN, f"{path} is no sealed session")
        if head[-32:] != hashlib.sha256(_raw(site.public_key())).digest():
            raise SessionError(SessionReason.KEY, f"{path} was sealed for another key of a site than this one")
        own = X25519PublicKey.from_public_bytes(head[len(MAGIC) : -32])
        try:
            cipher = _cipher(site.exchange(own), head)
        except ValueError as error:  # a point of small order
            raise SessionError(SessionReason.CORRUPT, f"{path}: its key was changed") from error
        for number, sealed in enumerate(_chunks(file)):
            try:
                clear = cipher.decrypt(number.to_bytes(12, "big"), sealed, head)
                yield Chunk(clear[0]), json.loads(_inflated(clear[1:]))
            except (InvalidTag, ValueError, IndexError, zlib.error) as error:
                raise SessionError(
                    SessionReason.CORRUPT, f"{path}: chunk {number} was changed or does not belong here"
                ) from error


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while len(length := file.read(_LENGTH.size)) == _LENGTH.size:
        (count,) = _LENGTH.unpack(length)
        sealed = file.read(min(count, MOST_BYTES))
        if len(sealed) < count:
            return
        yield sealed


def _inflated(data: bytes) -> bytes:
    machine = zlib.decompressobj()
    clear = machine.decompress(data, MOST_BYTES)
    if not machine.eof:
        raise ValueError("longer than any chunk")
    return clear
