"""Microcontrollers that print one line of numbers per sample (docs/serial.md): Grove GSR, pulse sensors, the like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from edge.errors import DecodeError, SensorError, SensorReason
from edge.sensors.wristband.serial.band import SerialBand
from edge.sensors.wristband.serial.device_time import DeviceTime
from edge.sensors.wristband.serial.grove import conductance_us
from edge.sensors.wristband.serial.line_format import Column, LineSplitter, decode_line, header_of
from edge.sensors.wristband.serial.means import Means
from edge.sensors.wristband.serial.protocol import Chunk, SerialProtocol
from edge.types import NS_PER_S, Channel, Modality, SampleBlock

TIMES = {Column.TIME_MS: (1e3, 2**32), Column.TIME_US: (1e6, 2**32), Column.TIME_S: (1.0, None)}
"""Counts per second, and the turn, of each time column."""

AXES = (Column.ACC_X_G, Column.ACC_Y_G, Column.ACC_Z_G)

LEAST_KOHM = 1e-3
"""A resistance of 0 is a short circuit: it becomes a conductance that no skin has, and not a division by zero."""

SKINS = (Column.GSR_US, Column.GSR_KOHM, Column.GROVE_GSR)

REGULAR = {Column.PPG: Channel.PPG, Column.SKIN_TEMPERATURE_C: Channel.SKIN_TEMPERATURE_C}

READINGS = {
    Column.HEART_RATE_BPM: Channel.HEART_RATE_BPM,
    Column.SPO2_PERCENT: Channel.SPO2_PERCENT,
    Column.CONTACT: Channel.CONTACT,
    Column.BATTERY_PERCENT: Channel.BATTERY_PERCENT,
}
"""Columns that repeat a slow reading in every line: handed on when it changes, and once per `READING_S`."""

MAX_COLUMNS = 16
"""Most columns of a line; with fifteen characters each they fit the longest line."""

COMPUTED = frozenset({Channel.HEART_RATE_BPM, Channel.SPO2_PERCENT})
"""Readings whose 0 means that the device knows none."""

READING_S = 1.0
"""As often as a standard Heart Rate band notifies."""

GAP_PERIODS = 1.5
"""Two lines further apart than this on the device's clock have a missing one between them."""

OFF_PERIODS = 0.5
"""A line further off the regular rate than this begins a block with a time of its own."""

TEXT = bytes(range(0x20, 0x7F)) + b"\r\n\t"
"""Characters of text."""

TEXT_SHARE = 0.9
"""Least share of printable characters in text. Of lines of numbers received at a wrong speed 0 to 48 % are
printable (measured with a simulated UART at twelve pairs of usual speeds), at the right one all."""


class LineBand(SerialBand):
    """A microcontroller that prints one line of numbers per sample on a serial port (docs/serial.md)."""

    driver: Literal["serial_lines"]
    """Always "serial_lines"."""
    columns: str = Field(
        examples=["time_ms,grove_gsr,ppg"],
        json_schema_extra={"wanted": "names of columns (docs/serial.md) with commas between them, in quotes"},
    )
    """What the numbers of a line are, in their order: the device's header line, if it prints one."""
    rate_hz: float = Field(ge=1.0, le=1000.0, examples=[50.0])
    """Lines per second."""
    separator: Literal[",", ";", "\t", " "] = ","
    """What stands between two numbers."""
    checksum: bool = False
    """Whether every line must end with its checksum, as in NMEA 0183; one that is there is always checked."""
    grove_open: float = Field(default=512.0, ge=1.0, le=65535.0)
    """Reading of the Grove GSR sensor while nothing touches its electrodes."""
    adc_bits: int = Field(default=10, ge=8, le=16)
    """Bits of the converter that reads the Grove GSR sensor: 10 on most Arduinos, 12 on an ESP32."""

    @field_validator("columns")
    @classmethod
    def _usable(cls, text: str) -> str:
        parse_columns(text)
        return text

    @property
    def modalities(self) -> tuple[Modality, ...]:  # type: ignore[override]  # the other kinds' is fixed; never written
        """What its columns can give evidence of."""
        columns = parse_columns(self.columns)
        pulse = (Modality.PPG,) if Column.PPG in columns else ()
        rate = (Modality.HEART_RATE,) if not pulse and Column.HEART_RATE_BPM in columns else ()
        return pulse + ((Modality.GSR,) if set(SKINS) & set(columns) else ()) + rate

    def protocol(self) -> SerialProtocol:
        """Its protocol."""
        return Lines(self)


def parse_columns(text: str) -> tuple[Column, ...]:
    """The columns of a configuration.

    Raises:
        ValueError: with what is wrong, for the reader of the file.
    """
    columns = tuple(_column(name.strip()) for name in text.split(","))
    named = [column for column in columns if column is not Column.IGNORE]
    if len(columns) > MAX_COLUMNS:
        raise ValueError(f"has {len(columns)} columns: at most {MAX_COLUMNS} are read")
    if len(set(named)) < len(named):
        raise ValueError("names a column twice: write ignore for one of them")
    if sum(column in TIMES for column in named) > 1 or sum(column in SKINS for column in named) > 1:
        raise ValueError("has more than one time, or more than one skin conductance: write ignore for the others")
    if 0 < sum(column in AXES for column in named) < len(AXES):
        raise ValueError("has an axis of acceleration without the others: name all three, or write ignore for it")
    if not set(named) & {*SKINS, Column.PPG, Column.HEART_RATE_BPM}:
        raise ValueError("has nothing that speaks of pulse or skin: name what the device measures")
    return columns


def _column(name: str) -> Column:
    if name not in set(Column):
        raise ValueError(f'names "{name[:20]}", which is none of {", ".join(Column)}')
    return Column(name)


@dataclass(slots=True)
class _Row:
    """One usable line."""

    values: tuple[float, ...]
    device_s: float | None
    lost_before: int
    anew: bool = False


class Lines(SerialProtocol):
    """Rows of numbers, on the device's own clock where they carry one.

    Args:
        config: what the columns are.
    """

    def __init__(self, config: LineBand) -> None:
        """Nothing has been received yet."""
        super().__init__(config.name)
        self._config = config
        self._columns = parse_columns(config.columns)
        self._place = {column: index for index, column in enumerate(self._columns)}
        self._time = next((column for column in self._columns if column in TIMES), None)
        # Kept across connections: the device's clock goes on while the link is down.
        self._clock = None if self._time is None else DeviceTime(*TIMES[self._time])
        self._last_s: float | None = None
        self._skin = Means(config.rate_hz)
        self.connected()

    def connected(self) -> None:
        """Forget the line that was cut off by the end of the last connection."""
        self._splitter = LineSplitter()
        self._missing = 0
        self._skin.restart()
        self._told: dict[Channel, tuple[float, int]] = {}
        self._seen = self._printable = 0

    def decode(self, chunk: Chunk) -> Iterator[SampleBlock | DecodeError]:
        """The blocks of the lines that are complete with these bytes."""
        self._listen(chunk.data)
        rows: list[_Row] = []
        for line in self._splitter.feed(chunk.data):
            try:
                if isinstance(line, DecodeError):
                    raise line
                row = self._row(line, chunk.arrived_ns)
            except DecodeError as error:
                self._missing += 1
                yield error
                continue
            if row is None:
                continue
            if rows and not self._continues(rows, row):
                yield from self._blocks(rows, chunk.arrived_ns)
                rows = []
            rows.append(row)
        if rows:
            yield from self._blocks(rows, chunk.arrived_ns)

    def remedy(self) -> str:
        """What a person should check when nothing can be decoded."""
        if self._seen and self._printable < TEXT_SHARE * self._seen:
            share = 100 * self._printable // self._seen
            return (
                f"only {share} % of it is text, so the speed is wrong: set `baud` to that of the device's program, "
                f"instead of {self._config.baud}"
            )
        if self._seen:
            return "it is text, but no line of the configured `columns`, `separator` and `checksum`: compare them"
        return "check that its program runs and prints lines, and at which `baud`"

    def _listen(self, data: bytes) -> None:
        self._seen += len(data)
        self._printable += len(data) - len(data.translate(None, TEXT))

    def _row(self, line: bytes, arrived_ns: int) -> _Row | None:
        config = self._config
        header = header_of(line, config.separator)
        if header is not None:
            self._compare(header)
            return None
        values = decode_line(line, self._columns, config.separator, checksum=config.checksum)
        if values is None:
            return None
        missing, self._missing = self._missing, 0
        if self._clock is None or self._time is None:
            return _Row(values, None, missing)
        device_s, follows = self._clock.read(values[self._place[self._time]], arrived_ns)
        lost = self._lost(device_s) if follows else 0
        self._last_s = device_s
        return _Row(values, device_s, lost, not follows)

    def _compare(self, header: tuple[Column, ...]) -> None:
        if header != self._columns:
            raise SensorError(
                SensorReason.WRONG_DEVICE,
                f'{self.sensor} says that its columns are others: write columns = "{",".join(header)}"',
            )

    def _lost(self, device_s: float) -> int:
        periods = 0.0 if self._last_s is None else (device_s - self._last_s) * self._config.rate_hz
        return round(periods) - 1 if periods > GAP_PERIODS else 0

    def _continues(self, rows: list[_Row], row: _Row) -> bool:
        """Whether a row lies where the regular rate puts it, so that one block can hold both."""
        first_s = rows[0].device_s
        if first_s is None or row.device_s is None:
            return not row.lost_before
        if row.anew:
            return False
        return abs((row.device_s - first_s) * self._config.rate_hz - len(rows)) <= OFF_PERIODS

    def _blocks(self, rows: list[_Row], arrived_ns: int) -> Iterator[SampleBlock]:
        """The blocks of rows that follow each other without a gap."""
        table = np.array([row.values for row in rows], np.float64)
        first = rows[0]
        rate_hz = self._config.rate_hz
        for channel, values in self._channels(table):
            samples = np.asarray(values, np.float32)
            yield SampleBlock(self.sensor, channel, samples, rate_hz, arrived_ns, first.device_s, first.lost_before)
        if first.anew:
            self._skin.restart()
        skin_us = self._skin_us(table)
        if skin_us is not None:
            for slow in self._skin.feed(skin_us, first.device_s, first.lost_before):
                samples, rate_hz = np.asarray(slow.values, np.float32), self._skin.rate_hz
                yield SampleBlock(
                    self.sensor, Channel.GSR_US, samples, rate_hz, arrived_ns, slow.device_s, slow.lost_before
                )
        for column, channel in READINGS.items():
            if column in self._place:
                yield from self._reading(channel, float(table[-1, self._place[column]]), arrived_ns)

    def _skin_us(self, table: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Skin conductance of (n, columns) rows, or None without such a column."""
        column = next((column for column in SKINS if column in self._place), None)
        if column is None:
            return None
        values = table[:, self._place[column]]
        if column is Column.GSR_KOHM:
            return 1e3 / np.maximum(values, LEAST_KOHM)
        if column is Column.GROVE_GSR:
            return conductance_us(values, self._config.grove_open, self._config.adc_bits)
        return values

    def _channels(self, table: NDArray[np.float64]) -> Iterator[tuple[Channel, NDArray[np.float64]]]:
        for column, channel in REGULAR.items():
            if column in self._place:
                yield channel, table[:, self._place[column]]
        if Column.ACC_X_G in self._place:
            yield Channel.ACC_G, table[:, [self._place[axis] for axis in AXES]]

    def _reading(self, channel: Channel, value: float, arrived_ns: int) -> Iterator[SampleBlock]:
        if channel in COMPUTED and not value:
            return
        told = self._told.get(channel)
        if told is None or told[0] != value or arrived_ns - told[1] >= READING_S * NS_PER_S:
            self._told[channel] = (value, arrived_ns)
            yield SampleBlock(self.sensor, channel, np.array([value], np.float32), 0.0, arrived_ns)
