"""Fuzz every target with so many inputs in all: `python -m tests.fuzz.long INPUTS [SEED]`.

One line of JSON per target; at a crash the shortest input that was found for it, and exit code 1.
"""

from __future__ import annotations

import json
import logging
import sys
import time

from hypothesis import HealthCheck, given, seed, settings

from tests.fuzz.inputs import held, inputs
from tests.fuzz.targets import TARGETS, Target


def fuzz(target: Target, count: int, number: int) -> str:
    """Try so many inputs; what crashed, "" where nothing did."""
    thorough = settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
    )
    check = held(target)
    last = b""

    def counted(data: bytes) -> None:
        nonlocal last
        last = data
        check(data)

    try:
        seed(number)(thorough(given(inputs(target))(counted)))()
    except Exception as error:  # that it is any exception at all is what is looked for
        logging.getLogger(__name__).exception("crashed")
        return f"{type(error).__name__}: {error}; input {last.hex()}"
    return ""


def main(total: int, number: int) -> int:
    """Fuzz all targets alike."""
    logging.getLogger("edge").setLevel(logging.CRITICAL)
    count = max(1, total // len(TARGETS))
    crashed = 0
    for name, target in TARGETS.items():
        begun_s = time.monotonic()
        found = fuzz(target, count, number)
        crashed += bool(found)
        row = {"target": name, "inputs": count, "crash": found, "seconds": round(time.monotonic() - begun_s, 1)}
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()
    sys.stdout.write(json.dumps({"inputs": count * len(TARGETS), "targets": len(TARGETS), "crashed": crashed}) + "\n")
    return 1 if crashed else 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
