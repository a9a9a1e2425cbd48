"""What the doctor says of a board, from a simulated /sys."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.health.findings import Finding, Grade
from edge.health.hardware import Board, board

FLAGS = "devices/platform/soc/soc:firmware/get_throttled"


class Sysfs:
    """A folder in the place of /sys."""

    def __init__(self, root: Path) -> None:
        """Empty: a board that tells nothing."""
        self.root = root
        self.vcgencmd: str | None = None

    def write(self, name: str, text: str) -> None:
        """Write one of the kernel's files."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")

    def findings(self) -> dict[str, Finding]:
        """What is said, by name."""
        return {one.name: one for one in board(Board(self.root, self.vcgencmd), hot_c=80.0)}


@pytest.fixture
def sysfs(tmp_path: Path) -> Sysfs:
    """A board that tells nothing."""
    return Sysfs(tmp_path / "sys")


@pytest.mark.parametrize(("degrees", "grade"), [(45, Grade.OK), (72, Grade.WARNING), (84, Grade.ERROR)])
def test_heat_is_told_before_it_hurts(sysfs: Sysfs, degrees: int, grade: Grade) -> None:
    sysfs.write("class/thermal/thermal_zone0/temp", str(1000 * degrees))
    finding = sysfs.findings()["temperature"]
    assert (finding.grade, f"{degrees} degrees" in finding.text) == (grade, True)
    assert (finding.remedy != "") == (grade is not Grade.OK)


@pytest.mark.parametrize(
    ("flags", "power", "throttling"),
    [
        ("0", Grade.OK, None),
        ("50000", Grade.WARNING, Grade.WARNING),
        ("50005", Grade.ERROR, Grade.WARNING),
        ("80008", Grade.OK, Grade.WARNING),
    ],
)
def test_the_firmwares_flags_are_read(sysfs: Sysfs, flags: str, power: Grade, throttling: Grade | None) -> None:
    sysfs.write(FLAGS, flags)
    found = sysfs.findings()
    assert found["power"].grade is power
    assert (found["throttling"].grade if "throttling" in found else None) is throttling


def test_where_the_kernel_has_no_file_the_firmware_is_asked(sysfs: Sysfs, tmp_path: Path) -> None:
    program = tmp_path / "vcgencmd"
    program.write_text('#!/bin/sh\n[ "$1" = get_throttled ] && echo throttled=0x10001\n')
    program.chmod(0o755)
    sysfs.vcgencmd = str(program)
    power = sysfs.findings()["power"]
    assert (power.grade, "power supply" in power.remedy) == (Grade.ERROR, True)


def test_a_firmware_that_does_not_answer_says_nothing(sysfs: Sysfs, tmp_path: Path) -> None:
    program = tmp_path / "vcgencmd"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    sysfs.vcgencmd = str(program)
    assert "power" not in sysfs.findings()


@pytest.mark.parametrize(
    ("life", "grade", "said"),
    [
        ("0x01 0x02", Grade.OK, "at most 20 %"),
        ("0x09 0x02", Grade.WARNING, "at most 90 %"),
        ("0x02 0x0b", Grade.ERROR, "over"),
    ],
)
def test_the_wear_of_an_emmc_module_is_told(sysfs: Sysfs, life: str, grade: Grade, said: str) -> None:
    sysfs.write("block/mmcblk0/device/life_time", life)
    finding = sysfs.findings()["wear mmcblk0"]
    assert (finding.grade, said in finding.text) == (grade, True)


def test_an_sd_card_does_not_tell_its_wear(sysfs: Sysfs) -> None:
    sysfs.write("block/mmcblk0/device/name", "SD64G")
    assert "does not tell its wear" in sysfs.findings()["wear mmcblk0"].text


@pytest.mark.parametrize(
    ("seconds", "grade"), [("1795660000", Grade.OK), ("86400", Grade.WARNING), (None, Grade.WARNING)]
)
def test_a_clock_without_a_battery_is_told(sysfs: Sysfs, seconds: str | None, grade: Grade) -> None:
    if seconds is not None:
        sysfs.write("class/rtc/rtc0/since_epoch", seconds)
        sysfs.write("class/rtc/rtc0/name", "rpi_rtc")
    assert sysfs.findings()["rtc"].grade is grade


def test_a_board_that_tells_nothing_has_no_fault(sysfs: Sysfs) -> None:
    assert set(sysfs.findings()) == {"rtc"}
