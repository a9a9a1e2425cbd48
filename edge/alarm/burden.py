"""The alarm burden of one bed and day: counted by the box, published every hour and when the day ends.

Of ward alarms most are found to need no action; a box that adds to them without counting does harm unseen.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from statistics import median

from pydantic import BaseModel, ConfigDict

from edge.clock import Clock, Instant
from edge.errors import StoreError
from edge.publish.outbox import Outbox
from edge.publish.payload import KIND, BurdenMessage, head
from edge.publish.topics import burden_leaf
from edge.types import (
    NS_PER_S,
    Alert,
    Assessment,
    Condition,
    ConditionKind,
    Presence,
    Validity,
    Verdict,
)

logger = logging.getLogger(__name__)

SAVE_EVERY_S = 300.0
"""Time of watching that a crash or a power cut may lose from the counts, seconds; counts of alarms wait for a minute
(`edge.later`)."""

LOOK_EVERY_S = 60.0
"""How often is looked whether the day or the hour is over, seconds."""

PUBLISH_EVERY_S = 3600.0
"""Between two messages of a day that runs, seconds."""

KEPT_DAYS = 60
"""Days kept in the box: two months to look back on."""

EXPIRY_S = 30 * 86_400
"""The broker forgets a day after this, seconds."""

WAITS_KEPT = 1000
"""Acknowledgement times kept of a day: more than one every two minutes."""


class Day(BaseModel):
    """The counts of one day, as they lie on disk."""

    model_config = ConfigDict(extra="forbid")

    day: str
    raised: dict[Condition, int] = {}
    waits_s: list[float] = []
    acknowledged: int = 0
    repeated: int = 0
    escalated: int = 0
    blind_ns: int = 0
    watched_ns: int = 0
    boot_id: str = ""
    since_ns: dict[Condition, int] = {}
    """When each alarm that waits for an acknowledgement began, in that boot."""


class Burden:
    """Counts one bed. Use it from one thread.

    Args:
        outbox: where days are published; its store keeps them.
        clock: whose `now_ns` assessments carry.
        validity: real, test or demo.
        active: alarms of an earlier run that still stand.
    """

    def __init__(self, outbox: Outbox, clock: Clock, validity: Validity, active: Iterable[Alert] = ()) -> None:
        """Take up the day where an earlier run left it."""
        self._outbox = outbox
        self._store = outbox.store
        self._clock = clock
        self._validity = validity
        self._mode = "blind"
        now = clock.instant()
        standing = list(active)
        self._presence = {alert.condition: alert.presence for alert in standing}
        self._boot_id = now.boot_id
        self._last_ns: int | None = None
        self._saved_ns = self._looked_ns = self._published_ns = now.mono_ns
        self._today = self._load(_day(now))
        kept = self._today.since_ns if self._today.boot_id == now.boot_id else {}
        known = {alert.condition: alert.at_ns for alert in standing if alert.boot_id == now.boot_id}
        self._since_ns: dict[Condition, int] = known | {one: ns for one, ns in kept.items() if one in known}

    def tick(self, assessment: Assessment) -> None:
        """Count the time since the last tick, and publish where it is time to."""
        now_ns = assessment.assessed_ns
        elapsed_ns = 0 if self._last_ns is None else max(0, now_ns - self._last_ns)
        self._last_ns = now_ns
        self._mode = assessment.mode_text
        self._today.watched_ns += elapsed_ns
        if assessment.verdict is Verdict.CANNOT_ASSESS:
            self._today.blind_ns += elapsed_ns
        if now_ns - self._saved_ns >= SAVE_EVERY_S * NS_PER_S:
            self._saved_ns = now_ns
            self._store.later.ask(self._write, patient=True)
        if now_ns - self._looked_ns >= LOOK_EVERY_S * NS_PER_S:
            self._looked_ns = now_ns
            self._turn(self._clock.instant())

    def count(self, alert: Alert) -> None:
        """Count one transition."""
        before = self._presence.get(alert.condition, Presence.OFF)
        self._presence[alert.condition] = alert.presence
        today = self._today
        if alert.presence is Presence.ON and before is Presence.OFF:
            today.raised[alert.condition] = today.raised.get(alert.condition, 0) + 1
        elif alert.presence is Presence.ON and before in (Presence.ACKNOWLEDGED, Presence.LATCHED):
            today.repeated += 1
        elif alert.presence is before and alert.reasons[:1] in (("to_bed",), ("to_second",)):
            today.escalated += 1
        if alert.presence is Presence.ON and before is not Presence.ON:
            self._since_ns[alert.condition] = alert.at_ns
        by_somebody = alert.presence is Presence.ACKNOWLEDGED or (
            before is Presence.LATCHED and alert.presence is Presence.OFF
        )
        if by_somebody:
            today.acknowledged += 1
            since_ns = self._since_ns.pop(alert.condition, None)
            if since_ns is not None and len(today.waits_s) < WAITS_KEPT:
                today.waits_s.append(round((alert.at_ns - since_ns) / NS_PER_S, 1))
        self._store.later.ask(self._write, patient=True)

    def publish(self, *, complete: bool = False) -> BurdenMessage:
        """Put the day so far into the outbox, and return it."""
        now = self._clock.instant()
        self._published_ns = now.mono_ns
        message = self._message(now, complete=complete)
        leaf = burden_leaf(message.day)
        try:
            self._outbox.put(leaf, message, retain=True, expiry_s=EXPIRY_S)
        except StoreError:
            self._outbox.hold(leaf, message, retain=True, expiry_s=EXPIRY_S)
        return message

    def _turn(self, now: Instant) -> None:
        """Where the day has changed, save and publish it whole and begin the next."""
        day = _day(now)
        if day != self._today.day:
            self._save()
            self.publish(complete=True)
            self._today = self._load(day)
        elif now.mono_ns - self._published_ns >= PUBLISH_EVERY_S * NS_PER_S:
            self.publish()

    def _message(self, now: Instant, *, complete: bool) -> BurdenMessage:
        today = self._today
        kinds = [(KIND[condition], count) for condition, count in today.raised.items()]
        return BurdenMessage(
            **head(now, self._store.take_number(), self._validity, self._mode),
            day=today.day,
            complete=complete,
            raised=dict(today.raised),
            physiological=sum(count for kind, count in kinds if kind is ConditionKind.PHYSIOLOGICAL),
            technical=sum(count for kind, count in kinds if kind is ConditionKind.TECHNICAL),
            acknowledged=today.acknowledged,
            median_acknowledge_s=round(median(today.waits_s), 1) if today.waits_s else None,
            longest_acknowledge_s=max(today.waits_s, default=None),
            repeated=today.repeated,
            escalated=today.escalated,
            minutes_blind=round(today.blind_ns / NS_PER_S / 60, 1),
            minutes_watched=round(today.watched_ns / NS_PER_S / 60, 1),
        )

    def _load(self, day: str) -> Day:
        try:
            with self._store.reading() as cursor:
                row = cursor.execute("SELECT state FROM burden WHERE day = ?", (day,)).fetchone()
            return Day(day=day) if row is None else Day.model_validate_json(row[0])
        except (StoreError, ValueError) as error:
            logger.warning("the alarm burden of %s begins anew: %s", day, error)
            return Day(day=day)

    def _save(self) -> None:
        try:
            with self._store.transaction(durable=False) as cursor:
                self._write(cursor)
        except StoreError as error:
            logger.warning("the alarm burden of %s is not kept: %s", self._today.day, error)

    def _write(self, cursor: sqlite3.Cursor) -> None:
        self._today.boot_id, self._today.since_ns = self._boot_id, dict(self._since_ns)
        cursor.execute(
            "INSERT INTO burden (day, state) VALUES (?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
            (self._today.day, self._today.model_dump_json()),
        )
        cursor.execute(
            "DELETE FROM burden WHERE day NOT IN (SELECT day FROM burden ORDER BY day DESC LIMIT ?)",
            (KEPT_DAYS,),
        )


def _day(now: Instant) -> str:
    return datetime.fromtimestamp(now.wall_ms / 1000).astimezone().date().isoformat()
