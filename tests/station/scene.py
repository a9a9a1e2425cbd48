"""A ward of beds as a broker sees it: messages of the real models, published by one client."""

from __future__ import annotations

from collections.abc import Sequence

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edge.config import Mqtt
from edge.publish.payload import (
    AlertMessage,
    AvailabilityMessage,
    Message,
    SensorCondition,
    SensorsMessage,
    StateMessage,
)
from edge.publish.topics import AVAILABILITY, EVENT, SENSORS, STATE, Topics, alarm_leaf
from edge.types import Condition, Priority, SensorState, SensorWarning, Validity

LOOKS: Sequence[str] = (
    "watched", "watched", "pain-high", "watched", "blind", "watched", "unknown", "watched", "attended", "technical",
    "watched", "watched", "pain", "watched", "building", "watched", "watched", "watched", "over", "watched",
)  # fmt: skip
"""What the beds of a scene look like, in turn."""

_WHY = ["AU4", "AU43", "AU7", "for_14_s"]


class Scene:
    """Beds that speak.

    Args:
        mqtt: the broker.
        count: how many beds.
        now_ms: wall time of the messages.
        looks: what they look like, in turn.
    """

    def __init__(self, mqtt: Mqtt, count: int, now_ms: int, looks: Sequence[str] = LOOKS) -> None:
        """Connect."""
        self.looks = {f"bed{index + 1:02d}": looks[index % len(looks)] for index in range(count)}
        self.now_ms = now_ms
        self.number = 100
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="scene", protocol=paho.MQTTv311)
        self._client.connect(mqtt.host, mqtt.port)
        self._client.loop_start()

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def speak(self, only: Sequence[str] | None = None) -> None:
        """Publish the present state of every bed (or of some)."""
        for bed, look in self.looks.items():
            if only is None or bed in only:
                self._speak(bed, look)

    def publish(self, bed: str, leaf: str, message: Message, *, retain: bool = False) -> None:
        """Publish one message."""
        self._client.publish(Topics("ward3", bed).of(leaf), message.encode(), qos=1, retain=retain).wait_for_publish(5)

    def _speak(self, bed: str, look: str) -> None:
        online = look != "unknown"
        reason = "started" if online else "connection_lost"
        available = {**self._head("face+ppg+gsr"), "online": online, "reason": reason}
        self.publish(bed, AVAILABILITY, AvailabilityMessage.model_validate(available), retain=True)
        if look in ("pain", "pain-high", "attended", "over"):
            presence = {"attended": "acknowledged", "over": "latched"}.get(look, "on")
            priority = "high" if look == "pain-high" else "medium"
            self.alarm(bed, Condition.PAIN, presence, priority)
        elif look == "blind":
            self.alarm(bed, Condition.CANNOT_ASSESS, "on", "medium", score=None)
        elif look == "technical":
            self.alarm(bed, Condition.BAND_LOST, "on", "low", score=2.0)
        self.charge(bed, 14 if look == "technical" else 60 + int(bed[3:]) % 35)
        self.publish(bed, STATE, self.state(look, int(bed[3:])), retain=True)

    def charge(self, bed: str, percent: float) -> None:
        """Publish the charge of its wristband."""
        warnings = [SensorWarning.BATTERY_LOW] if percent <= 15 else []
        band = SensorCondition(state=SensorState.STREAMING, battery=percent, warnings=warnings)
        told = SensorsMessage.model_validate({**self._head("face+ppg"), "sensors": {"band": band}})
        self.publish(bed, SENSORS, told, retain=True)

    def alarm(
        self, bed: str, condition: Condition, presence: str, priority: str, score: float | None = 6.4, episode: int = 7
    ) -> None:
        """Publish one transition on both of its topics."""
        mode = "blind" if score is None else "face+ppg+gsr"
        what: dict[str, object] = {
            **self._head(mode),
            "episode": episode,
            "condition": condition,
            "priority": Priority(priority),
            "presence": presence,
            "reasons": _WHY[:3] if condition is Condition.PAIN else [],
            "missing": {"f": "nf", "p": "nw", "g": "nw"} if score is None else {},
        }
        if score is not None:
            what |= {"score": score, "interval": (score - 1, score + 1)}
        alert = AlertMessage.model_validate(what, strict=False)
        self.publish(bed, EVENT, alert)
        self.publish(bed, alarm_leaf(condition), alert, retain=True)

    def state(self, look: str, index: int = 1) -> StateMessage:
        """The assessment of a bed that looks so."""
        score = {"pain-high": 8.3, "pain": 6.4, "attended": 6.0, "building": 5.6}.get(look, 0.6 + index % 5 * 0.6)
        painful = look in ("pain-high", "pain", "attended", "building")
        if look == "blind":
            what: dict[str, object] = {"verdict": "cannot_assess", "missing": {"face": "no_face", "ppg": "not_worn"}}
        else:
            contributions = [
                {"modality": "face", "log_odds": 0.9, "quality": 0.86, "age_s": 0.4},
                {"modality": "ppg", "log_odds": 0.2, "quality": 0.41 if index % 4 == 0 else 0.77, "age_s": 1.0},
            ]
            what = {
                "verdict": "pain" if painful else "calm",
                "missing": {"gsr": "sensor_lost"} if look == "technical" else {},
                "score": score,
                "interval": (max(0.0, score - 0.9), min(10.0, score + 0.9)),
                "reasons": _WHY if painful else [],
                "contributions": contributions,
            }
        mode = "blind" if look == "blind" else "face+ppg"
        return StateMessage.model_validate({**self._head(mode), "every_s": 10.0, **what}, strict=False)

    def _head(self, mode: str) -> dict[str, object]:
        self.number += 1
        return {
            "id": f"0123456789ab-{self.number}",
            "since_boot_ms": self.number,
            "wall_ms": self.now_ms,
            "synced": True,
            "validity": Validity.REAL,
            "mode": mode,
        }
