"""What the stanzas of all sensors have in common: a name, a kind, and how to get from the stanza to its driver."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

from pydantic import Field

from edge.clock import Clock
from edge.section import Section, SensorName
from edge.sensors.driver import Driver
from edge.types import Frame, Modality, SampleBlock


class CameraSection(Section):
    """Keys that every camera has."""

    modalities: ClassVar[tuple[Modality, ...]] = (Modality.FACE,)
    live: ClassVar[bool] = True
    """Whether it shows the present: only then may the box speak of a real patient, and only then are `rate_hz` pictures
    a second to be expected of it."""

    name: SensorName = Field(examples=["bedside"])
    """Name of this camera in messages and logs; unique in the file."""
    width_px: int = Field(default=640, ge=160, le=1920)
    """Requested picture width, pixels."""
    height_px: int = Field(default=480, ge=120, le=1080)
    """Requested picture height, pixels."""
    rate_hz: float = Field(default=10.0, ge=1.0, le=30.0)
    """Frames looked at per second; faster sources are thinned, newest first."""

    @abstractmethod
    def open(self, clock: Clock) -> Driver[Frame]:
        """The driver of this camera. Nothing is opened before its `stream` runs; libraries are imported here."""


class BandSection(Section):
    """Keys that every wristband has."""

    modalities: ClassVar[tuple[Modality, ...]] = (Modality.PPG, Modality.GSR)
    """What this kind of band can give evidence of."""
    live: ClassVar[bool] = True
    """Whether it is worn by somebody now: only then may the box speak of a real patient."""

    name: SensorName = Field(examples=["wrist"])
    """Name of this band in messages and logs; unique in the file."""
    least_delay_ms: float = Field(default=0.0, ge=0.0, le=500.0)
    """Shortest time that a block of this band takes to the box, milliseconds, where its maker states it or it was
    measured; it cannot be seen from here, and is subtracted (docs/clock.md)."""

    @abstractmethod
    def open(self, clock: Clock) -> Driver[SampleBlock]:
        """The driver of this band. Nothing is opened before its `stream` runs; libraries are imported here."""


class RecordedBandSection(BandSection):
    """Keys that every recorded session of a band has."""

    live: ClassVar[bool] = False

    pace: Literal["recorded", "fast"] = "recorded"
    """"recorded": at the recording's own pace on the box's clock; "fast": as fast as samples can be processed."""
    start_s: float = Field(default=0.0, ge=0.0)
    """Seconds to skip at the beginning of the recording."""
