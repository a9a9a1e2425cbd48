"""Questions by plain lines, so that they work over any terminal; flags answer in a person's place."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Sequence

from edge.errors import ConfigError

Check = Callable[[str], str]
"""What is wrong with an answer, and what to write instead; "" where it is right."""


def anything(_answer: str) -> str:
    """Every answer is right."""
    return ""


class Asker:
    """Asks, or takes what was given.

    Args:
        unattended: nobody is there: what no flag answers has its default.
    """

    def __init__(self, *, unattended: bool) -> None:
        """Nothing has been asked."""
        self.unattended = unattended

    def tell(self, text: str = "") -> None:
        """Say something."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def text(self, question: str, default: str, given: str | None = None, check: Check = anything) -> str:
        """One line.

        Args:
            question: without a mark at its end.
            default: what an empty line means.
            given: the answer of a flag.
            check: tells what is wrong with an answer.

        Raises:
            ConfigError: a given answer is wrong, or the terminal has ended.
        """
        if given is not None or self.unattended:
            answer = default if given is None else given
            wrong = check(answer)
            if wrong:
                raise ConfigError(f"{question}: {answer!r} {wrong}")
            return answer
        while True:
            answer = self._line(f"{question} [{default}]: " if default else f"{question}: ") or default
            wrong = check(answer)
            if not wrong:
                return answer
            self.tell(f"  {answer!r} {wrong}")

    def number(self, question: str, default: int, given: int | None, low: int, high: int) -> int:
        """A whole number in a range; see `text`."""

        def wrong(answer: str) -> str:
            fine = answer.isdecimal() and low <= int(answer) <= high
            return "" if fine else f"is no whole number from {low} to {high}"

        return int(self.text(question, str(default), None if given is None else str(given), wrong))

    def yes(self, question: str, *, default: bool, given: bool | None = None) -> bool:
        """Yes or no; see `text`."""

        def wrong(answer: str) -> str:
            return "" if answer.lower() in ("y", "yes", "n", "no") else "is neither y nor n"

        said = None if given is None else ("y" if given else "n")
        return self.text(f"{question} (y/n)", "y" if default else "n", said, wrong).lower().startswith("y")

    def choose(self, question: str, options: Sequence[tuple[str, str]], given: str | None = None) -> str:
        """One of several; the first is the default.

        Args:
            question: without a mark at its end.
            options: word of the answer, and what it means.
            given: the word that a flag gave.
        """
        words = [word for word, _ in options]

        def wrong(answer: str) -> str:
            numbered = answer.isdecimal() and 1 <= int(answer) <= len(words)
            return "" if numbered or answer in words else f"is none of 1 to {len(words)}, {', '.join(words)}"

        if given is None and not self.unattended:
            for number, (word, meaning) in enumerate(options, 1):
                self.tell(f"  {number}  {word}: {meaning}")
        answer = self.text(question, words[0], given, wrong)
        return answer if answer in words else words[int(answer) - 1]

    def pick(self, question: str, titles: Sequence[str], given: str | None = None) -> list[int]:
        """Any number of finds; by default all.

        Args:
            question: without a mark at its end.
            titles: of the finds, at least one.
            given: of a flag: "all", "none", numbers with commas between, or a part of a title.

        Returns:
            Their positions, from 0.
        """

        def positions(answer: str) -> list[int]:
            if answer == "all":
                return list(range(len(titles)))
            if answer == "none":
                return []
            parts = [part.strip() for part in answer.split(",")]
            if all(part.isdecimal() for part in parts):
                found = [int(part) - 1 for part in parts]
                return found if all(0 <= one < len(titles) for one in found) else [-1]
            return [one for one, title in enumerate(titles) if answer.lower() in title.lower()] or [-1]

        def wrong(answer: str) -> str:
            right = positions(answer) != [-1]
            return "" if right else f"is none of them: write all, none, or numbers from 1 to {len(titles)}"

        if given is None and not self.unattended:
            for number, title in enumerate(titles, 1):
                self.tell(f"  {number}  {title}")
        return positions(self.text(f"{question} (all, none, or numbers)", "all", given, wrong))

    def secret(self, question: str) -> str:
        """A line that is not shown; "" where nobody is there."""
        if self.unattended:
            return ""
        try:
            return getpass.getpass(f"{question}: ")
        except EOFError as ended:
            raise _ended() from ended

    def _line(self, prompt: str) -> str:
        sys.stdout.write(prompt)  # Python's own prompt would go to standard error
        sys.stdout.flush()
        try:
            return input().strip()
        except EOFError as ended:
            raise _ended() from ended


def _ended() -> ConfigError:
    return ConfigError("the terminal has ended before all was answered: nothing is written. Flags answer too (--help)")
