"""Whether two results are the same, bit for bit; and if not, where they first differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import zip_longest

from edge.types import Alert, Assessment, Estimate

Result = Assessment | Alert | Estimate


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place at which a replay departs from its recording.

    Attributes:
        at_s: seconds from the start of the session.
        what: "assessment", "alert" or "estimate", and of what.
        field: which of its fields.
        recorded, replayed: the two values.
    """

    at_s: float
    what: str
    field: str
    recorded: str
    replayed: str

    def __str__(self) -> str:
        """One line."""
        where = f"{self.at_s:.1f} s: {self.what}"
        return f"{where}, {self.field}: recorded {self.recorded}, replayed {self.replayed}"


def differences(recorded: object, replayed: object, path: str = "") -> Iterator[tuple[str, str, str]]:
    """The fields in which two values differ, with both; floats count as equal only in every bit (NaN equals NaN).

    Yields:
        (path of the field, recorded, replayed).
    """
    if is_dataclass(recorded) and type(recorded) is type(replayed):
        for one in fields(recorded):
            yield from differences(getattr(recorded, one.name), getattr(replayed, one.name), _join(path, one.name))
    elif isinstance(recorded, Mapping) and isinstance(replayed, Mapping):
        for key in sorted({*recorded, *replayed}):
            yield from differences(recorded.get(key), replayed.get(key), _join(path, str(key)))
    elif isinstance(recorded, tuple) and isinstance(replayed, tuple):
        for index, (left, right) in enumerate(zip_longest(recorded, replayed)):
            yield from differences(left, right, f"{path}[{index}]")
    elif not _same(recorded, replayed):
        yield path, _shown(recorded), _shown(replayed)


def _same(left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return (math.isnan(left) and math.isnan(right)) or left.hex() == right.hex()
    return left == right


def _shown(value: object) -> str:
    return repr(float(value)) if isinstance(value, float) else "nothing" if value is None else str(value)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def name_of(result: Result | None) -> str:
    """What a result is, in two words."""
    match result:
        case Alert():
            return f"alert {result.condition} {result.presence}"
        case Estimate():
            return f"estimate {result.modality}"
        case Assessment():
            return "assessment"
        case None:
            return "nothing"
