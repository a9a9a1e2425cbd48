"""Figures as JSON."""

from __future__ import annotations

import json
import math


def as_json(value: object) -> str:
    """Dictionaries (of `dataclasses.asdict`), lists and numbers as JSON; what could not be measured is null."""
    return json.dumps(_plain(value), indent=1, allow_nan=False)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
