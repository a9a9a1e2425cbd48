"""`anodyne accounts`: who may sign in at the nursing station's page, and the PIN of a home page."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge.config import Config, load
from edge.errors import StationError, StationReason

if TYPE_CHECKING:
    from edge.station.accounts import Accounts


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "accounts",
        help="who may sign in at the station's page",
        description="Add, remove and list accounts. The password is asked for, or read from standard input: at least "
        "10 characters, or a PIN of at least 6 digits. It is never an option, which other users could read.",
    )
    parser.add_argument(
        "what",
        choices=("add", "remove", "list", "pin"),
        help="`add` also changes a password; `pin`: of the home page",
    )
    parser.add_argument("name", nargs="?", help="name to sign in with")
    parser.add_argument("--shown", help="name that boxes and other nurses see (default: the name)")
    parser.add_argument("--role", choices=("nurse", "display"), default="nurse", help="a display can change nothing")
    parser.add_argument(
        "--config", type=Path, help="take accounts_file of [station], or pin_file of [home], from this TOML file"
    )
    parser.add_argument("--file", type=Path, help="the file of accounts")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Change or list the accounts.

    Returns:
        0.

    Raises:
        StationError: it cannot be done; the message says why.
    """
    try:
        from edge.station.accounts import HOME, Accounts, Role
    except ModuleNotFoundError as error:
        raise StationError(
            StationReason.NOT_INSTALLED, f"{error.name} is not installed: pip install 'anodyne[station]'"
        ) from error
    config = load(arguments.config) if arguments.config else Config()
    name: str | None = arguments.name
    if arguments.what == "pin":
        path: Path | None = arguments.file or config.home.pin_file
        if path is None:
            raise StationError(StationReason.ACCOUNTS, "where? Give --file, or --config with pin_file in [home]")
        Accounts(path).put(HOME, _password(), arguments.shown or "home page", Role.NURSE)
        return 0
    accounts = Accounts(arguments.file or config.station.accounts_file)
    if arguments.what == "list":
        _list(accounts)
    elif name is None:
        raise StationError(StationReason.ACCOUNTS, f"whom? anodyne accounts {arguments.what} NAME")
    elif arguments.what == "remove":
        accounts.remove(name)
    else:
        accounts.put(name, _password(), arguments.shown or name, Role(arguments.role))
    return 0


def _list(accounts: Accounts) -> None:
    for name, account in sorted(accounts.all().items()):
        sys.stdout.write(f"{name:24}{account.role.value:10}{account.shown}\n")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise StationError(StationReason.PASSWORD, "these were two different passwords")
    return password
