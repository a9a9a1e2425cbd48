"""Whether the processor has been slowed down from outside: the firmware's flags and the kernel's frequency caps.

The Raspberry Pi's firmware says so in one number, which the kernel shows as a file and `vcgencmd get_throttled` prints;
everywhere else a thermal cap of cpufreq is all there is. What cannot be read is unknown and counts as no throttling:
temperature and the age of the work speak beside it.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from edge.types import Throttle

log = logging.getLogger(__name__)

PLATFORM = Path("/sys/devices/platform")
FIRMWARE = "soc*/soc*:firmware/get_throttled"
"""The Raspberry Pi's flags, hexadecimal, below that folder; the name of the chip's node differs between models."""

CPU = Path("/sys/devices/system/cpu")
"""Below it `cpu*/cpufreq`."""

FLAGS = {0: Throttle.UNDER_VOLTAGE, 1: Throttle.CAPPED, 2: Throttle.THROTTLED, 3: Throttle.CAPPED}
"""Bits of the firmware's number that speak of now (those from 16 on speak of the time since the boot): under-voltage,
frequency capped, throttled, soft temperature limit. Raspberry Pi documentation, `vcgencmd get_throttled`."""

CAPPED_BELOW = 0.95
"""A core whose highest allowed frequency is below this share of its highest possible one is capped."""

VCGENCMD_S = 2.0
"""Longest wait for the firmware's answer, seconds: it comes within milliseconds."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the box is looked at; others in tests.

    Attributes:
        platform: the folder with the firmware's flags somewhere below.
        cpu: the folder of the cores.
        vcgencmd: the program to ask where the file is missing; None where there is none.
    """

    platform: Path = PLATFORM
    cpu: Path = CPU
    vcgencmd: str | None = field(default_factory=lambda: shutil.which("vcgencmd"))

    @classmethod
    def below(cls, sysfs: Path) -> Places:
        """The same below another root than /sys, and no program to ask."""
        return cls(sysfs / PLATFORM.relative_to("/sys"), sysfs / CPU.relative_to("/sys"), None)


def throttling(places: Places) -> frozenset[Throttle]:
    """What slows the processor now."""
    said = _firmware(places)
    flags = {} if said is None else {flag for bit, flag in FLAGS.items() if said >> bit & 1}
    return frozenset([*flags, *([Throttle.CAPPED] if _capped(places.cpu) else [])])


def _firmware(places: Places) -> int | None:
    for path in places.platform.glob(FIRMWARE):
        try:
            return int(path.read_text(), 16)
        except (OSError, ValueError) as error:
            log.debug("%s does not say whether the firmware throttles: %s", path, error)
    return None if places.vcgencmd is None else _asked(places.vcgencmd)


def _asked(program: str) -> int | None:
    """What the firmware tells a program: "throttled=0x50005"."""
    try:
        said = subprocess.run(  # noqa: S603 - a program of the system, without arguments from outside
            [program, "get_throttled"], capture_output=True, text=True, timeout=VCGENCMD_S, check=True
        )
        return int(said.stdout.strip().partition("=")[2], 16)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        log.debug("the firmware does not say whether it throttles: %s", error)
        return None


def _capped(cpu: Path) -> bool:
    """Whether the kernel allows some core less than it could do."""
    for policy in cpu.glob("cpu[0-9]*/cpufreq"):
        try:
            most, allowed = (int((policy / name).read_text()) for name in ("cpuinfo_max_freq", "scaling_max_freq"))
        except (OSError, ValueError):  # a core that is switched off
            continue
        if allowed < CAPPED_BELOW * most:
            return True
    return False
