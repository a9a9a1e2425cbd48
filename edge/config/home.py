"""The table of the home page, which the box itself serves."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from edge.section import FilePath, Info, Section, paired


class Home(Section):
    """The page of one bed on the box itself, for a family (docs/home.md); it needs no broker and no internet."""

    pin_file: FilePath | None = Field(default=None, examples=["/etc/anodyne/home-pin.json"])
    """File of the PIN (mode 0600), written by `anodyne accounts pin`. The page is served only where it is given."""
    host: str = Field(default="0.0.0.0", min_length=1, max_length=253)  # noqa: S104 - the home network is its purpose
    """Address to listen on; whatever it is, only addresses of private networks are answered."""
    port: int = Field(default=8471, ge=1, le=65535)
    """TCP port of the page."""
    certificate_file: FilePath | None = Field(default=None, examples=["/etc/anodyne/home.pem"])
    """Certificate chain for https. Without it whoever shares the home network can read the PIN as it is typed."""
    key_file: FilePath | None = Field(default=None, validate_default=True, examples=["/etc/anodyne/home.key"])
    """Key of the certificate; goes with `certificate_file`."""
    sign_in_days: float = Field(default=7.0, ge=0.1, le=90.0)
    """The PIN is asked for again after this time, days."""
    keep_days: float = Field(default=30.0, ge=1.0, le=365.0)
    """The page's own record of alarms and notes is kept this long, days."""

    @field_validator("key_file")
    @classmethod
    def _pair(cls, key_file: Path | None, info: Info) -> Path | None:
        return paired("certificate_file", key_file, info)
