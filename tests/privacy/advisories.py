"""Reads what pip-audit found of the locked packages; `make audit` runs it. Not known is not the same as none.

Exit code 0: every package was looked up and none has an advisory; 1: some have; 3: some could not be looked up.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

NONE, SOME, UNKNOWN = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Advisories:
    """What is known.

    Attributes:
        looked_up: packages that the service knows.
        unknown: packages that it does not know, or could not be asked about.
        found: one sentence for each advisory.
    """

    looked_up: int
    unknown: int
    found: tuple[str, ...]

    @property
    def code(self) -> int:
        """The exit code."""
        return SOME if self.found else NONE if self.looked_up and not self.unknown else UNKNOWN

    def words(self) -> str:
        """What to print."""
        if self.found:
            return "\n".join(("ADVISORIES:", *self.found))
        if not self.looked_up:
            return (
                "UNKNOWN: the advisory service could not be asked about any package (no way to it from here?). "
                "Nothing is known of them; run this again where it can be reached, before a release"
            )
        if self.unknown:
            return f"UNKNOWN: {self.unknown} of {self.looked_up + self.unknown} packages could not be looked up"
        return f"none of {self.looked_up} packages has a published advisory"


def read(report: str) -> Advisories:
    """The report that `pip-audit --format json` wrote; an empty or damaged one says nothing."""
    try:
        rows = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Advisories(0, 0, ())
    skipped = [row for row in rows if "skip_reason" in row]
    found = [
        f"  {row['name']} {row['version']}: {one['id']}, mended in {', '.join(one['fix_versions']) or 'no version yet'}"
        for row in rows
        for one in row.get("vulns", [])
    ]
    return Advisories(len(rows) - len(skipped), len(skipped), tuple(found))


def installed() -> Iterator[str]:
    """What a box installs: the packages of pyproject.toml without extras and what they need, each as name==version."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    seen: set[str] = set()
    waiting: list[list[str]] = [project["dependencies"]]
    while waiting:
        for text in waiting.pop():
            need = Requirement(text)
            wanted = need.marker is None or need.marker.evaluate({"extra": ""})
            if not wanted or need.name.lower() in seen:
                continue
            seen.add(need.name.lower())
            waiting.append(metadata.requires(need.name) or [])
            yield f"{need.name}=={metadata.version(need.name)}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--box"]:
        sys.stdout.write("".join(f"{one}\n" for one in sorted(installed(), key=str.lower)))
        sys.exit(0)
    place = Path(sys.argv[1])
    advisories = read(place.read_text() if place.exists() else "")
    sys.stdout.write(advisories.words() + "\n")
    sys.exit(advisories.code)
