"""Which version of this software runs."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def software() -> str:
    """The installed version; "not installed" where the sources run as they lie."""
    try:
        return version("anodyne")
    except PackageNotFoundError:
        return "not installed"
