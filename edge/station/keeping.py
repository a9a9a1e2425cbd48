"""Opens the hospital's record beside a file of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.config import Station
from edge.errors import StationError, StationReason
from edge.station.book import Book

if TYPE_CHECKING:
    from edge.station.hospital import Hospital


def open_hospital(section: Station, book: Book) -> Hospital:
    """The record that `station.history` names; nothing is sent before its `start`.

    Raises:
        StationError: its package is not installed, or the password cannot be had.
    """
    try:
        from edge.station.hospital import Hospital
    except ImportError as error:
        raise StationError(
            StationReason.NOT_INSTALLED,
            "station.history needs the package psycopg: pip install 'anodyne[station,hospital]'",
        ) from error
    return Hospital(book, section.history or "", history_password(section))


def history_password(section: Station) -> str | None:
    """The database's password.

    Raises:
        StationError: it cannot be had.
    """
    try:
        return section.history_password()
    except (OSError, ValueError) as error:
        raise StationError(
            StationReason.PASSWORD, f"the password for station.history cannot be read: {error}"
        ) from error
