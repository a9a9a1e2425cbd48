"""Messages of one bed, as a station receives them."""

from __future__ import annotations

from edge.publish.payload import (
    AlertMessage,
    AvailabilityMessage,
    Head,
    SensorCondition,
    SensorsMessage,
    StateMessage,
)
from edge.publish.subscriber import Received
from edge.publish.topics import Address
from edge.types import (
    NS_PER_S,
    Absence,
    Condition,
    Modality,
    Presence,
    Priority,
    SensorState,
    SensorWarning,
    Validity,
    Verdict,
)

HEAD = {
    "since_boot_ms": 1000,
    "wall_ms": 1_767_225_600_000,
    "synced": True,
    "validity": Validity.REAL,
    "mode": "face+ppg+gsr",
}


def received(leaf: str, message: Head, *, bed: str = "bed7", at_s: float = 0, retained: bool = False) -> Received:
    return Received(Address("ward", bed, leaf), message, retained, round(at_s * NS_PER_S))


def state(verdict: Verdict = Verdict.CALM, number: int = 1) -> StateMessage:
    blind = verdict is Verdict.CANNOT_ASSESS
    more = {"mode": "blind"} if blind else {"score": 2.0, "interval": (1.0, 3.0)}
    missing = {Modality.FACE: Absence.NO_FACE} if blind else {}
    what = {"id": f"0123456789ab-{number}", "verdict": verdict, "missing": missing, "every_s": 10.0}
    return StateMessage.model_validate(HEAD | what | more)


def band(percent: float | None, *, low: bool = False, state: SensorState = SensorState.STREAMING) -> SensorCondition:
    return SensorCondition(state=state, battery=percent, warnings=[SensorWarning.BATTERY_LOW] if low else [])


def sensors(**told: SensorCondition) -> SensorsMessage:
    return SensorsMessage.model_validate({**HEAD, "id": "0123456789ab-30", "sensors": told})


def available(*, online: bool) -> AvailabilityMessage:
    what = {"id": "0123456789ab-9", "online": online, "reason": "started" if online else "connection_lost"}
    return AvailabilityMessage.model_validate(HEAD | what)


def alert(
    condition: Condition = Condition.PAIN,
    presence: Presence = Presence.ON,
    priority: Priority = Priority.MEDIUM,
    number: int = 20,
) -> AlertMessage:
    what = {"id": f"0123456789ab-{number}", "episode": number, "condition": condition, "priority": priority}
    return AlertMessage.model_validate(HEAD | what | {"presence": presence, "score": 6.0, "interval": (5.0, 7.0)})
