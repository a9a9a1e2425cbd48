"""`anodyne export fhir`: a box's history as bundles for a hospital's records, as files or sent to a server."""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.reading import note_read
from edge.errors import ConfigError, ExportError, SessionError, StoreError
from edge.publish.fhir.resources import Json, Release

if TYPE_CHECKING:
    from edge.publish.fhir.feed import Feed
    from edge.publish.fhir.ledger import Ledger

logger = logging.getLogger(__name__)

PER_S = {"minute": 60, "hour": 3600}
"""Spans, seconds."""

_PATIENT = re.compile(r"Patient/[A-Za-z0-9.-]{1,64}")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "export",
        help="a box's history as FHIR, as files or to a server",
        description="Write what sessions, or the box that is running, say as FHIR transaction bundles: the score of "
        "each minute or hour with its interval, reports of pain, and alarm episodes. Exit code: 0 done, 1 there was "
        "nothing to write.",
    )
    formats = parser.add_subparsers(required=True, metavar="FORMAT")
    fhir = formats.add_parser("fhir", help="HL7 FHIR, release 4 or 5")
    fhir.add_argument(
        "sessions",
        type=Path,
        nargs="*",
        help="session files or folders of them; default: the recorder's folder in --config",
    )
    fhir.add_argument(
        "--live",
        action="store_true",
        help="read the box's own state file instead, also while it runs: reports, alarms, and scores if it records",
    )
    fhir.add_argument("--every", type=_seconds, metavar="SECONDS", help="with --live --push: go on, at this interval")
    fhir.add_argument(
        "--ledger", type=Path, metavar="FILE", help="with --live --push: what was sent; default: in the state folder"
    )
    fhir.add_argument("--config", type=Path, help="the box's configuration; default: what `anodyne run` reads")
    fhir.add_argument("--per", choices=tuple(PER_S), default="minute", help="span of each score (%(default)s)")
    fhir.add_argument("--release", choices=tuple(Release), type=Release, default=Release.R4, help="(%(default)s)")
    fhir.add_argument("--patient", metavar="Patient/ID", help="who lies there; default: the bed is named instead")
    fhir.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="write the bundles here")
    fhir.add_argument("--push", metavar="URL", help="send them to this server (https)")
    fhir.add_argument("--token-file", type=Path, help="file whose first line is the server's bearer token")
    fhir.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Read, write, send.

    Returns:
        0, or 1 where the sessions hold nothing.

    Raises:
        ConfigError: there is no configuration, or it records nothing.
        ExportError: the arguments, the folder or the server cannot be used.
        SessionError: a session cannot be read.
        StoreError: the state file cannot be read.
    """
    from edge.publish.fhir.bundle import bundles
    from edge.publish.fhir.history import read, sessions
    from edge.publish.fhir.push import push

    if arguments.output is None and arguments.push is None:
        raise ExportError("say where to: -o FOLDER, --push URL, or both")
    if arguments.patient is not None and _PATIENT.fullmatch(arguments.patient) is None:
        raise ExportError(f"{arguments.patient!r} is no reference to a patient: write Patient/ID")
    if arguments.live:
        return _run_live(arguments)
    if arguments.every is not None or arguments.ledger is not None:
        raise ExportError("--every and --ledger go with --live")
    files = sessions(_places(arguments))
    for file in files:
        note_read(file, "export")
    made = [
        (history.place.name, bundle)
        for history in read(files, PER_S[arguments.per])
        for bundle in bundles(history, arguments.release, arguments.patient)
    ]
    if not made:
        sys.stderr.write("anodyne: the sessions hold no whole span, no report and no alarm\n")
        return 1
    if arguments.output is not None:
        _write_all(arguments.output, made)
    if arguments.push is not None:
        sent = push(arguments.push, [bundle for _, bundle in made], _token(arguments.token_file))
        sys.stdout.write(f"{arguments.push}: {sent} bundles taken\n")
    return 0


def _run_live(arguments: argparse.Namespace) -> int:
    from edge.publish.fhir.ledger import FILE, Ledger

    if arguments.sessions:
        raise ExportError("--live reads the box's own state file: name no sessions with it")
    if arguments.every is not None and arguments.push is None:
        raise ExportError("--every goes with --push")
    feed = _feed(arguments)
    if feed.folder is not None:
        note_read(feed.folder, "export --live")
    if arguments.output is not None:
        _write_all(arguments.output, [(feed.place.name, bundle) for bundle in feed.bundles()])
    if arguments.push is None:
        return 0
    token = _token(arguments.token_file)
    with Ledger(arguments.ledger or feed.state_file.parent / FILE, arguments.push) as ledger:
        if arguments.every is None:
            sent = feed.push(arguments.push, ledger, token)
            sys.stdout.write(
                f"{arguments.push}: {sent} bundles taken\n" if sent else f"{arguments.push}: nothing new\n"
            )
            return 0
        while True:
            _push_or_wait(feed, arguments.push, ledger, token)
            time.sleep(arguments.every)


def _push_or_wait(feed: Feed, server: str, ledger: Ledger, token: str | None) -> None:
    """One round; what goes wrong is logged, because the next one makes up for it."""
    try:
        if sent := feed.push(server, ledger, token):
            logger.info("%s: %d bundles taken", server, sent)
    except (ExportError, SessionError, StoreError) as error:
        logger.warning("%s; the next round goes on from there", error)


def _feed(arguments: argparse.Namespace) -> Feed:
    from edge.cli.run import DEFAULT_CONFIG
    from edge.config import load
    from edge.daemon import STORE_FILE
    from edge.publish.fhir.feed import Feed
    from edge.publish.fhir.history import Place
    from edge.software import software

    config = load(arguments.config or DEFAULT_CONFIG)
    return Feed(
        state_file=config.box.state_dir / STORE_FILE,
        place=Place(config.box.site, config.box.bed, config.box.validity, software()),
        folder=config.recorder.folder,
        per_s=PER_S[arguments.per],
        release=arguments.release,
        patient=arguments.patient,
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 86_400:
        raise argparse.ArgumentTypeError("give 1 to 86400 seconds")
    return value


def _write_all(folder: Path, made: Iterable[tuple[str, Json]]) -> None:
    number = 0
    for number, (place, bundle) in enumerate(made, 1):
        _write(folder / f"{place.replace('/', '-')}-{number:04d}.json", json.dumps(bundle, indent=1))
    sys.stdout.write(f"{folder}: {number} bundles\n")


def _places(arguments: argparse.Namespace) -> list[Path]:
    from edge.cli.run import DEFAULT_CONFIG
    from edge.config import load

    if arguments.sessions:
        return list(arguments.sessions)
    path = arguments.config or DEFAULT_CONFIG
    folder = load(path).recorder.folder
    if folder is None:
        raise ConfigError(f"{path}: [recorder] has no folder, so nothing is kept: name the session files")
    return [folder]


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}") from error


def _token(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, ValueError) as error:
        raise ExportError(f"{path}: the token cannot be read: {error}") from error
