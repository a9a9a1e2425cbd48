"""`anodyne export fhir`: recorded sessions as bundles for a hospital's records, as files or sent to a server."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from edge.cli.reading import note_read
from edge.errors import ConfigError, ExportError
from edge.publish.fhir.resources import Release

PER_S = {"minute": 60, "hour": 3600}
"""Spans, seconds."""

_PATIENT = re.compile(r"Patient/[A-Za-z0-9.-]{1,64}")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "export",
        help="recorded sessions as FHIR, as files or to a server",
        description="Write what sessions say as FHIR transaction bundles: the score of each minute or hour with its "
        "interval, reports of pain, and alarm episodes. Exit code: 0 done, 1 there was nothing to write.",
    )
    formats = parser.add_subparsers(required=True, metavar="FORMAT")
    fhir = formats.add_parser("fhir", help="HL7 FHIR, release 4 or 5")
    fhir.add_argument(
        "sessions",
        type=Path,
        nargs="*",
        help="session files or folders of them; default: the recorder's folder in --config",
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
    """
    from edge.publish.fhir.bundle import bundles
    from edge.publish.fhir.history import read, sessions
    from edge.publish.fhir.push import push

    if arguments.output is None and arguments.push is None:
        raise ExportError("say where to: -o FOLDER, --push URL, or both")
    if arguments.patient is not None and _PATIENT.fullmatch(arguments.patient) is None:
        raise ExportError(f"{arguments.patient!r} is no reference to a patient: write Patient/ID")
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
        for number, (place, bundle) in enumerate(made, 1):
            _write(arguments.output / f"{place.replace('/', '-')}-{number:04d}.json", json.dumps(bundle, indent=1))
        sys.stdout.write(f"{arguments.output}: {len(made)} bundles\n")
    if arguments.push is not None:
        sent = push(arguments.push, [bundle for _, bundle in made], _token(arguments.token_file))
        sys.stdout.write(f"{arguments.push}: {sent} bundles taken\n")
    return 0


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
