"""A recorded session of an Empatica E4 as a wristband."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edge.clock import Clock
from edge.errors import DecodeError, SensorError, SensorReason
from edge.section import FilePath
from edge.sensors.driver import Driver
from edge.sensors.stanza import RecordedBandSection
from edge.sensors.wristband.e4_csv import MAX_SESSION_S, CsvTable, parse_intervals, parse_regular
from edge.types import NS_PER_S, Channel, SampleBlock

log = logging.getLogger(__name__)

BLOCK_S = 1.0
"""Length of the blocks handed on, seconds: about what a live band bundles, and the assessment's tick."""

STALL_BLOCKS = 5
"""A recording that yields nothing for this many blocks is stalled."""

ACC_UNIT_G = 1.0 / 64.0
"""One count of ACC.csv in standard gravities (Empatica's data export: the range of ±2 g is ±128)."""


@dataclass(frozen=True, slots=True)
class _Source:
    """One file of the session."""

    file: str
    channel: Channel
    columns: int = 1
    unit: float = 1.0


SOURCES = (
    _Source("BVP.csv", Channel.PPG),
    _Source("EDA.csv", Channel.GSR_US),
    _Source("ACC.csv", Channel.ACC_G, 3, ACC_UNIT_G),
    _Source("TEMP.csv", Channel.SKIN_TEMPERATURE_C),
    _Source("HR.csv", Channel.HEART_RATE_BPM),
    _Source("IBI.csv", Channel.IBI_S, 2),
)
"""The files that are looked for; each may be missing."""

EVIDENCE = frozenset({Channel.PPG, Channel.GSR_US, Channel.HEART_RATE_BPM, Channel.IBI_S})
"""Without one of these a session says nothing about arousal."""


@dataclass(frozen=True, slots=True, eq=False)
class _Track:
    """One channel, on the session's time: `times_s` for irregular channels, otherwise `start_s` and the rate."""

    channel: Channel
    start_s: float
    rate_hz: float
    values: NDArray[np.float32]
    times_s: NDArray[np.float64] | None = None

    @property
    def end_s(self) -> float:
        """Session time after the last sample."""
        if self.times_s is not None:
            return math.nextafter(float(self.times_s[-1]), math.inf)
        return self.start_s + len(self.values) / self.rate_hz

    def between(self, begin_s: float, end_s: float) -> Iterator[tuple[float, NDArray[np.float32]]]:
        """Runs of samples in [begin_s, end_s), each with the session time of its first sample."""
        if self.times_s is not None:
            low, high = np.searchsorted(self.times_s, (begin_s, end_s))
            for index in range(int(low), int(high)):  # beats may be missing between two rows: no longer runs
                yield float(self.times_s[index]), self.values[index : index + 1]
            return
        low, high = (self._index(at_s) for at_s in (begin_s, end_s))
        if high > low:
            yield self.start_s + low / self.rate_hz, self.values[low:high]

    def _index(self, at_s: float) -> int:
        # A millionth of a sample of slack keeps rounding from moving a sample across a block's border.
        return max(0, min(len(self.values), math.ceil((at_s - self.start_s) * self.rate_hz - 1e-6)))


class E4Recording(RecordedBandSection):
    """A recorded session of an Empatica E4 wristband: a folder with BVP.csv, EDA.csv, ACC.csv, TEMP.csv."""

    driver: Literal["e4_recording"]
    """Always "e4_recording"."""
    folder: FilePath = Field(examples=["recordings/S02"])
    """The session's folder."""

    def open(self, clock: Clock) -> Driver[SampleBlock]:
        """Its driver."""
        return E4(self, clock)


class E4:
    """Plays a session folder at its own pace or as fast as it is asked; the times are those of the recording.

    Args:
        config: its stanza.
        clock: gives the pace and the moment at which the recording begins.
    """

    def __init__(self, config: E4Recording, clock: Clock) -> None:
        """Read nothing yet."""
        self._config = config
        self._clock = clock

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._config.name

    @property
    def stall_after_s(self) -> float:
        """Silence after which the stream counts as stalled."""
        return STALL_BLOCKS * BLOCK_S

    async def stream(self) -> AsyncIterator[SampleBlock]:
        """Yield the channels' blocks in time order; returns at the end of the longest channel.

        A damaged file is used up to the damage, which is logged once with file and line; the others are untouched.

        Raises:
            SensorError: NOT_FOUND (no such folder) or EMPTY (nothing in it that speaks of pulse or skin); not
                retryable.
        """
        tracks = await self._clock.in_thread(_load, self._config.folder)
        end_s = max(track.end_s for track in tracks)
        begin_s = self._config.start_s
        if begin_s >= end_s:
            raise SensorError(
                SensorReason.EMPTY,
                f"{self._config.folder} ends after {end_s:.0f} s: choose a `start_s` below that, not {begin_s:g}",
                retryable=False,
            )
        origin_ns = self._clock.now_ns() - round(begin_s * NS_PER_S)
        for number in range(math.ceil((end_s - begin_s) / BLOCK_S)):
            low_s = begin_s + number * BLOCK_S
            arrived_ns = origin_ns + round((low_s + BLOCK_S) * NS_PER_S)
            if self._config.pace == "recorded":
                await self._clock.sleep_until(arrived_ns)
            else:
                await self._clock.sleep(0)  # let the others of the loop have their turn
            for track in tracks:
                for first_s, values in track.between(low_s, low_s + BLOCK_S):
                    yield SampleBlock(self.name, track.channel, values, track.rate_hz, arrived_ns, first_s)


def _load(folder: Path) -> list[_Track]:
    """Every usable channel of the session, on a common time that begins with the earliest of them."""
    if not folder.is_dir():
        raise SensorError(
            SensorReason.NOT_FOUND, f"there is no folder {folder}: correct `folder` of this sensor", retryable=False
        )
    found = [(source, table) for source in SOURCES if (table := _read(folder / source.file, source)) is not None]
    found = _of_one_session(folder, found)
    if not EVIDENCE & {source.channel for source, _ in found}:
        raise SensorError(
            SensorReason.EMPTY,
            f"{folder} has no usable BVP.csv, EDA.csv, HR.csv or IBI.csv: export the session anew",
            retryable=False,
        )
    origin_s = min(table.start_s for _, table in found)
    return [_track(source, table, origin_s) for source, table in found]


def _of_one_session(folder: Path, found: list[tuple[_Source, CsvTable]]) -> list[tuple[_Source, CsvTable]]:
    """Leave out files that begin on another day than most: their header is damaged, or they are of another session."""
    starts = sorted(table.start_s for _, table in found)
    middle_s = starts[len(starts) // 2] if starts else 0.0
    kept = []
    for source, table in found:
        if abs(table.start_s - middle_s) <= MAX_SESSION_S:
            kept.append((source, table))
        else:
            log.warning("%s cannot be used: line 1 is of another session", folder / source.file)
    return kept


def _read(path: Path, source: _Source) -> CsvTable | None:
    """The rows of one file, or None where it is missing or has none; what is wrong is logged."""
    if not path.is_file():
        return None
    try:
        text = path.read_text("utf-8", errors="replace")
        table = parse_intervals(text) if source.channel is Channel.IBI_S else parse_regular(text, source.columns)
    except (DecodeError, OSError) as error:
        log.warning("%s cannot be used: %s", path, error)
        return None
    if table.damage is not None:
        log.warning("%s is damaged, the %d rows before are used: %s", path, len(table.rows), table.damage)
    elif not len(table.rows):
        log.warning("%s holds no samples", path)
    return table if len(table.rows) else None


def _track(source: _Source, table: CsvTable, origin_s: float) -> _Track:
    start_s = table.start_s - origin_s
    if source.channel is Channel.IBI_S:
        order = np.argsort(table.rows[:, 0], kind="stable")
        values = np.asarray(table.rows[order, 1], np.float32)
        return _Track(source.channel, start_s, 0.0, values, start_s + table.rows[order, 0])
    values = np.asarray(table.rows * source.unit, np.float32)
    return _Track(source.channel, start_s, table.rate_hz, values if source.columns > 1 else values[:, 0])
