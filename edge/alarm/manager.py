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
from edge.alarm import standing as standings
from edge.alarm.record import Record
from edge.alarm.standing import Standing
from edge.alarm.table import State, Step
from edge.camera_state import Word
from edge.clock import Clock, Instant
from edge.config import Alarm
from edge.errors import CommandError, CommandReason, StoreError
from edge.publish.outbox import Outbox
from edge.publish.payload import ACTIVATION, KIND, MAX_REASONS, alert_message, message_id
from edge.publish.topics import EVENT, alarm_leaf
from edge.store import Store
from edge.types import (
    NS_PER_S,
    Activation,
    Alert,
    Assessment,
    BoxFacts,
    Condition,
    Hold,
    Presence,
    Priority,
    SensorStatus,
    Validity,
)

logger = logging.getLogger(__name__)

SOUNDING = (Presence.ON, Presence.LATCHED)
"""Presences whose signal sounds unless it is paused."""

_STEP_CODES = {Step.BED: ("to_bed",), Step.SECOND: ("to_second",)}
"""The first reason of a transition that escalates."""


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
        kept = standings.load(store)
        if kept is not None:
            self.kept[standings.NAME] = kept
        self._standing = standings.restore(kept, self.started)
        self._states = {
            condition: records.restore(self._records[condition], rule, self.started)
            if condition in self._records
            else State.off(rule)
            for condition, rule in self._rules.items()
        }
        self._restored = tuple(one.alert for one in self._records.values())
        self._last: tuple[Assessment, Mapping[str, SensorStatus]] | None = None
        self._unsaved = False

    @property
    def assessment(self) -> Assessment | None:
        """The last one; None before the first."""
        return None if self._last is None else self._last[0]

    @property
    def standing(self) -> Standing:
        """What people have asked of the alarms."""
        return self._standing

    def step(
        self, assessment: Assessment, sensors: Mapping[str, SensorStatus], facts: BoxFacts | None = None
    ) -> tuple[Alert, ...]:
        """Take in one assessment.

        Args:
            assessment: of this tick.
            sensors: what the connections are doing, by sensor name; it explains technical conditions.
            facts: what the box knows of itself; nothing by default.

        Returns:
            The transitions of this tick, already committed (or logged at CRITICAL where the disk refused).
        """
        if self._unsaved and self.save():
            logger.warning("the disk takes alarm states again; everything kept in memory is saved")
        elapsed_ns = max(0, assessment.assessed_ns - self._last[0].assessed_ns) if self._last else 0
        self._last = (assessment, dict(sensors))
        over = self._standing.expired(assessment.assessed_ns)
        if over:
            self._stand(self._standing.end(*over))
        holds = self._standing.holds()
        view = signs.View(
            assessment,
            sensors,
            facts or BoxFacts(),
            holds,
            self._standing.offset,
            storage_fails=self._unsaved,
            unanswered=self._unanswered(),
        )
        paused = Hold.ALARMS_PAUSED in holds
        changed: dict[Condition, State] = {}
        for condition, sign in signs.signs(view, self._config).items():
            before, rule = self._states[condition], self._rules[condition]
            after = table.advance(before, sign, elapsed_ns, assessment.assessed_ns, rule, paused=paused)
            self._states[condition] = after
            if (after.presence, after.priority, after.step) != (before.presence, before.priority, before.step):
                changed[condition] = after
        if any(_loud(state) for state in changed.values()):
            self.release(Hold.AUDIO_PAUSED, Hold.ALARMS_PAUSED)
        return self._announce(changed, self._clock.instant(), by=None) if changed else ()

    def hold(self, hold: Hold, seconds: float | None) -> bool:
        """Begin a hold, or begin it anew.

        Args:
            hold: what is asked for.
            seconds: how long; None: until `release`.

        Returns:
            Whether it is on the disk; if not, a restart before the disk takes it forgets it.
        """
        return self._stand(self._standing.begin(hold, self._clock.now_ns(), seconds))

    def release(self, *holds: Hold) -> bool:
        """End holds, those that are not there are no error; whether that is on the disk."""
        if any(hold in self._standing.until_ns for hold in holds):
            return self._stand(self._standing.end(*holds))
        return not self._unsaved

    def take_camera(self, word: Word) -> None:
        """Hold CAMERA_OFF where the copy beside the state file says so, or nobody knows what was decided."""
        if word is Word.LOST and not self._standing.camera_lost:
            logger.critical("whether the cameras may look was lost with the state: off until somebody switches them")
            self._stand(self._standing.lose_camera())
        elif word is Word.OFF and Hold.CAMERA_OFF not in self._standing.until_ns:
            logger.warning("the cameras were switched off before the state was lost, and stay so")
            self.hold(Hold.CAMERA_OFF, None)

    def shift(self, offset: float) -> None:
        """Move the pain threshold to this far from the configured one, score units."""
        self._stand(self._standing.model_copy(update={"offset": offset}))

    def sounding(self) -> tuple[tuple[Priority, Step], ...]:
        """Priority and step of every alarm that nobody has acknowledged and that is not paused."""
        if Hold.ALARMS_PAUSED in self._standing.until_ns:
            return ()
        return tuple((one.priority, one.step) for one in self._states.values() if one.presence in SOUNDING)

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

    def _unanswered(self) -> bool:
        """Whether an alarm waits twice as long as it takes to call the second station."""
        due_ns = round(2 * self._config.second_station_after_s * NS_PER_S)
        return any(
            one.step is Step.SECOND and one.presence in SOUNDING and one.waiting_ns >= due_ns
            for condition, one in self._states.items()
            if condition not in signs.BOX_CONDITIONS
        )

    def _stand(self, standing: Standing) -> bool:
        self._standing = standing
        try:
            standings.save(self._store, standing)
        except StoreError as error:
            self._unsaved = True
            logger.warning("what was asked of the alarms is kept in memory only: %s", error)
            return False
        return True

    def save(self) -> bool:
        """Write every state, and what the outbox holds in memory; False where the disk refuses."""
        try:
            with self._store.transaction():
                records.save(self._store, self._records)
                standings.save(self._store, self._standing)
                self._outbox.save_held()
        except StoreError:
            return False  # reported when it began
        self._unsaved = False
        return True

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
        raise CommandError(CommandReason.NOT_APPLICABLE, f"no active alarm '{name}': it has ended or never began")

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
                step=state.step,
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

    def _alert(self, condition: Condition, state: State, now: Instant) -> Alert:
        number = self._store.take_number()
        new_id = message_id(now.boot_id, number)
        earlier = self._records[condition].alert if condition in self._records else None
        active = earlier if earlier is not None and earlier.presence is not Presence.OFF else None
        basis = self._basis(condition, active)
        # What has gone or is out of sight cannot explain itself: the reasons stay those of the alarm.
        over = state.presence in (Presence.LATCHED, Presence.OFF)
        why = active.reasons if active is not None and over else basis.reasons
        called = _STEP_CODES.get(state.step, ()) if state.presence in SOUNDING else ()
        plain = (code for code in why if (code,) not in _STEP_CODES.values())
        paused = Hold.ALARMS_PAUSED in self._standing.until_ns and state.presence in SOUNDING
        return Alert(
            id=new_id,
            seq=number,
            episode=new_id if active is None else active.episode,
            condition=condition,
            kind=KIND[condition],
            # An episode ends at the priority it had; the state that follows it has forgotten that.
            priority=active.priority if active is not None and state.presence is Presence.OFF else state.priority,
            presence=state.presence,
            activation=Activation.PAUSED if paused else ACTIVATION[state.presence],
            at_ns=now.mono_ns,
            boot_id=now.boot_id,
            wall_ms=now.wall_ms,
            synced=now.synced,
            validity=self._validity,
            mode=basis.mode,
            missing=basis.missing,
            score=basis.score,
            interval=basis.interval,
            reasons=(*called, *plain)[:MAX_REASONS],
        )

    def _basis(self, condition: Condition, active: Alert | None) -> _Basis:
        """What the transition rests on: the last assessment; before the first one, what the restored alert says."""
        if self._last is not None:
            assessment, sensors = self._last
            missing = {str(modality): str(absence) for modality, absence in assessment.missing.items()}
            lost = self._standing.camera_lost
            why = signs.reasons(condition, assessment, sensors, camera_lost=lost)[:MAX_REASONS]
            return _Basis(assessment.mode_text, missing, assessment.score, assessment.interval, why)
        if active is not None:
            return _Basis(active.mode, active.missing, active.score, active.interval, active.reasons)
        raise AssertionError("before the first assessment only a restored episode can change")


def _loud(state: State) -> bool:
    """Whether a transition is one that no pause may keep from being heard."""
    return state.presence in SOUNDING and state.priority is Priority.HIGH


@dataclass(frozen=True, slots=True)
class _Basis:
    """The part of an alert that comes from the assessment."""

    mode: str
    missing: Mapping[str, str]
    score: float | None
    interval: tuple[float, float] | None
    reasons: tuple[str, ...]
