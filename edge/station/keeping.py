"""Opens the hospital's record beside a file of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.config import Station
from edge.errors import StationError, StationReason
from edge.station.book import Book

if TYPE_CHECKING:
    from edge.station.hospital import Hospital


def open_hospital(section: Station, book: Book, *, whole_minutes: bool = False) -> Hospital:
    """The record that `station.history` names; nothing is sent before its `start`.

    Args:
        section: `[station]` of the configuration.
        book: the file beside it.
        whole_minutes: see `Hospital`.

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
    password = history_password(section)
    url, trends = section.history or "", section.history_trends
    return Hospital(book, url, password, whole_minutes=whole_minutes, trends=trends)


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
