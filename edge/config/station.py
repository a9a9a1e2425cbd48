"""The table of the nursing station's page."""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, field_validator

from edge.section import FilePath, Info, Section, paired

_PLACE = re.compile(r"^[A-Za-z0-9_.-]{1,32}/[A-Za-z0-9_.-]{1,32}$")

_ORIGIN = r"^https?://[A-Za-z0-9.:\[\]-]+$"


def listed(text: str | None) -> tuple[str, ...]:
    """The parts of a text that are separated by commas; none of None."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


class Station(Section):
    """The nursing station's page (`anodyne station`); a bedside box needs none of it."""

    host: str = Field(default="127.0.0.1", min_length=1, max_length=253)
    """Address to listen on; "0.0.0.0" for every network of this machine."""
    port: int = Field(default=8470, ge=1, le=65535)
    """TCP port of the page."""
    state_dir: FilePath = Path("/var/lib/anodyne-station")
    """Folder for the alarm log, trends, notes and sign-ins (station.db)."""
    accounts_file: FilePath = Path("/etc/anodyne/station-accounts.json")
    """Who may sign in (mode 0600); written by `anodyne accounts`."""
    history: str | None = Field(
        default=None, examples=["postgresql://anodyne@db.hospital.example/anodyne?sslmode=verify-full"]
    )
    """A hospital's PostgreSQL database, without password: all stations keep a record there too (docs/hospital.md)."""
    history_trends: bool = True
    """Write trends there too; false where `anodyne ingest` does. Alarms, commands and notes are written anyway."""
    history_password_file: FilePath | None = Field(default=None, examples=["/etc/anodyne/history-password"])
    """File whose first line is the database's password (mode 0600), never the password itself."""
    history_password_credential: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9_.@-]{1,64}$", examples=["history-password"]
    )
    """Name of a systemd credential (`LoadCredential=`) with that password; it goes before the file."""
    beds: str | None = Field(default=None, examples=["ward3/bed1, ward3/bed2"])
    """Beds that must be there, as SITE/BED, separated by commas: one that was never heard of is shown as unknown."""
    second: bool = False
    """This is the second station: it shows everything, and sounds only for alarms that nobody acknowledged in time."""
    certificate_file: FilePath | None = Field(default=None, examples=["/etc/anodyne/station.pem"])
    """Certificate chain for https."""
    key_file: FilePath | None = Field(default=None, validate_default=True, examples=["/etc/anodyne/station.key"])
    """Key of the certificate; goes with `certificate_file`."""
    insecure_http: bool = False
    """Answer other machines without encryption. Passwords and health data can then be read on that network."""
    public_origin: str | None = Field(default=None, pattern=_ORIGIN, examples=["https://station.ward.example"])
    """How browsers call the page, where a reverse proxy or another name stands before it."""
    proxy_user_header: str | None = Field(
        default=None, pattern=r"^[A-Za-z][A-Za-z0-9-]{1,63}$", examples=["X-Remote-User"]
    )
    """Header in which a reverse proxy names who has signed in there; without it the page asks for a password itself."""
    trusted_proxies: str | None = Field(default=None, validate_default=True, examples=["127.0.0.1/32, 10.1.2.3"])
    """Addresses or networks, separated by commas, whose `proxy_user_header` is believed; from others it is ignored."""
    sign_in_hours: float = Field(default=12.0, ge=0.1, le=168.0)
    """A nurse's sign-in ends after this time, hours: a shift."""
    display_days: float = Field(default=90.0, ge=1.0, le=400.0)
    """The sign-in of a wall display, which can change nothing, ends after this time, days."""
    keep_days: float = Field(default=30.0, ge=1.0, le=3650.0)
    """Alarm log, notes and trends are kept this long, days."""

    @field_validator("history")
    @classmethod
    def _database(cls, history: str | None) -> str | None:
        if history is None:
            return None
        try:
            parts = urlsplit(history)
            secret, host = parts.password, parts.hostname or ""
        except ValueError as error:
            raise ValueError("is no address of a database: write postgresql://USER@HOST/DATABASE") from error
        asked = parse_qs(parts.query)
        if secret is not None or "password" in asked:
            raise ValueError("holds a password: put it into history_password_file")
        if parts.scheme not in ("postgresql", "postgres"):
            raise ValueError("is no address of a database: write postgresql://USER@HOST/DATABASE")
        here = host in ("", "localhost", "127.0.0.1", "::1") and not any(
            not one.startswith("/") for one in asked.get("host", [])
        )
        if not here and asked.get("sslmode") != ["verify-full"]:
            raise ValueError(
                "goes over a network: add ?sslmode=verify-full, records of persons are sent encrypted only"
            )
        return history

    @field_validator("beds")
    @classmethod
    def _places(cls, beds: str | None) -> str | None:
        wrong = [one for one in listed(beds) if not _PLACE.match(one)]
        if wrong:
            raise ValueError(f'has "{wrong[0]}": write each bed as SITE/BED, separated by commas')
        return beds

    def history_password(self) -> str | None:
        """The database's password; None where none is configured.

        Raises:
            ValueError: a credential is named, and the service manager has handed none over.
            OSError: the file cannot be read.
        """
        path = self.history_password_file
        if self.history_password_credential is not None:
            folder = os.environ.get("CREDENTIALS_DIRECTORY")
            if folder is None:
                raise ValueError(f"no credential {self.history_password_credential}: add LoadCredential= to the unit")
            path = Path(folder) / self.history_password_credential
        return None if path is None else path.read_text(encoding="utf-8").partition("\n")[0]

    @field_validator("key_file")
    @classmethod
    def _pair(cls, key_file: Path | None, info: Info) -> Path | None:
        return paired("certificate_file", key_file, info)

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, trusted_proxies: str | None, info: Info) -> str | None:
        for one in listed(trusted_proxies):
            try:
                ipaddress.ip_network(one)
            except ValueError as error:
                raise ValueError(f'has "{one}", which is no address or network like "10.1.2.0/24"') from error
        if bool(listed(trusted_proxies)) != (info.data.get("proxy_user_header") is not None):
            raise ValueError("and proxy_user_header belong together: give both or neither")
        return trusted_proxies
