"""Can the broker be reached, and does it let this box in? Asked with the daemon's own connection code."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

from edge.config import Mqtt
from edge.errors import PublishError, PublishReason
from edge.health.findings import Finding, error, ok, warning
from edge.publish.link import VERSION_NAMES, Handlers, Incoming, Link, Version

_OTHER_VERSION = (PublishReason.PROTOCOL, PublishReason.SILENT)
"""Reasons after which the daemon, too, asks again in MQTT 3.1.1."""


def broker(config: Mqtt) -> Finding:
    """Open a session of its own as the daemon would, MQTT 5 first, and close it."""
    try:
        version = asyncio.run(_spoken(config))
    except PublishError as failure:
        return error("broker", failure.message)
    text = f"{config.host}:{config.port} accepts a session over {VERSION_NAMES[version]}"
    if version is Version.V311:
        return warning("broker", f"{text} only: alerts will not expire on the broker")
    return ok("broker", text + (", encrypted" if config.tls else ", not encrypted"))


async def _spoken(config: Mqtt) -> Version:
    try:
        await _open(config, Version.V5)
    except PublishError as failure:
        if failure.reason not in _OTHER_VERSION:
            raise
        await _open(config, Version.V311)
        return Version.V311
    return Version.V5


async def _open(config: Mqtt, version: Version) -> None:
    # A name of its own: with the daemon's the broker would throw the running daemon out.
    name = f"anodyne-doctor-{secrets.token_hex(4)}"
    link = Link(config, name, version, Handlers(_no_acknowledgement, _no_message), lasting=False)
    try:
        await asyncio.to_thread(link.open)
    finally:
        await asyncio.to_thread(link.close)


def _no_acknowledgement(_mid: int, _refusal: str | None) -> None:
    """Nothing is published here."""


def _no_message(_incoming: Incoming) -> None:
    """Nothing is subscribed to here."""


def password_file(path: Path) -> Finding:
    """Whether the password is kept from other users."""
    try:
        mode = path.stat().st_mode & 0o777
    except OSError as failure:
        return error("password", f"{path} cannot be read: {failure.strerror}")
    if mode & 0o077:
        return warning("password", f"{path} can be read by others (mode {mode:04o}): chmod 600 {path}")
    return ok("password", f"{path}, mode {mode:04o}")
