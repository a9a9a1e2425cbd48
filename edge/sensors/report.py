"""What is told of each sensor, by the daemon to a small file and by `anodyne sensors` to the terminal.

Figures about connections and signals only: no sample, no picture, nothing about the person.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from edge.errors import SensorReason
from edge.types import SensorState, SensorWarning

REPORT_FILE = "sensors.json"
"""The daemon's report, in its run folder."""

SYSTEM_RUN_FOLDER = Path("/run/anodyne")
"""The run folder of the systemd unit (RuntimeDirectory=anodyne)."""

EVERY_S = 1.0
"""Time between two reports."""


class _Told(BaseModel):
    """Values of a report: unknown ones of a newer program are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class ChannelReport(_Told):
    """One channel of a sensor; a camera has one, "frames"."""

    channel: str
    """Its name."""
    declared_hz: float
    """Nominal rate; 0 where it has none."""
    measured_hz: float | None
    """Samples per second in the newest ten seconds; None before a whole second has passed."""
    coverage: float | None
    """Share of the declared samples of the newest minute that arrived, 0..1; None without a rate."""
    samples: int
    """Since the start."""
    lost: int
    """Known to be missing since the start."""


class ClockReport(_Told):
    """How a band's own clock stands to the box's."""

    offset_s: float
    """Box time less band time, seconds."""
    drift_ppm: float
    """By how much the band's clock is slow, parts per million."""
    jitter_ms: float
    """Mean delay of arrivals beyond the least one, milliseconds."""


class SensorReport(_Told):
    """One sensor at one moment."""

    sensor: str
    """Name in the configuration."""
    driver: str
    """Its driver."""
    state: SensorState
    """Of the connection."""
    reason: SensorReason | None
    """Why it is not streaming."""
    detail: str
    """The reason as a sentence."""
    since_s: float
    """Seconds in this state."""
    age_s: float | None
    """Seconds since the last block or picture; None before the first."""
    warnings: dict[SensorWarning, str]
    """What else is wrong, each with a sentence."""
    channels: tuple[ChannelReport, ...]
    """In the order of their first arrival."""
    battery_percent: float | None
    """Charge, where it is told."""
    outages: int
    """Losses and stalls since the start."""
    dropped: int = 0
    """Pictures that were not looked at in time, or values of a band that came faster than they could be taken in."""
    duplicates: int = 0
    """Samples that arrived twice."""
    damage: int = 0
    """Messages that could not be decoded, or whose times cannot be meant."""
    quality: dict[str, float] = {}
    """Signal quality by modality, 0..1, of the newest estimates."""
    absent: dict[str, str] = {}
    """Why a modality says nothing."""
    clock: ClockReport | None = None
    """The band's clock, where it has one that is followed."""


class BoxReport(_Told):
    """All sensors of one box."""

    state_dir: str
    """The box's state folder, absolute: tells two boxes on one machine apart."""
    pid: int
    """Process that wrote it."""
    boot_id: str
    """Boot in which `at_ns` counts."""
    at_ns: int
    """Monotonic time of the report."""
    every_s: float
    """Time between two reports, seconds."""
    load: str = "full"
    """How fast the cameras' road runs: full, eased, slow or least."""
    models: str = ""
    """Which models run, whether on trial, and which beside them."""
    sensors: tuple[SensorReport, ...]
    """In the order of the configuration."""

    def write(self, folder: Path) -> None:
        """Replace the report in `folder` in one step: a reader sees the old one or the new one.

        It is not forced to the disk: after a power cut it means nothing.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f".{REPORT_FILE}.{self.pid}"
        beside.write_text(self.model_dump_json())
        beside.replace(folder / REPORT_FILE)


def run_folder(state_dir: Path) -> Path:
    """Where the daemon puts its report: systemd's RUNTIME_DIRECTORY (in memory), else `run` in the state folder."""
    given = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return Path(given) if given else state_dir / "run"


def read_report(state_dir: Path) -> BoxReport | None:
    """The newest report of the box with this state folder, or None where there is none that can be read."""
    folders = dict.fromkeys((run_folder(state_dir), SYSTEM_RUN_FOLDER, state_dir / "run"))
    found = [report for folder in folders if (report := _read(folder / REPORT_FILE)) is not None]
    mine = [report for report in found if report.state_dir == str(state_dir.resolve())]
    return max(mine, key=lambda report: report.at_ns, default=None)


def _read(path: Path) -> BoxReport | None:
    try:
        return BoxReport.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None  # none there, not for this user, or of another version: all the same to the reader
