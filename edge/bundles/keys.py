"""Ed25519 keys (RFC 8032): one pair signs the bundles of a site, boxes trust the public half.

Keys are PEM files, so that OpenSSL makes and reads them too: `openssl genpkey -algorithm ed25519`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge.durable import write_new
from edge.errors import BundleError, BundleReason

PUBLIC_SUFFIX = ".pem"
"""Of the files in the folder of trusted keys; others are not looked at."""

_READABLE = 0o644

_MOST_BYTES = 16 * 1024
"""A PEM file of an Ed25519 key has about 120 bytes."""


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key whose signature this box accepts.

    Attributes:
        name: of its file, without the suffix.
        key: the key.
    """

    name: str
    key: Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Trust:
    """What a folder of keys holds.

    Attributes:
        folder: where they lie.
        keys: those that can be used.
        problems: a sentence for each file that cannot.
    """

    folder: Path
    keys: tuple[TrustedKey, ...]
    problems: tuple[str, ...]

    @classmethod
    def read(cls, folder: Path) -> Trust:
        """Read every `*.pem` of a folder; one that is no Ed25519 public key is a problem, not an error."""
        keys: list[TrustedKey] = []
        problems: list[str] = []
        try:
            paths = sorted(path for path in folder.iterdir() if path.suffix == PUBLIC_SUFFIX)
        except FileNotFoundError:
            return cls(folder, (), ())
        except OSError as error:
            return cls(folder, (), (f"{folder} cannot be read: {error.strerror}",))
        for path in paths:
            try:
                keys.append(TrustedKey(path.stem, _public(path)))
            except BundleError as error:
                problems.append(error.message)
        return cls(folder, tuple(keys), tuple(problems))

    def signer(self, data: bytes, signature: bytes) -> str:
        """The name of the key that has signed `data`.

        Raises:
            BundleError: SIGNATURE: none of them has.
        """
        for trusted in self.keys:
            try:
                trusted.key.verify(signature, data)
            except InvalidSignature:
                continue
            return trusted.name
        have = ", ".join(one.name for one in self.keys) or "there is none"
        raise BundleError(
            BundleReason.SIGNATURE,
            f"the manifest is not signed by a key that this box trusts ({have} in {self.folder}): "
            f"it was changed, or the site's public key is missing there",
        )


def make_pair(private: Path, passphrase: bytes | None) -> Path:
    """Make a new pair of keys.

    Args:
        private: file of the private key, mode 0600; it must not exist.
        passphrase: encrypts it; None leaves it open to whoever can read the file.

    Returns:
        The file of the public key: the same name with the suffix `.pem`.

    Raises:
        BundleError: KEY: a file is there already, or cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    public = private.with_suffix(PUBLIC_SUFFIX)
    if public == private or public.exists():
        raise BundleError(BundleReason.KEY, f"{public} would be the public key: name the private one otherwise (.key)")
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    shown = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    try:
        write_new(private, secret)
        write_new(public, shown, _READABLE)
    except OSError as error:
        raise BundleError(BundleReason.KEY, f"{error.filename} cannot be written: {error.strerror}") from error
    return public


def read_private(path: Path, passphrase: bytes | None) -> Ed25519PrivateKey:
    """Read the key of the site.

    Raises:
        BundleError: KEY: it cannot be read, is of another kind, or the passphrase is missing or wrong.
    """
    try:
        key = serialization.load_pem_private_key(_bytes(path), passphrase)
    except TypeError as error:
        needs = "needs a passphrase" if passphrase is None else "has no passphrase"
        raise BundleError(BundleReason.KEY, f"{path} {needs}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BundleError(
            BundleReason.KEY, f"{path} is no private key in PEM, or the passphrase is wrong: make one with `keygen`"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BundleError(BundleReason.KEY, f"{path} is no Ed25519 key: make one with `anodyne models keygen`")
    return key


def _public(path: Path) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(_bytes(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BundleError(BundleReason.KEY, f"{path} is no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise BundleError(BundleReason.KEY, f"{path} is no Ed25519 key")
    return key


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise BundleError(BundleReason.KEY, f"{path} cannot be read: {error.strerror}") from error
