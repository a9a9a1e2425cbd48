"""What all inputs have in common: what they hold at a tick, what it is worth, and faults that are told once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from edge.errors import InferenceError
from edge.types import (
    Absence,
    Channel,
    Estimate,
    Modality,
    SensorState,
    SensorStatus,
    Window,
)

log = logging.getLogger(__name__)

_ABSENCE_OF_STATE = {
    SensorState.CONNECTING: Absence.CONNECTING,
    SensorState.STALLED: Absence.SENSOR_STALLED,
    SensorState.LOST: Absence.SENSOR_LOST,
}


class FaultLog:
    """Logs an estimator's fault when it is new, not ten times a second."""

    def __init__(self, sensor: str) -> None:
        self._sensor = sensor
        self._told = ""

    def tell(self, error: InferenceError) -> None:
        """Log with the traceback unless the last fault said the same."""
        if error.message != self._told:
            self._told = error.message
            log.error("%s cannot be judged; its evidence is absent: %s", self._sensor, error.message, exc_info=error)


@dataclass(frozen=True, slots=True)
class Glance:
    """What an input held at the moment of a tick; taken of all inputs at once, before any of it is judged.

    Attributes:
        at_ns: monotonic time of the tick.
        status: the connection.
        estimates: what is said already.
        windows: samples that are to be judged instead, where it is time to.
    """

    at_ns: int
    status: SensorStatus
    estimates: tuple[Estimate, ...] = ()
    windows: Mapping[Channel, Window] | None = None

    @property
    def camera_off(self) -> bool:
        """Whether somebody has switched this camera off: that, and no fault, is why it says nothing."""
        return any(one.absence is Absence.CAMERA_OFF for one in self.estimates)


def worth(estimates: tuple[Estimate, ...]) -> dict[str, dict[str, float] | dict[str, str]]:
    """Quality by modality, and why a modality says nothing."""
    return {
        "quality": {str(estimate.modality): round(estimate.quality, 3) for estimate in estimates},
        "absent": {str(one.modality): str(one.absence) for one in estimates if one.absence is not None},
    }


def speaks(glance: Glance) -> bool:
    """Whether the sensor of a glance has anything to say."""
    return glance.camera_off or glance.status.state not in _ABSENCE_OF_STATE


def absences(glances: Mapping[str, Glance], modalities: Mapping[str, tuple[Modality, ...]]) -> dict[Modality, Absence]:
    """Why each modality would be missing if nothing more were said.

    Args:
        glances: of every sensor.
        modalities: what each sensor can give.
    """
    found = dict.fromkeys((Modality.FACE, Modality.PPG, Modality.GSR), Absence.NOT_CONFIGURED)
    for name, glance in glances.items():
        why = Absence.WARMING_UP if speaks(glance) else _ABSENCE_OF_STATE[glance.status.state]
        found.update(dict.fromkeys(modalities[name], why))
    return found
