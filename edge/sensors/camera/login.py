"""Addresses of network cameras and the passwords that go with them, which no log and no message may show."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from edge.errors import SensorError, SensorReason


@dataclass(frozen=True, slots=True)
class Login:
    """Who asks a camera for its pictures."""

    username: str
    password: str = field(repr=False)


def read_login(username: str | None, password_file: Path | None) -> Login | None:
    """The user and the first line of the password file; None where no user is configured.

    Raises:
        SensorError: UNREADABLE, the file cannot be read.
    """
    if username is None:
        return None
    if password_file is None:
        return Login(username, "")
    try:
        return Login(username, password_file.read_text().partition("\n")[0].rstrip("\r"))
    except (OSError, UnicodeDecodeError) as error:
        raise SensorError(
            SensorReason.UNREADABLE,
            f"the password file {password_file} cannot be read: write the password into its first line, and let the "
            "program's user read it",
        ) from error


def with_login(url: str, login: Login | None) -> str:
    """The address as libraries want it that take user and password only there."""
    if login is None:
        return url
    parts = urlsplit(url)
    user = f"{quote(login.username, safe='')}:{quote(login.password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc}"))


def unreachable(where: str, error: OSError) -> SensorError:
    """What to say when a camera in the network does not answer."""
    if isinstance(error, TimeoutError):
        return SensorError(
            SensorReason.TIMED_OUT, f"nothing answers at {where}: check the camera's power and network cable"
        )
    return SensorError(
        SensorReason.NOT_FOUND,
        f"there is no camera at {where} ({error.strerror or error}): check host and port of `url`, and the network",
    )


def refused(where: str, login: Login | None) -> SensorError:
    """What to say when a camera does not let us in."""
    remedy = "correct `username` and the password file" if login else "it wants `username` and `password_file`"
    return SensorError(SensorReason.UNREADABLE, f"the camera at {where} refuses the login: {remedy}")


def no_such_path(where: str, path: str) -> SensorError:
    """What to say when the camera answers but has no stream at this path."""
    return SensorError(
        SensorReason.NOT_FOUND,
        f"the camera at {where} has no stream at {path}: correct the path of `url`; the camera's manual names it",
    )
