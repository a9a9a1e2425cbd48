"""Where in a TOML text each key stands: `tomllib` gives values without positions.

A scanner for texts that `tomllib` has already accepted, so it needs no judgement of its own, only the boundaries of
keys and values (TOML 1.0: https://toml.io/en/v1.0.0).
"""

from __future__ import annotations

import bisect
import contextlib
import re
import tomllib
from collections.abc import Mapping

Path = tuple[str | int, ...]
"""Keys and array positions from the top of the file: ("sensor", 1, "device")."""

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)


def locate(text: str) -> Mapping[Path, int]:
    """Line numbers (from 1) of every table, key and array element.

    Args:
        text: TOML that `tomllib` accepts.

    Returns:
        Path to line. What the scanner cannot follow is left out; it never raises.
    """
    scanner = _Scanner(text.replace("\r\n", "\n"))
    # An unknown line is better than no message: `line_of` then names the table around it.
    with contextlib.suppress(_Lost, RecursionError):
        scanner.run()
    return scanner.lines


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """The line of `path`, or of the nearest table around it that the text contains; 1 for the file as a whole."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _Lost(Exception):  # noqa: N818 - never leaves this module
    """The text is not what the scanner expects."""


class _Scanner:
    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._table: Path = ()
        self._arrays: dict[Path, int] = {}

    def run(self) -> None:
        """Note every header and every pair."""
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._peek("[["):
                self._header(2)
            elif self._peek("["):
                self._header(1)
            else:
                self._pair(self._table)
            self._skip(_BLANK)

    def _header(self, brackets: int) -> None:
        line = self._line()
        self._at += brackets
        names = self._key()
        self._expect("]" * brackets)
        path: Path = ()
        for name in names[:-1]:
            path = self._latest((*path, name))
            self.lines.setdefault(path, line)
        path = (*path, names[-1])
        self.lines.setdefault(path, line)
        if brackets == 2:
            self._arrays[path] = self._arrays.get(path, -1) + 1
        path = self._latest(path)
        self.lines[path] = line
        self._table = path

    def _latest(self, path: Path) -> Path:
        """A header that passes through an array of tables means its latest element."""
        return (*path, self._arrays[path]) if path in self._arrays else path

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        for name in self._key():
            path = (*path, name)
            self.lines.setdefault(path, line)
        self._expect("=")
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> list[str]:
        names: list[str] = []
        while not names or self._peek("."):
            self._at += 1 if names else 0
            self._skip(_SPACE)
            names.append(self._name())
            self._skip(_SPACE)
        return names

    def _name(self) -> str:
        if self._peek('"') or self._peek("'"):
            (name,) = tomllib.loads(f"{self._take(_STRING)} = 0")
            return name
        return self._take(_BARE_KEY)

    def _value(self, path: Path) -> None:
        self.lines.setdefault(path, self._line())
        if self._peek('"') or self._peek("'"):
            self._take(_STRING)
        elif self._peek("["):
            self._array(path)
        elif self._peek("{"):
            self._inline_table(path)
        else:
            self._take(_SCALAR)

    def _array(self, path: Path) -> None:
        self._at += 1
        position = 0
        self._skip(_BLANK)
        while not self._peek("]"):
            self._value((*path, position))
            position += 1
            self._skip(_BLANK)
            if self._peek(","):
                self._at += 1
                self._skip(_BLANK)
            elif not self._peek("]"):
                raise _Lost
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        self._skip(_BLANK)  # TOML 1.1 allows line breaks here, 1.0 none
        while not self._peek("}"):
            self._pair(path)
            self._skip(_BLANK)
            if self._peek(","):
                self._at += 1
                self._skip(_BLANK)
            elif not self._peek("}"):
                raise _Lost
        self._at += 1

    def _line(self) -> int:
        return bisect.bisect_right(self._starts, self._at)

    def _peek(self, token: str) -> bool:
        return self._text.startswith(token, self._at)

    def _expect(self, token: str) -> None:
        if not self._peek(token):
            raise _Lost
        self._at += len(token)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise _Lost
        self._at = match.end()
        return match.group()
