"""Who may sign in at the station: a JSON file of names and Argon2id hashes, readable by its owner alone."""

from __future__ import annotations

import hashlib
import os
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from edge.errors import StationError, StationReason

MIN_PASSWORD = 10
"""Shortest password, characters (NIST SP 800-63B asks for 8 and length over rules)."""

MIN_PIN = 6
"""Shortest PIN, digits; `edge.station.throttle` makes a million of them long enough."""

HOME = "home"
"""The one account of a home page: whoever knows its PIN."""

_HASHER = PasswordHasher()
"""Argon2id with the library's defaults (RFC 9106, second recommended option: 64 MiB, 3 passes)."""

_NOBODY = _HASHER.hash("nobody has this password")
"""Verified for names that do not exist, so that the time of an answer does not tell which names do."""


class Role(StrEnum):
    """What somebody may do."""

    NURSE = "nurse"
    """See, acknowledge, pause, write notes."""
    DISPLAY = "display"
    """See: a screen on a wall that anybody may touch."""


class Account(BaseModel):
    """One account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hash: str
    """Argon2id hash of the password."""
    role: Role = Role.NURSE
    """What it may do."""
    shown: Annotated[str, Field(min_length=1, max_length=64)]
    """The name that boxes and other nurses see."""

    @property
    def stamp(self) -> str:
        """Changes with the password and the role: what was signed in with another one is signed out."""
        return hashlib.sha256(f"{self.hash} {self.role}".encode()).hexdigest()[:16]


_Accounts = TypeAdapter(dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9._@-]{1,64}$")], Account])


class Accounts:
    """The accounts of one file; read anew whenever the file has changed.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        """Nothing is read yet."""
        self.path = path
        self._read: tuple[int, int] | None = None
        self._all: dict[str, Account] = {}

    def all(self) -> dict[str, Account]:
        """Every account by its name.

        Raises:
            StationError: the file cannot be read, is no such file, or is open to others.
        """
        try:
            status = self.path.stat()
        except FileNotFoundError:
            self._read = None
            self._all = {}
            return {}
        if status.st_mode & 0o077 and not _is_credential(self.path):
            raise StationError(
                StationReason.PERMISSIONS, f"{self.path} may be read by others: chmod 600 it, it holds password hashes"
            )
        mark = (status.st_mtime_ns, status.st_ino)
        if mark != self._read:
            try:
                self._all = _Accounts.validate_json(self.path.read_bytes())
            except (OSError, ValidationError) as error:
                raise StationError(
                    StationReason.ACCOUNTS, f"{self.path} cannot be used as a file of accounts: {error}"
                ) from error
            self._read = mark
        return self._all

    def find(self, name: str) -> Account | None:
        """The account of this name."""
        return self.all().get(name)

    def check(self, name: str, password: str) -> Account | None:
        """The account, where the password is right. Takes a tenth of a second and 64 MiB: call it in a thread."""
        account = self.find(name)
        try:
            _HASHER.verify(account.hash if account is not None else _NOBODY, password)
        except (Argon2Error, InvalidHashError):
            return None
        return account

    def put(self, name: str, password: str, shown: str, role: Role) -> None:
        """Add an account or replace it.

        Raises:
            StationError: name or password will not do, or the file cannot be written.
        """
        weak = weakness(password)
        if weak:
            raise StationError(StationReason.PASSWORD, weak)
        account = Account(hash=_HASHER.hash(password), role=role, shown=shown)
        try:
            self._write(_Accounts.validate_python({**self.all(), name: account}))
        except ValidationError as error:
            raise StationError(
                StationReason.ACCOUNTS, f'"{name}" is no account name: letters, digits and . _ @ - are'
            ) from error

    def remove(self, name: str) -> None:
        """Delete an account; its sign-ins end with it.

        Raises:
            StationError: there is none, or the file cannot be written.
        """
        accounts = dict(self.all())
        if accounts.pop(name, None) is None:
            raise StationError(StationReason.ACCOUNTS, f'there is no account "{name}" in {self.path}')
        self._write(accounts)

    def _write(self, accounts: dict[str, Account]) -> None:
        """Replace the file whole, mode 0600."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".accounts-")  # mode 0600
            with os.fdopen(handle, "wb") as file:
                file.write(_Accounts.dump_json(accounts, indent=2) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self.path)
        except OSError as error:
            raise StationError(StationReason.ACCOUNTS, f"{self.path} cannot be written: {error.strerror}") from error


def _is_credential(path: Path) -> bool:
    """Whether the service manager has put it there for this service alone (systemd.exec(5), `LoadCredential=`)."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return folder is not None and path.parent == Path(folder)


def weakness(password: str) -> str:
    """Why a password will not do; "" where it will."""
    if len(password) > 256:
        return "a password has at most 256 characters"
    if len(set(password)) < 3:
        return "a password of one or two characters repeated is none"
    if len(password) >= MIN_PASSWORD or (password.isdigit() and len(password) >= MIN_PIN):
        return ""
    return f"a password has at least {MIN_PASSWORD} characters, a PIN at least {MIN_PIN} digits"
