"""The nurse of a soak: what she asks comes as a station's command, so that the box writes what it does there."""

from __future__ import annotations

import paho.mqtt.client as paho
import paho.mqtt.publish as paho_publish

from edge.config import Box
from edge.publish.payload import Acknowledge
from edge.publish.topics import COMMAND, Topics
from edge.types import Alert, Condition


def acknowledgement(alert: Alert) -> Acknowledge:
    """What she answers to an alert."""
    return acknowledgement_of(alert.condition, f"ack-{alert.id}")


def acknowledgement_of(condition: Condition, command_id: str) -> Acknowledge:
    """The same by hand."""
    return Acknowledge(id=command_id, do="acknowledge", condition=condition, by="nurse")


def send(port: int, box: Box, command: Acknowledge) -> None:
    """Publish a command to a bed through the broker on this port of loopback; blocks until the broker has it.

    Raises:
        OSError: there is no broker.
    """
    paho_publish.single(
        Topics(box.site, box.bed).of(COMMAND),
        command.model_dump_json(exclude_none=True).encode(),
        qos=1,
        hostname="127.0.0.1",
        port=port,
        protocol=paho.MQTTv5,
    )
