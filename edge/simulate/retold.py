"""The same life as a bed with fewer sensors would have seen it: true fusion and alarms on what was heard once.

Estimates of one modality hardly depend on what else watches the bed, and they are what takes time. What does depend on
it (a band is known not to be worn by pulse and skin together) stays as with all sensors.
"""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.alarm.manager import AlarmManager
from edge.bundle import Bundle
from edge.errors import CommandError
from edge.fusion import Calibration, Fusion
from edge.publish.outbox import Outbox
from edge.simulate.clock import SimulationClock
from edge.simulate.run import ACKNOWLEDGES_S, Raised, Said, Simulation
from edge.simulate.truth import Sensor, Truth
from edge.store import Store
from edge.types import NS_PER_S, Absence, Alert, Modality, Presence

_MODALITY: dict[Sensor, Modality] = {
    "face": Modality.FACE,
    "ppg": Modality.PPG,
    "gsr": Modality.GSR,
    "hr": Modality.HEART_RATE,
}


def retold(run: Simulation, watched: tuple[Sensor, ...]) -> Simulation:
    """Fuse what was heard as if only these sensors had been there, and raise what they give reason to.

    Args:
        run: with everything that was heard (`keep`).
        watched: some of the sensors that it had.
    """
    bundle = Bundle.load(run.settings.models.bundle)
    clock = SimulationClock()
    said: list[Said] = []
    with closing(Store.open(Path(":memory:"))) as store:
        alarms = AlarmManager(store, run.settings.alarm, clock, run.settings.box.validity, Outbox(store))
        fusion = Fusion(Calibration(bundle), run.settings.fusion)
        nurse = _Nurse(alarms, run.course.seed)
        for heard in run.heard:
            clock.advance((heard.at_ns - clock.now_ns()) / NS_PER_S)
            nurse.look(heard.at_ns)
            here = {_MODALITY[one] for one in watched}
            absences = {
                modality: absence if modality in here else Absence.NOT_CONFIGURED
                for modality, absence in heard.absences.items()
                if modality in here or modality is not Modality.HEART_RATE
            }
            estimates = [one for one in heard.estimates if one.modality in here]
            assessment = fusion.assess(heard.at_ns, estimates, absences)
            nurse.hear(alarms.step(assessment, {}), heard.at_ns)
            at_s = heard.at_ns / NS_PER_S
            said.append(Said(at_s, assessment.verdict, assessment.score, assessment.mode_text))
    truth = Truth.of(run.course, watched)
    return replace(run, truth=truth, said=tuple(said), raised=tuple(nurse.raised), heard=())


class _Nurse:
    """Acknowledges each alarm some time after it, as the simulated bed's does."""

    def __init__(self, alarms: AlarmManager, seed: int) -> None:
        self._alarms = alarms
        self._rng = np.random.default_rng([seed, 401])
        self._due: list[tuple[int, Alert]] = []
        self.raised: list[Raised] = []

    def hear(self, alerts: tuple[Alert, ...], now_ns: int) -> None:
        """Note what was raised."""
        for alert in alerts:
            self.raised.append(Raised(now_ns / NS_PER_S, alert))
            if alert.presence is Presence.ON:
                wait_s = float(self._rng.uniform(*ACKNOWLEDGES_S))
                self._due.append((now_ns + round(wait_s * NS_PER_S), alert))

    def look(self, now_ns: int) -> None:
        """Acknowledge what it is time for; what has ended by then needs nobody."""
        due = [alert for at_ns, alert in self._due if at_ns <= now_ns]
        self._due = [one for one in self._due if one[0] > now_ns]
        for alert in due:
            with suppress(CommandError):
                self.raised.append(Raised(now_ns / NS_PER_S, self._alarms.acknowledge(alert.condition, "nurse")))
