"""Checks of the box as it runs, or as it was installed: the daemon, its sensors, rights and versions."""

from __future__ import annotations

import grp
import platform
import pwd
import stat
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from edge.camera_state import FILE as CAMERA_FILE
from edge.camera_state import Word, read
from edge.clock import SystemClock
from edge.config import Box, Config
from edge.health.findings import Finding, error, ok, warning
from edge.health.starts import last_failure
from edge.sensors.report import SYSTEM_RUN_FOLDER, BoxReport, SensorReport, read_report, run_folder
from edge.software import software
from edge.store import STORE_FILE, is_held
from edge.types import NS_PER_S, SensorState

FRESH_S = 5.0
"""A report older than this is no longer the daemon's word, seconds: five were due since."""

LOG = "look into its log: journalctl -u anodyne -b"

PACKAGES = ("ai-edge-litert", "numpy", "opencv-python-headless", "paho-mqtt", "bleak", "pydantic")
"""What versions are told of: a report of a fault needs them."""

USER = "anodyne"
"""The daemon's user in the unit."""

GROUPS = ("video", "dialout", "bluetooth", "audio")
"""Groups that the unit's user needs."""


def versions() -> Finding:
    """Software, system and packages, for a report of a fault."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} missing")
    return ok("versions", f"anodyne {software()}; {_system()}, Linux {platform.release()}; {', '.join(found)}")


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown system")
    except OSError:
        return "unknown system"


def daemon(config: Config) -> Finding:
    """Whether the daemon runs, and whether its last starts went well."""
    folder = config.box.state_dir
    # In safe mode the state may be in memory: then the file is held by nobody, and the report alone tells.
    running = is_held(folder / STORE_FILE) or fresh_report(folder) is not None
    places = [folder, run_folder(folder)]
    if folder == Box().state_dir:
        places.append(SYSTEM_RUN_FOLDER)
    failure = last_failure(places, SystemClock(), running=running)
    if failure is not None:
        how = "in safe mode or starting again" if running else "not running"
        return error("daemon", f"{how}: {failure.words}", LOG)
    return ok("daemon", "runs" if running else "does not run on this state folder")


def sensors(config: Config) -> Iterator[Finding]:
    """What the running daemon says of its sensors; nothing where it does not run. No sensor is opened."""
    report = fresh_report(config.box.state_dir)
    if report is not None:
        yield from (_sensor(one) for one in report.sensors)


def fresh_report(state_dir: Path) -> BoxReport | None:
    """The daemon's newest report; None where there is none of now."""
    clock = SystemClock()
    report = read_report(state_dir)
    if report is None or report.boot_id != clock.boot_id:
        return None
    return report if clock.now_ns() - report.at_ns <= FRESH_S * NS_PER_S else None


def _sensor(one: SensorReport) -> Finding:
    name = f"sensor {one.sensor}"
    if one.state is not SensorState.STREAMING:
        why = one.detail or "no reason given"
        return warning(
            name, f"{one.state} for {one.since_s:.0f} s: {why}", "`anodyne sensors` shows it live; docs/sensors.md"
        )
    if one.warnings:
        return warning(name, "; ".join(one.warnings.values()) or ", ".join(one.warnings), "docs/sensors.md")
    quality = ", ".join(f"{modality} {value:.0%}" for modality, value in one.quality.items())
    return ok(name, f"streams{f', quality {quality}' if quality else ''}, {one.outages} outages since the start")


def camera_state(folder: Path) -> Iterator[Finding]:
    """Whether it is known what somebody decided on the cameras; nothing where none was ever switched.

    Args:
        folder: the state folder.
    """
    match read(folder / CAMERA_FILE):
        case Word.LOST:
            yield error(
                "camera state",
                "whether the cameras may look was lost with the state file, so they stay off",
                "ask a nurse; then switch them on or off: the station's page, or anodyne alarm SITE/BED camera-on",
            )
        case Word.OFF:
            yield ok("camera state", "switched off by a person")
        case Word.ON:
            yield ok("camera state", "may look")
        case None:
            return


def permissions(config: Config, path: Path | None) -> Iterator[Finding]:
    """Whether the daemon's user may do what it needs, and others may not read what they should not.

    Args:
        config: names the state folder.
        path: the configuration file; None where there is none.
    """
    yield from _user()
    folder = config.box.state_dir
    if folder.is_dir():
        mode = stat.S_IMODE(folder.stat().st_mode)
        if mode & 0o007:
            yield warning("rights state", f"{folder} is open to every user (mode {mode:04o})", f"chmod 700 {folder}")
        else:
            yield ok("rights state", f"{folder}, mode {mode:04o}")
    if path is not None:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o022:
            yield error(
                "rights config",
                f"{path} can be changed by others (mode {mode:04o}): it names programs that the box runs",
                f"chmod 640 {path}",
            )
        else:
            yield ok("rights config", f"{path}, mode {mode:04o}")


def _user() -> Iterator[Finding]:
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        return  # not installed as a service
    missing = []
    for name in GROUPS:
        try:
            group = grp.getgrnam(name)
        except KeyError:
            continue
        if USER not in group.gr_mem and group.gr_gid != user.pw_gid:
            missing.append(name)
    if missing:
        yield warning(
            "rights user",
            f"{USER} is not in the groups {', '.join(missing)}: it may not open its devices",
            f"usermod -aG {','.join(missing)} {USER}, then restart the service",
        )
    else:
        yield ok("rights user", f"{USER} is in the groups of its devices")
