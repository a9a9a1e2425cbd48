"""`anodyne models keygen|pack`: what a site does on the machine where its key is, not on a box."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from edge.bundles.keys import make_pair, read_private
from edge.bundles.pack import MACHINES, Packing, pack
from edge.errors import BundleError, BundleReason


def add_parsers(steps: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the steps and their options."""
    keygen = steps.add_parser("keygen", help="make the key that signs the bundles of a site")
    keygen.add_argument("key", type=Path, help="file of the private key; the public one lies beside it, .pem")
    _add_passphrase(keygen)
    keygen.set_defaults(handler=_keygen)
    packing = steps.add_parser("pack", help="pack a folder of models and sign it")
    packing.add_argument("source", type=Path, help="folder with bundle.toml, models and cards")
    packing.add_argument("target", type=Path, help="folder of the new bundle; it must not exist")
    packing.add_argument("--key", type=Path, required=True, help="private key of the site")
    packing.add_argument("--version", required=True, metavar="X.Y.Z", help="of the bundle; boxes take newer ones only")
    packing.add_argument(
        "--machine", action="append", metavar="NAME", help=f"architecture, repeatable (default: {', '.join(MACHINES)})"
    )
    packing.add_argument("--note", default="", help="what is new")
    _add_passphrase(packing)
    packing.set_defaults(handler=_pack)


def _add_passphrase(parser: argparse.ArgumentParser) -> None:
    given = parser.add_mutually_exclusive_group()
    given.add_argument("--passphrase", action="store_true", help="the private key is encrypted: ask for the passphrase")
    given.add_argument("--passphrase-file", type=Path, help="… and its passphrase is the first line of this file")


def _passphrase(arguments: argparse.Namespace, *, again: bool = False) -> bytes | None:
    """The passphrase; None where none is wanted.

    Raises:
        BundleError: KEY: one is wanted and it is empty, or was not typed alike twice.
    """
    path: Path | None = arguments.passphrase_file
    if path is None and not arguments.passphrase:
        return None
    if path is None:
        found = getpass.getpass("passphrase of the site's key: ").encode()
        if again and getpass.getpass("again: ").encode() != found:
            raise BundleError(BundleReason.KEY, "these were two different passphrases")
    else:
        try:
            found = path.read_bytes().partition(b"\n")[0].removesuffix(b"\r")
        except OSError as error:
            raise BundleError(BundleReason.KEY, f"{path} cannot be read: {error.strerror}") from error
    if not found:
        raise BundleError(BundleReason.KEY, "the passphrase is empty: the key would lie open")
    return found


def _keygen(arguments: argparse.Namespace) -> int:
    public = make_pair(arguments.key, _passphrase(arguments, again=True))
    sys.stdout.write(
        f"{arguments.key} signs bundles: keep it off the boxes\n"
        f"{public} goes to /etc/anodyne/keys/ of every box that is to trust them\n"
    )
    return 0


def _pack(arguments: argparse.Namespace) -> int:
    key = read_private(arguments.key, _passphrase(arguments))
    machines = tuple(arguments.machine or MACHINES)
    manifest = pack(arguments.source, arguments.target, key, Packing(arguments.version, machines, arguments.note))
    sys.stdout.write(
        f"{arguments.target}: version {manifest.version}, {len(manifest.files)} files, {len(manifest.golden)} golden "
        f"answers of {manifest.runtime}, for {', '.join(manifest.machines)}; signed\n"
    )
    return 0
