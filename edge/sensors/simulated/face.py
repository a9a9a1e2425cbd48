"""The simulated face: an ordinary driver of readings, so that everything behind the network runs truly.

Detection, alignment and network are left out; reference, episode filter and certainty are not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.section import FilePath, Section, SensorName
from edge.sensors.driver import Driver
from edge.sensors.simulated.course import course_of
from edge.sensors.simulated.readings import RATE_HZ, readings, turned
from edge.sensors.simulated.scene import DEMO_SCENE, Scene
from edge.types import NS_PER_S, Absence, FaceReading, Modality

_STALL_S = 2.2
"""As of a live camera (`edge.sensors.camera.live`)."""


class SimulatedFace(Section):
    """The face of a simulated patient: action units as the network would read them, no pictures (docs/scenes.md)."""

    modalities: ClassVar[tuple[Modality, ...]] = (Modality.FACE,)
    live: ClassVar[bool] = False

    driver: Literal["simulated_face"]
    """Always "simulated_face"."""
    name: SensorName = Field(examples=["bedside"])
    """Name of this face in messages and logs; unique in the file."""
    scene: FilePath | None = Field(default=None, examples=["scene.toml"])
    """Scene file; default: the three-minute scene of `anodyne demo`."""
    seed: int = Field(default=1, ge=0)
    """Seed of the patient: give the simulated band the same, or they are two persons."""

    def open(self, clock: Clock) -> Driver[FaceReading]:
        """Its driver."""
        return FacePlayer(self, clock)


class FacePlayer:
    """Plays the face of a scene at 5 readings per second; the scene's time starts with the first connection.

    Args:
        config: the sensor's stanza.
        clock: paces the readings.

    Raises:
        ConfigError: the scene file cannot be used.
    """

    def __init__(self, config: SimulatedFace, clock: Clock) -> None:
        """Live the scene and read it."""
        self._name = config.name
        self._clock = clock
        course = course_of(Scene.load(config.scene or DEMO_SCENE), config.seed)
        self._read = readings(course)
        self._dead = course.failing("camera_dead")
        dark = course.failing("lights_off")
        away = course.inside(course.scene.face_away)
        averted = turned(course, config.seed)
        self._absence = np.select([dark, away, averted], [1, 2, 3], 0)
        self._origin_ns: int | None = None

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._name

    @property
    def stall_after_s(self) -> float:
        """Silence after which the stream counts as stalled."""
        return _STALL_S

    async def stream(self) -> AsyncIterator[FaceReading]:
        """Readings from now on.

        Raises:
            SensorError: DISCONNECTED while the scene's camera is dead.
        """
        if self._origin_ns is None:
            self._origin_ns = self._clock.now_ns()
        first = int((self._clock.now_ns() - self._origin_ns) / NS_PER_S * RATE_HZ)
        for index in range(first, len(self._dead) - 1):
            at_ns = self._origin_ns + round(index / RATE_HZ * NS_PER_S)
            await self._clock.sleep_until(at_ns)
            if self._dead[index]:
                raise SensorError(SensorReason.DISCONNECTED, "the simulated camera is dead")
            yield FaceReading(
                self._name,
                self._read.units[index],
                self._read.deviation,
                self._read.visible[index],
                float(self._read.trust[index]),
                at_ns,
                _ABSENCE[self._absence[index]],
            )


_ABSENCE = (None, Absence.TOO_DARK, Absence.NO_FACE, Absence.FACE_TURNED)
