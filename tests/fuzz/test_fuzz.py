"""Whatever comes from outside is read or refused with the declared error; the short form of `make fuzz`."""

from __future__ import annotations

import contextlib
import logging

import pytest
from hypothesis import HealthCheck, given, settings

from edge.errors import DecodeError
from tests.fuzz.inputs import held, inputs
from tests.fuzz.targets import TARGETS

EXAMPLES = 60
"""For each target in the suite; a few seconds in all."""


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """What is damaged on purpose is no news."""
    caplog.set_level(logging.CRITICAL, "edge")


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_makes_it_raise_anything_but_what_it_has_declared(name: str) -> None:
    target = TARGETS[name]
    quick = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    quick(given(inputs(target))(held(target)))()


def read(found: object) -> bool:
    """Whether anything was read: streams hand out what is damaged as values."""
    if isinstance(found, (list, tuple)):
        return any(read(item) for item in found)
    return not isinstance(found, DecodeError)


@pytest.mark.parametrize("name", [name for name in TARGETS if name != "public key"])
def test_each_target_takes_one_of_its_seeds(name: str) -> None:
    """Without one, the fuzzing would knock at a door that never opens; the public key has signed nothing."""
    target = TARGETS[name]
    taken = 0
    for seed in target.seeds:
        with contextlib.suppress(*target.errors):
            taken += read(target.read(seed))
    assert taken
