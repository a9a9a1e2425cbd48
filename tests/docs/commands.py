"""The commands that the pages show, and what of each can be tried here.

A command is a line of a block (fenced as `sh`, `console` or not at all; or indented by four) that begins with a program
of `PROGRAMS`, or such words between backquotes in a sentence. What stands in brackets is tried with and without it.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.architecture import ROOT

PROGRAMS = (
    "anodyne", "apt", "bluetoothctl", "dpkg", "echo", "export", "fuser", "install", "journalctl", "make", "nano", "pip",
    "python", "python3", "rfcomm", "systemctl", "systemd-analyze", "systemd-sysusers", "udevadm", "usermod",
    "systemd/install.sh", "tee", "mosquitto_passwd", "gpg", "sha256sum", "adduser", "useradd", "mkdir", "cp",
    "curl", "tar",
)  # fmt: skip
"""First words of what is a command and not something else in a block."""

SHELLS = ("sh", "bash", "console", "shell", "")
"""What a fence may call a block of commands."""

_BEFORE = re.compile(r"^(?:\$ |sudo (?:-u \S+ )?|(?:/opt/anodyne|\.venv[\w-]*)/bin/)+")
"""What may stand before the program without changing what it does."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a page.

    Attributes:
        page: its name, from the top of the repository.
        text: the command, without what only says as whom and from where.
        shown: whether it stands in a block, to be typed; else it is spoken of in a sentence.
    """

    page: str
    text: str
    shown: bool

    @property
    def words(self) -> list[str]:
        """Program and arguments."""
        return shlex.split(self.text)


def pages() -> list[Path]:
    """Every page for people."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(page: Path) -> list[Command]:
    """Every command of a page, once, in the order of the page."""
    name = str(page.relative_to(ROOT))
    blocks, prose = _parts(page.read_text(encoding="utf-8"))
    shown = [Command(name, one, True) for line in blocks for one in _split(line)]
    spoken = [
        Command(name, one, False)
        for quoted in re.findall(r"`([^`\n]+)`", prose)
        if " " in quoted and "=" not in quoted.split()[0]
        for one in _split(quoted)
    ]
    return list(dict.fromkeys([*shown, *spoken]))


def _parts(text: str) -> tuple[list[str], str]:
    """Lines of blocks that may be commands, continued ones joined; and everything else."""
    lines: list[str] = []
    prose: list[str] = []
    fence: str | None = None
    for line in text.replace("\\\n", " ").splitlines():
        mark = re.match(r"\s*```(\w*)", line)
        if mark:
            fence = mark[1] if fence is None else None
        elif fence is not None:
            lines += [line] if fence in SHELLS else []
        elif line.startswith("    "):
            lines.append(line)
        else:
            prose.append(line)
    return lines, "\n".join(prose)


def _split(line: str) -> Iterator[str]:
    line = re.sub(r"(^|\s)# .*$", "", line)
    for part in re.split(r" (?:\||&&|>) ", line):
        words = _BEFORE.sub("", part.strip())
        if words.split(" ")[0] in PROGRAMS and not re.match(r"\w+ ?[=:]", words):
            yield re.sub(r"\s+", " ", words)


def variants(text: str) -> list[str]:
    """A command with and without what is optional, and with each of its alternatives."""
    text = text.replace("...", "").replace("…", "")
    optional = re.search(r"\[(--?[^\[\]]*|[A-Z/]+)\]", text)
    if optional:
        without = text[: optional.start()] + text[optional.end() :]
        return [*variants(without), *variants(text.replace(optional[0], optional[1], 1))]
    ways = [word.split("|") if re.fullmatch(r"[\w.-]+(\|[\w.-]+)+", word) else [word] for word in text.split()]
    return list(dict.fromkeys(" ".join(one) for one in itertools.product(*ways)))
