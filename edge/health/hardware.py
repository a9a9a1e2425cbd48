"""Checks of the board: heat, supply voltage, wear of its storage, clock that runs without power.

What the kernel shows below /sys is read, and where the Raspberry Pi's firmware has no file there it is asked through
`vcgencmd`. A board that does not tell is no fault: such a check says nothing.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edge.health.box import hottest_c
from edge.health.findings import Finding, error, ok, warning

log = logging.getLogger(__name__)

SYS = Path("/sys")

WARM_C = 70.0
"""From here on a warning, degrees Celsius: a Raspberry Pi slows down at 80, and rooms get warmer than on the day of the
installation."""

UNDER_VOLTAGE, UNDER_VOLTAGE_SINCE = 1 << 0, 1 << 16
THROTTLED, THROTTLED_SINCE = 1 << 2 | 1 << 1 | 1 << 3, 1 << 18 | 1 << 17 | 1 << 19
"""Bits of the firmware's flags, now and at any time since the boot (Raspberry Pi documentation, `vcgencmd
get_throttled`): under-voltage; frequency capped, throttled, soft temperature limit."""

WORN_PERCENT = 80
"""From here on the card or module should be replaced, percent of its life used; eMMC and UFS tell it in tenths."""

_VCGENCMD_S = 2.0
_SUPPLY = (
    "use the official power supply (5 V, 3 A for a Pi 4, 5 A for a Pi 5) and a short cable; unplug what draws much"
)
_COOL = "give it air, a heat sink or a fan; keep it out of the sun and off radiators"


@dataclass(frozen=True, slots=True)
class Board:
    """Where the board is looked at; others in tests.

    Attributes:
        sys: root of the kernel's files.
        vcgencmd: the program that asks the firmware; None where there is none.
    """

    sys: Path = SYS
    vcgencmd: str | None = field(default_factory=lambda: shutil.which("vcgencmd"))


def board(place: Board, hot_c: float) -> Iterator[Finding]:
    """Everything that this board tells of itself.

    Args:
        place: where to look.
        hot_c: temperature at which the box alarms, degrees Celsius.
    """
    yield from _temperature(place, hot_c)
    yield from _power(place)
    yield from _wear(place)
    yield real_time_clock(place)


def _temperature(place: Board, hot_c: float) -> Iterator[Finding]:
    degrees = hottest_c(place.sys / "class/thermal")
    if degrees is None:
        return
    text = f"{degrees:.0f} degrees"
    if degrees >= hot_c:
        yield error("temperature", f"{text}: the processor slows down and pictures are missed", _COOL)
    elif degrees >= min(WARM_C, hot_c - 5.0):
        yield warning("temperature", f"{text}: little is left on a hot day", _COOL)
    else:
        yield ok("temperature", text)


def _power(place: Board) -> Iterator[Finding]:
    flags = _firmware(place)
    if flags is None:
        return
    if flags & UNDER_VOLTAGE:
        yield error("power", "the supply voltage is too low: cameras and radios fail at random", _SUPPLY)
    elif flags & UNDER_VOLTAGE_SINCE:
        yield warning("power", "the supply voltage has been too low since the last start", _SUPPLY)
    else:
        yield ok("power", "the supply voltage has been right since the last start")
    if flags & THROTTLED:
        yield warning("throttling", "the processor is being slowed down", _COOL)
    elif flags & THROTTLED_SINCE:
        yield warning("throttling", "the processor has been slowed down since the last start", _COOL)


def _firmware(place: Board) -> int | None:
    try:
        return int((place.sys / "devices/platform/soc/soc:firmware/get_throttled").read_text(), 16)
    except (OSError, ValueError):
        return None if place.vcgencmd is None else _asked(place.vcgencmd)


def _asked(program: str) -> int | None:
    """What the firmware tells its program: "throttled=0x50005"."""
    try:
        said = subprocess.run(  # noqa: S603  # a program of the system, with a fixed argument
            [program, "get_throttled"], capture_output=True, text=True, timeout=_VCGENCMD_S, check=True
        )
        return int(said.stdout.strip().partition("=")[2], 16)
    except (OSError, ValueError, subprocess.SubprocessError) as failure:
        log.debug("the firmware does not tell of its supply: %s", failure)
        return None


def _wear(place: Board) -> Iterator[Finding]:
    for device in sorted(place.sys.glob("block/mmcblk*/device")):
        name = f"wear {device.parent.name}"
        try:
            # JEDEC JESD84-B51, EXT_CSD 268 and 269: life used, in tenths, of the two kinds of cells; 11: exceeded.
            tenths = max(int(one, 16) for one in (device / "life_time").read_text().split())
        except (OSError, ValueError):
            yield ok(name, "an SD card, which does not tell its wear: keep a spare, of an endurance type")
            continue
        used = 10 * tenths
        text = "its life is over" if tenths > 10 else f"at most {used} % of its life used"
        if tenths > 10:
            yield error(name, text, "replace it now; copy /var/lib/anodyne before")
        elif used >= WORN_PERCENT:
            yield warning(name, text, "replace it at the next visit")
        else:
            yield ok(name, text)


def real_time_clock(place: Board) -> Finding:
    """Whether the time survives a power cut without a network."""
    for one in sorted(place.sys.glob("class/rtc/rtc*")):
        try:
            seconds = int((one / "since_epoch").read_text())
            name = (one / "name").read_text().strip()
        except (OSError, ValueError):
            continue
        if seconds < _BUILT_S:
            return warning(
                "rtc",
                f"{one.name} ({name}) shows a time long past: its battery is missing or empty",
                "replace the battery",
            )
        return ok("rtc", f"{one.name} ({name})")
    return warning(
        "rtc",
        "none: after a power cut without a network alerts are in order but carry a wrong time, marked as such",
        "add a clock module (DS3231), on a Pi 5 the battery at its connector BAT; or be sure of the network",
    )


_BUILT_S = 1_735_689_600
"""1 January 2025: before this program was written."""
