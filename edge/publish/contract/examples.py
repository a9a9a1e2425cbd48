"""One bed's messages as examples; those of alerts and states are about as long as they become."""

from __future__ import annotations

from edge.clock import Instant
from edge.publish.payload import (
    KIND,
    Acknowledge,
    AuditMessage,
    AvailabilityMessage,
    BurdenCommand,
    BurdenMessage,
    ControlCommand,
    HealthMessage,
    LoadMessage,
    LocateCommand,
    Message,
    NoteMessage,
    ProofCommand,
    ReceiptMessage,
    ReferenceCommand,
    ReplyMessage,
    ReportCommand,
    SensorCondition,
    SensorsMessage,
    alert_message,
    state_message,
)
from edge.publish.topics import (
    AUDIT,
    AVAILABILITY,
    BURDEN,
    COMMAND,
    EVENT,
    HEALTH,
    HOME_COMMAND,
    LOAD,
    NOTE,
    RECEIPT,
    REPLY,
    SENSORS,
    STATE,
)
from edge.types import (
    Absence,
    Activation,
    Alert,
    Assessment,
    Condition,
    Contribution,
    Hold,
    Modality,
    Presence,
    Priority,
    SensorState,
    SensorWarning,
    Validity,
    Verdict,
)

BOOT = "0123456789ab"
NOW = Instant(BOOT, 30 * 86_400 * 1_000_000_000, 1_767_225_615_000, synced=True)
"""A box that has run for thirty days."""

NUMBER = 1_234_567
"""Running number of a box after a year of messages every ten seconds."""

ALL = (Modality.FACE, Modality.PPG, Modality.GSR)
REASONS = ("AU4", "AU43", "skin", "pulse", "for_12_s")


def assessment(
    score: float | None, mode: tuple[Modality, ...] = ALL, absence: Absence = Absence.POOR_SIGNAL
) -> Assessment:
    """What fusion says with these modalities in use; None: nothing can be assessed."""
    missing = dict.fromkeys((one for one in ALL if one not in mode or score is None), absence)
    if score is None:
        return Assessment(NOW.mono_ns, Verdict.CANNOT_ASSESS, None, None, None, (), missing)
    verdict = Verdict.PAIN if score >= 5 else Verdict.CALM
    shares = tuple(Contribution(one, -0.44 if one is Modality.GSR else 2.13, 0.92, 0.14) for one in mode)
    interval = (max(0.0, score - 1.14), min(10.0, score + 1.17))
    return Assessment(NOW.mono_ns, verdict, score, interval, 0.913, mode, missing, shares, REASONS)


def alert(condition: Condition, presence: Presence, assessed: Assessment, *reasons: str) -> Alert:
    """A transition of a condition that rests on this assessment."""
    return Alert(
        id=f"{BOOT}-{NUMBER}",
        seq=NUMBER,
        episode=f"{BOOT}-{NUMBER - 20}",
        condition=condition,
        kind=KIND[condition],
        priority=Priority.MEDIUM,
        presence=presence,
        activation=Activation.ON,
        at_ns=NOW.mono_ns,
        boot_id=BOOT,
        wall_ms=NOW.wall_ms,
        synced=True,
        validity=Validity.REAL,
        mode=assessed.mode_text,
        missing={str(one): str(why) for one, why in assessed.missing.items()},
        score=assessed.score,
        interval=assessed.interval,
        reasons=reasons,
    )


def _head(mode: str = "face+ppg+gsr") -> dict[str, object]:
    return {
        "id": f"{BOOT}-{NUMBER}",
        "since_boot_ms": NOW.mono_ns // 1_000_000,
        "wall_ms": NOW.wall_ms,
        "synced": True,
        "validity": Validity.REAL,
        "mode": mode,
    }


def _day() -> BurdenMessage:
    counts: dict[str, object] = {
        "day": "2026-01-01",
        "complete": False,
        "raised": {Condition.PAIN: 3, Condition.FACE_LOST: 1},
        "physiological": 3,
        "technical": 1,
        "acknowledged": 3,
        "median_acknowledge_s": 41.5,
        "longest_acknowledge_s": 120.0,
        "repeated": 1,
        "escalated": 0,
        "minutes_blind": 2.5,
        "minutes_watched": 840.0,
    }
    return BurdenMessage.model_validate(_head() | counts)


def _sensors() -> SensorsMessage:
    band = SensorCondition(state=SensorState.STREAMING, battery=14.0, warnings=[SensorWarning.BATTERY_LOW])
    camera = SensorCondition(state=SensorState.STREAMING)
    return SensorsMessage.model_validate(_head() | {"sensors": {"camera": camera, "band": band}})


def _health() -> HealthMessage:
    found: dict[str, object] = {
        "grade": "warning",
        "faults": {"power": "the supply voltage has been too low since the last start"},
        "temperature_c": 61.2,
        "software": "0.1.0",
        "models": {
            "bundle": "1.1.0-3f9a1c2b7d40",
            "version": "1.1.0",
            "use": "trial",
            "since_ms": NOW.wall_ms - 3_600_000,
            "beside": "1.1.0-3f9a1c2b7d40",
            "beside_state": "done",
        },
    }
    return HealthMessage.model_validate(_head() | found)


def examples() -> dict[str, tuple[str, Message]]:
    """By name: the leaf and the message."""
    pain, one, blind = assessment(7.25), assessment(8.5, (Modality.FACE,)), assessment(None)
    raised = alert(Condition.PAIN, Presence.ON, one, "to_bed", "AU43", "for_12_s")
    unseen = alert(Condition.CANNOT_ASSESS, Presence.ACKNOWLEDGED, blind, "sensor_lost", "no_face")
    answered = {"to": "station-4711", "ok": True, "detail": "care mode for 900 s"}
    refused = {"to": "ha-17", "ok": False, "reason": "not_authorised", "detail": "report cannot be asked for here"}
    who: dict[str, object] = {"by": "Sister Ruth"}
    return {
        "availability": (
            AVAILABILITY,
            AvailabilityMessage.model_validate(_head() | {"online": True, "reason": "started"}),
        ),
        "state: pain, all modalities": (STATE, state_message(pain, NOW, NUMBER, Validity.REAL, 10.0)),
        "state: calm, face alone, two holds": (
            STATE,
            state_message(
                assessment(1.25, (Modality.FACE,)),
                NOW,
                NUMBER,
                Validity.REAL,
                10.0,
                (Hold.CARE, Hold.AUDIO_PAUSED),
            ),
        ),
        "state: cannot assess": (STATE, state_message(blind, NOW, NUMBER, Validity.REAL, 10.0)),
        "alert: pain, face alone": (EVENT, alert_message(raised)),
        "alert: cannot assess, acknowledged": (f"alarm/{Condition.CANNOT_ASSESS}", alert_message(unseen)),
        "burden": (f"{BURDEN}2026-01-01", _day()),
        "audit": (
            f"{AUDIT}2026-01-01",
            AuditMessage.model_validate(_head() | {"day": "2026-01-01", "entries": 4711, "hash": "5f" * 32}),
        ),
        "load": (
            LOAD,
            LoadMessage.model_validate(
                _head() | {"level": "slow", "rate_hz": 4.0, "why": ["temperature"], "temperature_c": 81.2}
            ),
        ),
        "sensors": (SENSORS, _sensors()),
        "health": (HEALTH, _health()),
        "command: acknowledge": (
            COMMAND,
            Acknowledge.model_validate({"id": "station-4711", "do": "acknowledge", "episode": 1_234_547, **who}),
        ),
        "command: set_reference": (
            COMMAND,
            ReferenceCommand.model_validate({"id": "station-4712", "do": "set_reference", "camera": "camera", **who}),
        ),
        "command: care_on": (
            COMMAND,
            ControlCommand.model_validate({"id": "station-4713", "do": "care_on", "seconds": 900, **who}),
        ),
        "command: report": (
            COMMAND,
            ReportCommand.model_validate({"id": "station-4714", "do": "report", "scale": "painad", "value": 6, **who}),
        ),
        "command: burden": (COMMAND, BurdenCommand.model_validate({"id": "station-4715", "do": "burden", **who})),
        "command: locate": (
            HOME_COMMAND,
            LocateCommand.model_validate({"id": "ha-1767225615000", "do": "locate", "seconds": 15, **who}),
        ),
        "command: proof": (
            COMMAND,
            ProofCommand.model_validate({"id": "station-4717", "do": "proof", "episode": 1_234_547, **who}),
        ),
        "receipt": (RECEIPT, ReceiptMessage(id=f"{BOOT}-{NUMBER}", by="ward 3")),
        "reply: done": (REPLY, ReplyMessage.model_validate(_head() | answered)),
        "reply: refused": (REPLY, ReplyMessage.model_validate(_head() | refused)),
        "note": (
            NOTE,
            NoteMessage(id="station-4716", wall_ms=NOW.wall_ms, text="Daughter visits at four.", by="Sister Ruth"),
        ),
    }
