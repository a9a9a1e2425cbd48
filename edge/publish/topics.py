"""The topic tree: `anodyne/<site>/<bed>/<leaf>`.

>>> Topics("ward3", "bed12").alarm(Condition.PAIN)
'anodyne/ward3/bed12/alarm/pain'
>>> parse("anodyne/ward3/bed12/alarm/pain")
Address(site='ward3', bed='bed12', leaf='alarm/pain')
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.types import Condition

ROOT = "anodyne"
"""First level of every topic."""

AVAILABILITY = "availability"
"""Retained, with a last will: whether the box is connected."""

STATE = "state"
"""Retained: the newest assessment."""

EVENT = "event"
"""Not retained: each alarm transition once."""

COMMAND = "command"
"""What a station asks of the box; never retained."""

RECEIPT = "receipt"
"""A station has an alert and shows it; never retained."""

HOME_COMMAND = "command/home"
"""What home automation asks of the box: a few commands only (`edge.publish.commands.ALLOWED`); never retained."""

SENSORS = "sensors"
"""Retained: state and charge of each sensor."""

LOAD = "load"
"""Retained: how fast the camera's road runs, and why not at full speed."""

AUDIT = "audit/"
"""Retained, one below this for each day: number and hash of the newest entry of the audit log."""

HEALTH = "health"
"""Retained: what is wrong with the box itself."""

REPLY = "reply"
"""The box's answer to a command."""

BURDEN = "burden/"
"""Retained, one below this for each day: how many alarms, how fast acknowledged, how long blind."""

CBOR = "cbor/"
"""Before `event` and `alarm/<condition>`: the same in CBOR, where the configuration asks for it."""

ALARM = "alarm/"
"""Retained, one below this for each condition: its current state."""

NOTE = "note"
"""Retained: the newest note of a nurse on this bed, from a station to all stations; boxes do not read it."""


def burden_leaf(day: str) -> str:
    """Leaf of the retained alarm burden of one day, "2026-11-25"."""
    return f"{BURDEN}{day}"


def alarm_leaf(condition: Condition) -> str:
    """Leaf of the retained current state of one condition."""
    return f"{ALARM}{condition}"


def audit_leaf(day: str) -> str:
    """Leaf of the retained end of the audit log on one day, "2026-11-25"."""
    return f"{AUDIT}{day}"


@dataclass(frozen=True, slots=True)
class Address:
    """A topic taken apart."""

    site: str
    bed: str
    leaf: str


def parse(topic: str) -> Address | None:
    """Take a topic apart; None where it is not one of ours."""
    parts = topic.split("/", 3)
    if len(parts) != 4 or parts[0] != ROOT or not all(parts):
        return None
    return Address(*parts[1:])


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one bed. `site` and `bed` may be the wildcard "+" for a subscriber."""

    site: str
    bed: str

    def of(self, leaf: str) -> str:
        """Full topic of a leaf."""
        return f"{ROOT}/{self.site}/{self.bed}/{leaf}"

    def alarm(self, condition: Condition) -> str:
        """Full topic of the retained state of one condition."""
        return self.of(alarm_leaf(condition))

    @property
    def everything(self) -> str:
        """Filter that matches all leaves."""
        return self.of("#")
