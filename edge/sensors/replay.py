"""Sensors of a recorded session as drivers: a wristband's samples as they came, a face's estimates.

Of a face no pictures were kept, so a replayed face begins with what was made of them. Losses and silences of the
recording happen again at their time. For the exact result of a recording use `anodyne replay`; these drivers are for
playing a recorded patient into another box.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import ClassVar, Generic, Literal, TypeVar

from pydantic import Field

from edge.clock import Clock
from edge.errors import SensorError, SensorReason, SessionError, SessionReason
from edge.recorder.events import BlockArrived, Estimated, Event, StatusChanged
from edge.recorder.facts import SensorFacts
from edge.recorder.session import Session
from edge.section import FilePath, Section, SensorName
from edge.sensors.driver import Driver
from edge.sensors.stanza import BandSection
from edge.types import Estimate, Modality, SampleBlock, SensorState

T = TypeVar("T", SampleBlock, Estimate)

CHUNK = 256
"""Events read from the file at once: about half a minute of a band."""

KINDS = ("block", "status", "estimate")
"""What a sensor's part of a session consists of."""

_STALL_S = 5.0
"""Silence that counts as a stall where the session does not say."""


class ReplayedBand(BandSection):
    """A wristband of a recorded session (docs/sessions.md)."""

    live: ClassVar[bool] = False

    driver: Literal["replay"]
    """Always "replay"."""
    session: FilePath = Field(examples=["sessions/20261122T214630Z-4be1d70c93aa-1.anodyne"])
    """The session's file."""
    sensor: SensorName | None = Field(default=None, examples=["wrist"])
    """Name of the wristband in the session; default: `name`."""
    speed: float = Field(default=1.0, ge=0.0, le=1000.0)
    """1: at the recorded pace; 10: ten times as fast; 0: as fast as samples are taken. Times stay those of the
    recording, so above 1 the data run ahead of the box's clock."""

    @property
    def modalities(self) -> tuple[Modality, ...]:  # type: ignore[override]  # the other kinds' is fixed; never written
        """What the recorded band could give evidence of."""
        found = _sensor_facts(self.session, self.sensor or self.name)
        return BandSection.modalities if found is None else found.modalities

    def open(self, clock: Clock) -> Driver[SampleBlock]:
        """Its driver."""
        return Player(self.name, self.session, self.sensor or self.name, self.speed, clock, partial(_block, self.name))


class ReplayedFace(Section):
    """A face of a recorded session: what was made of its pictures, which were never kept (docs/sessions.md)."""

    live: ClassVar[bool] = False

    driver: Literal["replay_face"]
    """Always "replay_face"."""
    name: SensorName = Field(examples=["bedside"])
    """Name of this face in messages and logs; unique in the file."""
    session: FilePath = Field(examples=["sessions/20261122T214630Z-4be1d70c93aa-1.anodyne"])
    """The session's file."""
    sensor: SensorName | None = Field(default=None, examples=["bedside"])
    """Name of the camera in the session; default: `name`."""
    speed: float = Field(default=1.0, ge=0.0, le=1000.0)
    """1: at the recorded pace; 10: ten times as fast; 0: as fast as estimates are taken. Times stay those of the
    recording, so above 1 the data run ahead of the box's clock."""

    def open(self, clock: Clock) -> Driver[Estimate]:
        """Its driver."""
        return Player(self.name, self.session, self.sensor or self.name, self.speed, clock, _estimate)


class Player(Generic[T]):
    """Plays one sensor of a session. The session's time begins with the first connection and goes on between two.

    Args:
        name: of the sensor here.
        path: the session.
        sensor: its name there.
        speed: pace; 0 for none.
        clock: gives the pace.
        shift: makes an item of an event, its times moved by so many nanoseconds; None where it is of another kind.
    """

    def __init__(
        self, name: str, path: Path, sensor: str, speed: float, clock: Clock, shift: Callable[[Event, int], T | None]
    ) -> None:
        """Read only how long the sensor may be silent."""
        self._name = name
        self._path = path
        self._sensor = sensor
        self._speed = speed
        self._clock = clock
        self._shift: Callable[[Event, int], T | None] = shift
        self._played = 0
        self._origin_ns: int | None = None
        self._lost = False
        facts = _sensor_facts(path, sensor)
        self._stall_after_s = _STALL_S if facts is None else facts.stall_after_s

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._name

    @property
    def stall_after_s(self) -> float:
        """Silence after which the recorded stream counted as stalled."""
        return self._stall_after_s

    async def stream(self) -> AsyncIterator[T]:
        """Yield what arrived, when it arrived, until the recorded connection was lost or the session ends.

        Raises:
            SensorError: the loss that was recorded, with its reason; or NOT_FOUND, UNREADABLE (no session, or damaged
                from here on), EMPTY (no such sensor in it): not retryable.
        """
        tape = await self._clock.in_thread(_Tape, self._path, self._sensor, self._played)
        if self._origin_ns is None:
            self._origin_ns = self._clock.now_ns()
        try:
            while bool(tape.chunk) or await self._clock.in_thread(tape.fill):
                seq, event = tape.chunk.popleft()
                await self._until(event.at_ns, self._origin_ns, tape.start_ns)
                self._played = seq
                shifted = self._shift(event, self._origin_ns - tape.start_ns)
                if shifted is not None:
                    self._lost = False
                    yield shifted
                elif self._ends(event):
                    return
            await self._until(tape.end_ns, self._origin_ns, tape.start_ns)
        finally:
            tape.close()

    def _ends(self, event: Event) -> bool:
        """Whether the recording of this sensor ended here.

        Raises:
            SensorError: the connection was lost here. What happened until data flowed again is one loss.
        """
        if not isinstance(event, StatusChanged) or event.status.state is not SensorState.LOST or self._lost:
            return False
        if event.status.reason is SensorReason.END_OF_RECORDING:
            return True
        self._lost = True
        raise SensorError(event.status.reason or SensorReason.DISCONNECTED, event.status.detail)

    async def _until(self, at_ns: int, origin_ns: int, start_ns: int) -> None:
        if self._speed:
            await self._clock.sleep_until(origin_ns + round((at_ns - start_ns) / self._speed))
        else:
            await self._clock.sleep(0)  # let the others of the loop have their turn


class _Tape:
    """One sensor's events of a session, read piece by piece, in any thread.

    Args:
        path: the session.
        sensor: its name there.
        after: number of the last event that was played before.

    Raises:
        SensorError: the session cannot be read (any further), or has no such sensor.
    """

    def __init__(self, path: Path, sensor: str, after: int) -> None:
        self.chunk: deque[tuple[int, Event]] = deque()
        self._damage: SensorError | None = None
        with _as_sensor_error(), ExitStack() as opened:
            session = opened.enter_context(Session.open(path))
            names = [one.name for one in session.facts.sensors]
            if sensor not in names:
                has = ", ".join(names) or "none"
                raise SensorError(
                    SensorReason.EMPTY, f'{path} has no sensor "{sensor}" (it has: {has})', retryable=False
                )
            self.start_ns, self.end_ns = _span_ns(session)
            self._events = session.events(KINDS, sensor=sensor, after=after)
            self._opened = opened.pop_all()

    def fill(self) -> bool:
        """Read on; False at the end. What comes before a damage is there to be played before the damage is told."""
        if self._damage is not None:
            raise self._damage
        try:
            with _as_sensor_error():
                self.chunk.extend(islice(self._events, CHUNK))
        except SensorError as error:
            self._damage = error
            return bool(self.chunk) or self.fill()
        return bool(self.chunk)

    def close(self) -> None:
        """Close the file."""
        self._opened.close()


def _span_ns(session: Session) -> tuple[int, int]:
    """First and last moment of a session; where its end is damaged, its start."""
    with suppress(SessionError):
        return session.span_ns()
    return session.facts.start.mono_ns, session.facts.start.mono_ns


@contextmanager
def _as_sensor_error() -> Iterator[None]:
    try:
        yield
    except SessionError as error:
        missing = error.reason is SessionReason.NOT_FOUND
        reason = SensorReason.NOT_FOUND if missing else SensorReason.UNREADABLE
        raise SensorError(reason, error.message, retryable=False) from error


def _sensor_facts(path: Path, sensor: str) -> SensorFacts | None:
    """What the session says of a sensor; None where it cannot be read, which the driver reports when it is run."""
    with suppress(SessionError), Session.open(path) as session:
        return next((one for one in session.facts.sensors if one.name == sensor), None)
    return None


def _estimate(event: Event, delta_ns: int) -> Estimate | None:
    """A face's estimate, moved in time."""
    if not isinstance(event, Estimated) or event.estimate.modality is not Modality.FACE:
        return None
    return replace(event.estimate, measured_ns=event.estimate.measured_ns + delta_ns)


def _block(name: str, event: Event, delta_ns: int) -> SampleBlock | None:
    """A band's samples, moved in time and under the name that the band has here."""
    if not isinstance(event, BlockArrived):
        return None
    return replace(event.block, sensor=name, arrived_ns=event.block.arrived_ns + delta_ns)
