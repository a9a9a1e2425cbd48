"""`anodyne audit`: read the box's audit log, and check that nobody has changed it."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from edge.audit.chain import Anchor, Entry
from edge.audit.log import FILE, read
from edge.audit.verify import verify
from edge.cli.run import DEFAULT_CONFIG
from edge.config import load
from edge.errors import AuditError, AuditReason
from edge.recorder.shelf import LAST_MS


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "audit",
        help="the audit log",
        description="Read the audit log of a box, or check its chain: what was changed, removed or reordered is found. "
        "That its end was cut off, or that all of it was computed anew, is found only with --anchor: the box publishes "
        "its newest entry every day on the topic audit/<day>.",
    )
    parser.add_argument("what", choices=("verify", "show"))
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help="the box's TOML file (%(default)s)")
    parser.add_argument("--file", type=Path, help="the log itself, instead of the one of --config")
    parser.add_argument(
        "--anchor", action="append", default=[], metavar="N:HASH", help="an entry as it was published; may be repeated"
    )
    parser.add_argument(
        "--anchors", type=Path, help="a file of published messages (one JSON object a line) to check against"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Show or check.

    Returns:
        0: the log is sound; 1: it is not.

    Raises:
        AuditError: it cannot be read, or an anchor is none.
        ConfigError: the configuration cannot be used.
    """
    path: Path = arguments.file or load(arguments.config).box.state_dir / FILE
    try:
        return _show(path, arguments.json) if arguments.what == "show" else _verify(path, arguments)
    except OSError as error:
        raise AuditError(
            AuditReason.UNREADABLE,
            f"{path} cannot be read ({error.strerror}): ask as root or as the daemon's user, or name it with --file",
        ) from error


def _show(path: Path, as_json: bool) -> int:
    whole = True
    for one in read(path):
        if not isinstance(one, Entry):
            whole = False
            sys.stdout.write(f"(no entry: {len(one)} bytes)\n")
        elif as_json:
            sys.stdout.write(one.line().decode())
        else:
            at = datetime.fromtimestamp(min(max(one.wall_ms, 0), LAST_MS) / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
            unsure = "" if one.synced else "?"
            said = " ".join(f"{key}={value}" for key, value in one.detail.items() if value not in (None, ""))
            sys.stdout.write(_printable(f"{one.n:6} {at}Z{unsure} {one.kind:18} {one.by}: {said}") + "\n")
    return 0 if whole else 1


def _printable(line: str) -> str:
    """One line whatever a station called itself: a line feed in a name would show an entry that is none."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in line)


def _verify(path: Path, arguments: argparse.Namespace) -> int:
    verdict = verify(path, (*map(_anchor, arguments.anchor), *_anchors(arguments.anchors)))
    if arguments.json:
        head = None if verdict.head is None else {"n": verdict.head.n, "hash": verdict.head.hash}
        retired = [{"first": one.first, "last": one.last, "by_entry": one.by_entry} for one in verdict.retired]
        said = {"sound": verdict.sound, "entries": verdict.entries, "head": head, "files": verdict.segments}
        more = {"retired": retired, "fault": verdict.fault, "anchored": verdict.anchored}
        sys.stdout.write(json.dumps(said | more) + "\n")
    elif not verdict.sound:
        sys.stdout.write(f"BROKEN after {verdict.entries} right entries: {verdict.fault}\n")
    else:
        end = "" if verdict.head is None else f"; the last is {verdict.head.n}:{verdict.head.hash}"
        within = f" in {verdict.segments} files" if verdict.segments > 1 else ""
        sys.stdout.write(f"sound: {verdict.entries} entries{within}{end}\n")
        if verdict.retired:
            gone, by = verdict.retired[-1].last, verdict.retired[-1].by_entry
            sys.stdout.write(f"retired by age or size: entries 1 to {gone}, as entry {by} says\n")
        sys.stdout.write(
            f"confirmed from outside up to entry {verdict.anchored}\n"
            if verdict.anchored
            else "not held against anything from outside: a cut end, or a chain computed anew, would not be seen\n"
        )
    return 0 if verdict.sound else 1


def _anchor(text: str) -> Anchor:
    number, _, digest = text.partition(":")
    if not number.isdecimal() or int(number) < 1 or len(digest) != 64:
        raise AuditError(AuditReason.ANCHOR, f'"{text}" is no anchor: give it as NUMBER:HASH, as it was published')
    return Anchor(int(number), digest)


def _anchors(path: Path | None) -> list[Anchor]:
    """The anchors of a file of messages that were published on `audit/<day>`."""
    if path is None:
        return []
    found: list[Anchor] = []
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise AuditError(AuditReason.UNREADABLE, f"{path} cannot be read: {error.strerror}") from error
    for line in lines:
        try:
            message = json.loads(line)
            found.append(_anchor(f"{message['entries']}:{message['hash']}"))
        except (ValueError, KeyError, TypeError) as error:
            raise AuditError(AuditReason.ANCHOR, f"{path} holds a line that is no message of audit/<day>") from error
    return found
