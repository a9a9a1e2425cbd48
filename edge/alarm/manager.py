"""The alarm manager: assessments in, committed transitions out.

A transition and its two outbox rows (`event`, and the retained `alarm/<condition>`) are committed in one transaction
before `step` or `acknowledge` returns them. Where the disk refuses, the transition stands in memory, its rows go to
the outbox's memory (the publisher sends them all the same), the log says so at CRITICAL, and every later step tries
the disk again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from edge.alarm import record as records
from edge.alarm import signs, table
from edge.alarm.record import Record
from edge.alarm.table import State
from edge.clock import Clock, Instant
from edge.config import Alarm
from edge.errors import CommandError, CommandReason, StoreError
from edge.publish.outbox import Outbox
from edge.publish.payload import ACTIVATION, KIND, MAX_REASONS, alert_message, message_id
from edge.publish.topics import EVENT, alarm_leaf
from edge.store import Store
from edge.types import Alert, Assessment, Condition, Presence, SensorStatus, Validity

logger = logging.getLogger(__name__)


class AlarmManager:
    """All alarm conditions of one bed. Use it from one thread.

    Args:
        store: where states are kept.
        config: delays and thresholds.
        clock: whose `now_ns` the assessments carry.
        validity: real, test or demo.
        outbox: where announcements wait for the broker.

    Attributes:
        started: the moment at which the states of an earlier run were taken up.
        kept: those states by condition, as they lay on disk (JSON of `edge.alarm.record.Record`).

    Raises:
        StoreError: the states of an earlier run cannot be read.
    """

    def __init__(self, store: Store, config: Alarm, clock: Clock, validity: Validity, outbox: Outbox) -> None:
        """Restore what an earlier run announced."""
        self._store = store
        self._config = config
        self._clock = clock
        self._validity = validity
        self._outbox = outbox
        self._rules = signs.rules(config)
        loaded = records.load(store)
        self._records = {condition: loaded[condition] for condition in Condition if condition in loaded}
        self.started = clock.instant()
        self.kept = {str(condition): one.model_dump_json() for condition, one in self._records.items()}
        self._states = {
            condition: records.restore(self._records[condition], rule, self.started)
            if condition in self._records
            else State.off(rule)
            for condition, rule in self._rules.items()
        }
        self._restored = tuple(one.alert for one in self._records.values())
        self._last: tuple[Assessment, Mapping[str, SensorStatus]] | None = None
        self._unsaved = False

    def step(self, assessment: Assessment, sensors: Mapping[str, SensorStatus]) -> tuple[Alert, ...]:
        """Take in one assessment.

        Args:
            assessment: of this tick.
            sensors: what the connections are doing, by sensor name; it explains technical conditions.

        Returns:
            The transitions of this tick, already committed (or logged at CRITICAL where the disk refused).
        """
        if self._unsaved:
            self._save_all()
        elapsed_ns = max(0, assessment.assessed_ns - self._last[0].assessed_ns) if self._last else 0
        self._last = (assessment, dict(sensors))
        changed: dict[Condition, State] = {}
        for condition, sign in signs.signs(assessment, self._config).items():
            before = self._states[condition]
            after = table.advance(before, sign, elapsed_ns, assessment.assessed_ns, self._rules[condition])
            self._states[condition] = after
            if (after.presence, after.priority) != (before.presence, before.priority):
                changed[condition] = after
        return self._announce(changed, self._clock.instant(), by=None) if changed else ()

    def acknowledge(self, condition_or_episode: str, by: str) -> Alert:
        """Acknowledge a condition by its name, or one episode by its id or number.

        Returns:
            The transition, committed; or the standing alert where it was acknowledged before.

        Raises:
            CommandError: NOT_APPLICABLE: that condition is not active, or that episode is over.
        """
        condition = self._active_condition(condition_or_episode)
        before = self._states[condition]
        now = self._clock.instant()
        after = table.acknowledge(before, now.mono_ns, self._rules[condition])
        if after.presence is before.presence:
            return self._records[condition].alert
        self._states[condition] = after
        return self._announce({condition: after}, now, by)[0]

    def active(self) -> tuple[Alert, ...]:
        """The last transition of every condition that is not off."""
        alerts = (self._records[condition].alert for condition in Condition if condition in self._records)
        return tuple(alert for alert in alerts if alert.presence is not Presence.OFF)

    def restored(self) -> tuple[Alert, ...]:
        """The last transition of every condition, as an earlier run left it: announce these again, retained."""
        return self._restored

    def _active_condition(self, name: str) -> Condition:
        for condition, one in self._records.items():
            alert = one.alert
            number = alert.episode.partition("-")[2]
            if alert.presence is not Presence.OFF and name in (condition, alert.episode, number):
                return condition
        raise CommandError(CommandReason.NOT_APPLICABLE, f"no active alarm {name!r}: it has ended or never began")

    def _announce(self, changed: Mapping[Condition, State], now: Instant, by: str | None) -> tuple[Alert, ...]:
        fresh: dict[Condition, Record] = {}
        for condition, state in changed.items():
            alert = self._alert(condition, state, now)
            boot_id = alert.boot_id if state.acknowledged_ns is not None else None
            fresh[condition] = Record(
                alert=alert,
                acknowledged_ns=state.acknowledged_ns,
                acknowledged_boot=boot_id,
                acknowledged_by=by,
            )
        self._records.update(fresh)
        self._commit(fresh)
        return tuple(one.alert for one in fresh.values())

    def _commit(self, fresh: Mapping[Condition, Record]) -> None:
        try:
            with self._store.transaction():
                records.save(self._store, fresh)
                for one in fresh.values():
                    message = alert_message(one.alert)
                    self._outbox.put(EVENT, message)
                    self._outbox.put(alarm_leaf(one.alert.condition), message, retain=True)
        except StoreError as error:
            self._unsaved = True
            for one in fresh.values():
                message = alert_message(one.alert)
                self._outbox.hold(EVENT, message)
                self._outbox.hold(alarm_leaf(one.alert.condition), message, retain=True)
                logger.critical("alert kept in memory only: %s; %s", message.encode().decode(), error)

    def _save_all(self) -> None:
        try:
            with self._store.transaction():
                records.save(self._store, self._records)
                self._outbox.save_held()
        except StoreError:
            return  # reported when it began; tried again at the next step
        self._unsaved = False
        logger.warning("the disk takes alarm states again; everything kept in memory is saved")

    def _alert(self, condition: Condition, state: State, now: Instant) -> Alert:
        number = self._store.take_number()
        new_id = message_id(now.boot_id, number)
        earlier = self._records[condition].alert if condition in self._records else None
        active = earlier if earlier is not None and earlier.presence is not Presence.OFF else None
        basis = self._basis(condition, active)
        # What has gone or is out of sight cannot explain itself: the reasons stay those of the alarm.
        over = state.presence in (Presence.LATCHED, Presence.OFF)
        return Alert(
            id=new_id,
            seq=number,
            episode=new_id if active is None else active.episode,
            condition=condition,
            kind=KIND[condition],
            # An episode ends at the priority it had; the state that follows it has forgotten that.
            priority=active.priority if active is not None and state.presence is Presence.OFF else state.priority,
            presence=state.presence,
            activation=ACTIVATION[state.presence],
            at_ns=now.mono_ns,
            boot_id=now.boot_id,
            wall_ms=now.wall_ms,
            synced=now.synced,
            validity=self._validity,
            mode=basis.mode,
            missing=basis.missing,
            score=basis.score,
            interval=basis.interval,
            reasons=active.reasons if active is not None and over else basis.reasons,
        )

    def _basis(self, condition: Condition, active: Alert | None) -> _Basis:
        """What the transition rests on: the last assessment; before the first one, what the restored alert says."""
        if self._last is not None:
            assessment, sensors = self._last
            missing = {str(modality): str(absence) for modality, absence in assessment.missing.items()}
            why = signs.reasons(condition, assessment, sensors)[:MAX_REASONS]
            return _Basis(assessment.mode_text, missing, assessment.score, assessment.interval, why)
        if active is not None:
            return _Basis(active.mode, active.missing, active.score, active.interval, active.reasons)
        raise AssertionError("before the first assessment only a restored episode can change")


@dataclass(frozen=True, slots=True)
class _Basis:
    """The part of an alert that comes from the assessment."""

    mode: str
    missing: Mapping[str, str]
    score: float | None
    interval: tuple[float, float] | None
    reasons: tuple[str, ...]
