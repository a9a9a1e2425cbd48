"""What slows the processor, read from simulated files and a simulated firmware program."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.health.throttle import Places, throttling
from edge.types import Throttle


def machine(root: Path, flags: str | None = None, allowed_khz: str | None = None) -> Places:
    """A made-up /sys: the firmware's number, and how fast the second of two cores may run of 1.8 GHz."""
    if flags is not None:
        path = root / "devices/platform/soc/soc:firmware/get_throttled"
        path.parent.mkdir(parents=True)
        path.write_text(flags + "\n")
    for core, khz in (("cpu0", "1800000"), ("cpu1", allowed_khz)):
        if allowed_khz is None:
            continue
        policy = root / "devices/system/cpu" / core / "cpufreq"
        policy.mkdir(parents=True)
        (policy / "cpuinfo_max_freq").write_text("1800000\n")
        (policy / "scaling_max_freq").write_text(f"{khz}\n")
    return Places.below(root)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("0", set()),
        ("1", {Throttle.UNDER_VOLTAGE}),
        ("6", {Throttle.CAPPED, Throttle.THROTTLED}),
        ("8", {Throttle.CAPPED}),
        ("70000", set()),
        ("50005", {Throttle.UNDER_VOLTAGE, Throttle.THROTTLED}),
    ],
)
def test_the_firmwares_bits_of_now_count_and_those_of_the_past_do_not(
    tmp_path: Path, flags: str, expected: set[Throttle]
) -> None:
    assert throttling(machine(tmp_path, flags)) == expected


@pytest.mark.parametrize(("khz", "expected"), [("1800000", set()), ("1000000", {Throttle.CAPPED}), ("none", set())])
def test_a_core_that_may_not_run_as_fast_as_it_could_is_capped(
    tmp_path: Path, khz: str, expected: set[Throttle]
) -> None:
    assert throttling(machine(tmp_path, None, khz)) == expected


def test_a_machine_that_says_nothing_is_not_throttled(tmp_path: Path) -> None:
    assert throttling(Places.below(tmp_path / "none")) == set()


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('test "$1" = get_throttled && echo throttled=0x4', {Throttle.THROTTLED}),
        ("echo 'VCHI initialization failed'", set()),
        ("exit 255", set()),
    ],
)
def test_where_the_kernel_has_no_file_the_firmwares_program_is_asked(
    tmp_path: Path, script: str, expected: set[Throttle]
) -> None:
    program = tmp_path / "vcgencmd"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    assert throttling(Places(tmp_path / "none", tmp_path / "none", str(program))) == expected
