"""`anodyne sessions`: the site's pair of keys, and opening what a box has sealed for it."""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
from pathlib import Path

from edge.cli.reading import note_read
from edge.errors import SessionError, SessionReason
from edge.recorder.shelf import SEALED_SUFFIX


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "sessions",
        help="sealed sessions",
        description="Sessions of real patients are sealed with the site's public key; the box itself cannot read them. "
        "`keygen` makes the pair: the public half goes to the boxes ([recorder] site_key), the private half stays with "
        "the site. `open` makes an ordinary session of a sealed one, for replay, plot, explain and export.",
    )
    verbs = parser.add_subparsers(dest="what", metavar="VERB", required=True)
    keygen = verbs.add_parser("keygen", help="make the site's pair of keys, on no box")
    opening = verbs.add_parser("open", help="make ordinary sessions of sealed ones")
    opening.add_argument("files", nargs="+", type=Path, help="sealed sessions")
    opening.add_argument("--out", type=Path, help="folder for the opened sessions (default: beside the sealed ones)")
    for verb in (keygen, opening):
        verb.add_argument(
            "--key", type=Path, default=Path("site.key"), help="the site's private key (%(default)s); never on a box"
        )
        verb.add_argument("--password-file", type=Path, help="its first line protects the private key")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Make a pair, or open sessions.

    Returns:
        0.

    Raises:
        SessionError: it cannot be done; the message says why.
    """
    password = _password(arguments.password_file)
    try:
        if arguments.what == "keygen":
            return _keygen(arguments.key, password)
        return _open(arguments, password)
    except OSError as error:
        raise SessionError(
            SessionReason.UNREADABLE, f"{error.filename or 'a file'} cannot be written or read: {error.strerror}"
        ) from error
    except sqlite3.Error as error:
        raise SessionError(SessionReason.UNREADABLE, f"the opened session cannot be written: {error}") from error


def _keygen(path: Path, password: bytes | None) -> int:
    from edge.recorder.seal import new_pair

    private, public = new_pair(password)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(private)
    beside = path.with_suffix(".pub")
    beside.write_bytes(public)
    sys.stdout.write(f"{beside} goes to the boxes ([recorder] site_key); {path} stays with the site, on no box\n")
    if password is None:
        sys.stdout.write("the private key is not protected by a password (--password-file)\n")
    return 0


def _open(arguments: argparse.Namespace, password: bytes | None) -> int:
    from edge.recorder.seal import private_key
    from edge.recorder.sealed import unseal

    key = private_key(arguments.key, password)
    for path in arguments.files:
        if not note_read(path, "sessions open", anew=True):
            raise SessionError(
                SessionReason.UNREADABLE, f"{path.parent}: no audit log can be kept here, so none is opened"
            )
        folder: Path = arguments.out or path.parent
        out = folder / path.name.removesuffix(SEALED_SUFFIX)
        if out.exists():
            raise SessionError(SessionReason.UNREADABLE, f"{out} exists already")
        ended = unseal(path, key, out)
        sys.stdout.write(f"{out}{'' if ended else ' (cut short)'}\n")
    return 0


def _password(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes().partition(b"\n")[0]
    except OSError as error:
        raise SessionError(SessionReason.KEY, f"{path} cannot be read: {error.strerror}") from error
