"""Plain assessments and a small bed to drive through them, tick by tick of a virtual second."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edge.alarm.manager import AlarmManager
from edge.clock import VirtualClock
from edge.config import Alarm
from edge.publish.outbox import Outbox
from edge.store import Store
from edge.types import (
    Absence,
    Alert,
    Assessment,
    Condition,
    Modality,
    SensorStatus,
    Validity,
    Verdict,
)

ALL = (Modality.FACE, Modality.PPG, Modality.GSR)

ALARM = Alarm(bed_after_s=3600.0, second_station_after_s=7200.0)
"""The defaults, but nobody else is called within an hour."""


def assessment(
    now_ns: int,
    score: float | None,
    mode: tuple[Modality, ...] = ALL,
    missing: Mapping[Modality, Absence] | None = None,
) -> Assessment:
    """What fusion would say; a score of None is blindness."""
    lost = dict.fromkeys((one for one in ALL if one not in mode or score is None), Absence.SENSOR_LOST)
    absent = {Modality.HEART_RATE: Absence.NOT_CONFIGURED} | (lost if missing is None else dict(missing))
    if score is None:
        return Assessment(now_ns, Verdict.CANNOT_ASSESS, None, None, None, (), absent)
    verdict = Verdict.PAIN if score >= ALARM.pain_on_score else Verdict.CALM
    interval = (max(0.0, score - 1), min(10.0, score + 1))
    return Assessment(now_ns, verdict, score, interval, score / 10, mode, absent, (), ("AU4", "AU43"))


class Bed:
    """A bed whose assessments the test dictates.

    Args:
        folder: where the store is.
        clock: of the bed; a new one by default.
        alarm: delays and thresholds.
    """

    def __init__(self, folder: Path, clock: VirtualClock | None = None, alarm: Alarm = ALARM) -> None:
        self.folder = folder
        self.clock = clock or VirtualClock()
        self.alarm = alarm
        self.log: list[Alert] = []
        self.open()

    def open(self) -> None:
        """Begin as the program does."""
        self.store = Store.open(self.folder / "state.db")
        self.outbox = Outbox(self.store)
        self.manager = AlarmManager(self.store, self.alarm, self.clock, Validity.TEST, self.outbox)

    def close(self) -> None:
        """End."""
        self.store.close()

    def restart(self, clock: VirtualClock | None = None) -> None:
        """End the program and begin it anew; with another clock: after a boot."""
        self.close()
        self.clock = clock or self.clock
        self.open()

    def see(
        self,
        score: float | None,
        seconds: float = 1,
        mode: tuple[Modality, ...] = ALL,
        missing: Mapping[Modality, Absence] | None = None,
        sensors: Mapping[str, SensorStatus] | None = None,
    ) -> list[Alert]:
        """Show the same view for this long, one tick a second; the transitions that came of it."""
        heard: list[Alert] = []
        for _ in range(round(seconds)):
            self.clock.advance(1.0)
            heard += self.manager.step(assessment(self.clock.now_ns(), score, mode, missing), sensors or {})
        self.log += heard
        return heard

    def acknowledge(self, name: str = "pain") -> Alert:
        """Acknowledge as a nurse does."""
        alert = self.manager.acknowledge(name, "nurse")
        if alert not in self.log:  # acknowledged before: no transition
            self.log.append(alert)
        return alert


def told(alerts: list[Alert], condition: Condition = Condition.PAIN) -> list[str]:
    """The transitions of one condition as "presence priority"."""
    return [f"{one.presence} {one.priority}" for one in alerts if one.condition is condition]
