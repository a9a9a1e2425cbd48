"""`anodyne run`: the daemon of a bedside box."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.launch import launch

DEFAULT_CONFIG = Path("/etc/anodyne/anodyne.toml")
"""Where the systemd unit keeps the configuration."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser("run", help="run the box", description="Run the box until it is told to stop.")
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help="the box's TOML file (%(default)s)")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; after repeated failure in safe mode (`edge.health.starts`)."""
    return launch(arguments.config)
