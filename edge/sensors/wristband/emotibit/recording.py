"""A recorded session of an EmotiBit as a wristband."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import Field

from edge.clock import Clock
from edge.errors import DecodeError, SensorError, SensorReason
from edge.section import FilePath
from edge.sensors.driver import Driver
from edge.sensors.stanza import RecordedBandSection
from edge.sensors.wristband.damage import Damage
from edge.sensors.wristband.emotibit.blocks import Light, PacketBlocks
from edge.sensors.wristband.emotibit.lines import LONGEST_LINE, Packet, read
from edge.types import NS_PER_S, SampleBlock

LINES_AT_ONCE = 500
"""Lines read in one go: three seconds of a session, so that an overnight recording never stands in memory."""

STALL_S = 5.0
"""An EmotiBit sends about thirteen packets a second; five seconds without any are a stall."""

NS_PER_MS = 1_000_000


class EmotiBitRecording(RecordedBandSection):
    """A recorded session of an EmotiBit: the CSV file from its memory card, before any conversion."""

    driver: Literal["emotibit_recording"]
    """Always "emotibit_recording"."""
    file: FilePath = Field(examples=["recordings/2025-06-27_09-56-59-929206.csv"])
    """The session's file."""
    light: Light = "infrared"
    """The colour whose pulse wave is used."""

    def open(self, clock: Clock) -> Driver[SampleBlock]:
        """Its driver."""
        return EmotiBitPlayer(self, clock)


class EmotiBitPlayer:
    """Plays a session file at its own pace or as fast as it is asked; the times are those of the recording.

    Args:
        config: its stanza.
        clock: gives the pace and the moment at which the recording begins.
    """

    def __init__(self, config: EmotiBitRecording, clock: Clock) -> None:
        """Read nothing yet."""
        self._config = config
        self._clock = clock
        self.damage = Damage(config.name, clock)

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._config.name

    @property
    def stall_after_s(self) -> float:
        """Silence after which the stream counts as stalled."""
        return STALL_S

    async def stream(self) -> AsyncIterator[SampleBlock]:
        """Yield the blocks in the order of the file. Damaged lines are counted and skipped, and logged once.

        Raises:
            SensorError: NOT_FOUND (no such file), UNREADABLE, or EMPTY (nothing in it that a person could have sent);
                not retryable.
        """
        blocks = PacketBlocks(self.name, self._config.light)
        session = await self._clock.in_thread(_open, self._config.file)
        pace = _Pace(self._clock, self._config)
        empty = True
        try:
            while packets := await self._clock.in_thread(_packets, session):
                for packet in packets:
                    if isinstance(packet, Packet):
                        arrived_ns = await pace.until(packet.time_ms)
                        for block in self._sound(blocks.blocks(packet, arrived_ns)):
                            empty = False
                            if pace.begun:
                                yield block
                    else:
                        self.damage.note(packet)
        finally:
            await self._clock.in_thread(session.close)
        if empty:
            raise SensorError(
                SensorReason.EMPTY,
                f"{self._config.file} holds no samples of an EmotiBit: choose the file from its memory card",
                retryable=False,
            )

    def _sound(self, found: Iterator[SampleBlock | DecodeError]) -> Iterator[SampleBlock]:
        for one in found:
            if isinstance(one, DecodeError):
                self.damage.note(one)
            else:
                yield one


class _Pace:
    """When a packet of the session is handed on."""

    def __init__(self, clock: Clock, config: EmotiBitRecording) -> None:
        self._clock = clock
        self._config = config
        self._first_ms: int | None = None
        self._origin_ns = clock.now_ns()
        self._newest_ns = self._origin_ns
        self.begun = False

    async def until(self, time_ms: int) -> int:
        """Wait for the packet's turn; the answer is when it arrives. Packets of different tags overlap a little."""
        if self._first_ms is None:
            self._first_ms = time_ms
        at_ns = (time_ms - self._first_ms) % 2**32 * NS_PER_MS
        at_ns = at_ns if at_ns < 2**31 * NS_PER_MS else 0  # a little before the first line
        skipped_ns = round(self._config.start_s * NS_PER_S)
        self._newest_ns = max(self._newest_ns, self._origin_ns + at_ns - skipped_ns)
        self.begun = self.begun or at_ns >= skipped_ns
        if self.begun and self._config.pace == "recorded":
            await self._clock.sleep_until(self._newest_ns)
        # Otherwise the others of the loop have their turn while the next lines are read.
        return self._newest_ns


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise SensorError(
            SensorReason.NOT_FOUND, f"there is no file {path}: correct `file` of this sensor", retryable=False
        ) from error
    except OSError as error:
        raise SensorError(SensorReason.UNREADABLE, f"{path} cannot be read: {error}", retryable=False) from error


def _packets(session: BinaryIO) -> list[Packet | DecodeError]:
    """The next lines; none at the end of the file. A line without an end is read in pieces, none of which is sound."""
    lines = iter(lambda: session.readline(LONGEST_LINE + 1), b"")
    return [read(line) for line in islice(lines, LINES_AT_ONCE)]
