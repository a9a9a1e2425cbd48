"""Safe mode: sensors and models are left alone, and the box says that it cannot assess, and why."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

from edge.errors import AnodyneError
from edge.health.starts import Failure
from edge.sensors.replay import ReplayedFace
from edge.sensors.simulated.face import SimulatedFace
from edge.sensors.stanza import CameraSection
from edge.sensors.table import Kind
from edge.sensors.wristband.heart_rate import HeartRateBand
from edge.sensors.wristband.pulse_oximeter import PulseOximeterBand
from edge.stages import SAFE_MODE, stage_code
from edge.types import Absence, Assessment, Estimate, Modality, Verdict

log = logging.getLogger(__name__)

T = TypeVar("T")


class SafeMode:
    """Stands in the place of the fusion.

    Args:
        failure: why the box is not started as a whole.
        modalities: what the configured sensors would give.
    """

    def __init__(self, failure: Failure, modalities: Iterable[Modality]) -> None:
        """Nothing is assessed."""
        self.failure = failure
        self._missing = dict.fromkeys(modalities, Absence.SAFE_MODE)

    def assess(
        self, now_ns: int, estimates: Iterable[Estimate], absences: Mapping[Modality, Absence] | None = None
    ) -> Assessment:
        """Say at `now_ns` that the bed cannot be assessed, whatever is offered."""
        del estimates
        missing = {**(absences or {}), **self._missing}
        reasons = (SAFE_MODE, stage_code(self.failure.stage))
        return Assessment(now_ns, Verdict.CANNOT_ASSESS, None, None, None, (), missing, reasons=reasons)


def modalities(stanza: Kind) -> tuple[Modality, ...]:
    """What a sensor would give, from its stanza alone: no file of a recording is opened."""
    match stanza:
        case CameraSection() | ReplayedFace() | SimulatedFace():
            return (Modality.FACE,)
        case HeartRateBand() | PulseOximeterBand():
            return (Modality.HEART_RATE,)
        case _:
            return (Modality.PPG, Modality.GSR)


class Guard:
    """What becomes of a room that fails.

    Args:
        lenient: in safe mode it is left out, and the box goes on without; else its failure is the box's.
    """

    def __init__(self, *, lenient: bool) -> None:
        """Nothing has failed."""
        self._lenient = lenient

    def spare(self, build: Callable[[], T]) -> T | None:
        """What `build` makes; None where it is left out.

        Raises:
            AnodyneError: it fails, and is not to be left out.
        """
        try:
            return build()
        except AnodyneError as error:
            if not self._lenient:
                raise
            log.critical("left out in safe mode: %s", error.message)
            return None

    async def apart(self, work: Awaitable[None]) -> None:
        """Do the work of one room.

        Raises:
            AnodyneError, OSError, RuntimeError, ValueError: it fails, and is not to be left out.
        """
        try:
            await work
        except (AnodyneError, OSError, RuntimeError, ValueError) as error:
            if not self._lenient:
                raise
            log.critical("left out in safe mode: %s", error, exc_info=True)
