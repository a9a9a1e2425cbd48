"""Writes answers as a commented configuration file."""

from __future__ import annotations

import os
import pwd
import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from edge.config import loads
from edge.config.keys import keys, summary, tables, toml
from edge.durable import sync_folder

_WIDTH = 110
"""Width of the comments, characters."""

USER = "anodyne"
"""The daemon's user, who has to read what is written."""

Answers = Mapping[str, Mapping[str, object]]
"""Values by table and key."""


def configuration(answers: Answers, stanzas: Sequence[str]) -> str:
    """The text of a file, each key with its meaning.

    Args:
        answers: by table ("box", "mqtt.tls") and key; an empty table is written too.
        stanzas: text of `[[sensor]]` tables.

    Raises:
        ConfigError: it would not pass the check.
    """
    text = "\n".join(_lines(answers, stanzas)) + "\n"
    loads(text, "the new configuration")
    return text


def _lines(answers: Answers, stanzas: Sequence[str]) -> Iterator[str]:
    yield "# Anodyne: written by `anodyne setup`. Change it with any editor, then: anodyne config check FILE"
    yield "# Every further key with its meaning: anodyne config example, docs/configuration.md"
    yield from _table("box", answers)
    yield ""
    if not stanzas:
        yield "# No sensor yet: the box says that it cannot assess. `anodyne scan` prints stanzas to put here."
    for stanza in stanzas:
        yield from ("", *stanza.strip().splitlines())
    for name in answers:
        if name != "box":
            yield from _table(name, answers)


def _table(name: str, answers: Answers) -> Iterator[str]:
    section = tables()[name]
    yield ""
    yield from _comment(summary(section))
    yield f"[{name}]"
    for key, value in answers[name].items():
        yield from _comment(keys(section)[key].doc)
        yield f"{key} = {toml(value)}"


def _comment(text: str) -> Iterator[str]:
    yield from (f"# {row}" for row in textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False))


def write(path: Path, text: str, mode: int) -> Path | None:
    """Replace a file in one step; the daemon's user may read it, others may not.

    Args:
        path: where it goes; the folder is made where it is missing.
        text: what is written.
        mode: 0o640: readable by the user's group; 0o600: by the user alone.

    Returns:
        Where the file that was there before is kept; None where there was none.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    kept: Path | None = None
    if path.exists():
        kept = path.with_name(f"{path.name}.before")
        shutil.copy2(path, kept)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        os.fchmod(file.fileno(), mode)
        _give_to_daemon(file.fileno(), alone=mode & 0o070 == 0)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)
    return kept


def _give_to_daemon(descriptor: int, *, alone: bool) -> None:
    """As root: to the daemon's user alone, or to its group to read."""
    if os.geteuid() != 0:
        return
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        return  # not installed as a service
    os.fchown(descriptor, user.pw_uid if alone else 0, user.pw_gid)
