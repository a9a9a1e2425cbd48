"""The bundles of this box, for the commands that look at them or change them."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from edge.bundles.shelf import Shelf
from edge.cli.run import DEFAULT_CONFIG
from edge.clock import SystemClock
from edge.config import Config, load
from edge.errors import BundleError, BundleReason
from edge.fitness import check_fitness


def add_config(parser: argparse.ArgumentParser) -> None:
    """Declare the option that names the box."""
    parser.add_argument("--config", type=Path, help=f"the box's TOML file ({DEFAULT_CONFIG})")


def shelf_of(arguments: argparse.Namespace, *, change: bool) -> Shelf:
    """The shelf of the configured box.

    Args:
        arguments: with `config`.
        change: whether it is to be changed, which only the daemon's user may do.

    Raises:
        ConfigError: the configuration cannot be used.
        BundleError: STATE: the configuration names a bundle itself, or another user's files would be written.
    """
    config = config_of(arguments)
    if change and config.models.bundle is not None:
        raise BundleError(
            BundleReason.STATE,
            f"[models] bundle names {config.models.bundle}, which is used whatever is installed: take it out first",
        )
    state = config.box.state_dir
    if change and state.is_dir() and state.stat().st_uid != os.geteuid():
        raise BundleError(
            BundleReason.STATE, f"{state} belongs to another user: run this as the daemon's, sudo -u anodyne …"
        )
    return Shelf.of(state, config.models.keys, check_fitness, SystemClock())


def config_of(arguments: argparse.Namespace) -> Config:
    """The configuration that is named, the one of the service, or the defaults where there is none.

    Raises:
        ConfigError: it cannot be used.
    """
    named: Path | None = arguments.config
    if named is None and not DEFAULT_CONFIG.exists():
        return Config()
    return load(named or DEFAULT_CONFIG)


def hours(text: str) -> float:
    """A time that a box is to run, from the command line.

    Raises:
        ValueError, argparse.ArgumentTypeError: it is none.
    """
    found = float(text)
    if not 0.0 < found <= 24.0 * 366:
        raise argparse.ArgumentTypeError("more than 0 hours and at most a year")
    return found


def moment(wall_ms: int) -> str:
    """A wall time for people."""
    return datetime.fromtimestamp(wall_ms / 1000.0, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
