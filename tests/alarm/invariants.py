"""What must hold for every course of events, checked tick by tick against plain bookkeeping of what was shown.

Nothing here asks the rooms under test what the evidence was: spans are counted anew from the scores and modes that the
test itself has dictated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from edge.alarm.table import MOST_FLAPS
from edge.clock import VirtualClock
from edge.config import Alarm
from edge.errors import CommandError
from edge.publish.payload import alert_message, state_message
from edge.types import Alert, Assessment, BoxFacts, Condition, Hold, Modality, Presence, Priority, Validity, Verdict
from tests.alarm.scenes import ALL, Bed, assessment

RANK = list(Priority)

WATCHED = (Condition.PAIN, Condition.CANNOT_ASSESS, Condition.BAND_LOST, Condition.BOX_HOT)
"""Conditions whose evidence is counted, and whose delays are therefore checked."""

GOOD = BoxFacts(temperature_c=45.0, clock_synced=True, station_silent=False)


class Law(StrEnum):
    """The invariants."""

    BLIND = "a blind bed is never reported calm"
    HIGH = "a high alarm ends only by acknowledgement or its declared resolution"
    RESTART = "the state after a restart is the state before"
    ONE = "no two alarms of one condition at once"
    ORDER = "time in the log never runs backward within a boot"
    DELAYS = "delays hold to within one tick"
    PAUSES = "pauses end by themselves, and none outlives a new high alarm"


class Broken(AssertionError):  # noqa: N818  # it reads as what it says
    """An invariant does not hold."""

    def __init__(self, law: Law, detail: str) -> None:
        super().__init__(f"{law}: {detail}")
        self.law = law


@dataclass
class Spans:
    """How long, up to the present tick, the evidence has stood without a break; seconds."""

    present_s: float = -1.0
    high_s: float = -1.0
    gone_s: float = -1.0
    unknown_s: float = -1.0

    def note(self, what: str, tick_s: float) -> None:
        """One tick later: "present", "high", "hold", "gone" or "unknown"."""
        self.present_s = self._next(self.present_s, what in ("present", "high"), tick_s)
        self.high_s = self._next(self.high_s, what == "high", tick_s)
        self.gone_s = self._next(self.gone_s, what == "gone", tick_s)
        self.unknown_s = self._next(self.unknown_s, what == "unknown", tick_s)

    @staticmethod
    def _next(before_s: float, stands: bool, tick_s: float) -> float:
        return (before_s + tick_s if before_s >= 0 else 0.0) if stands else -1.0


@dataclass
class Shown:
    """What the test has shown of one condition, and what the box made of it.

    Attributes:
        spans: of the evidence.
        alert: the last transition.
        sounded_s, acknowledged_s: how long it has sounded, or been acknowledged, without a pause of alarms.
        seen_s: time since evidence first stood there, or since the last end.
    """

    spans: Spans = field(default_factory=Spans)
    alert: Alert | None = None
    sounded_s: float = 0.0
    acknowledged_s: float = 0.0
    step: int = 0

    @property
    def presence(self) -> Presence:
        """Of the signal."""
        return Presence.OFF if self.alert is None else self.alert.presence


class CheckedBed:
    """A bed whose every tick is checked.

    Args:
        folder: where its store is.
        alarm: delays and thresholds.
        tick_s: between two assessments.
    """

    def __init__(self, folder: Path, alarm: Alarm | None = None, tick_s: float = 1.0) -> None:
        """A new bed on its first boot."""
        self.alarm = alarm or Alarm(bed_after_s=60.0, second_station_after_s=120.0, acknowledge_timeout_s=120.0)
        self.bed = Bed(folder, alarm=self.alarm)
        self.tick_s = tick_s
        self.boots = 0
        self.ticks = 0
        self.shown = {condition: Shown() for condition in Condition}
        self.last: Alert | None = None

    def close(self) -> None:
        """End."""
        self.bed.close()

    def see(
        self,
        score: float | None,
        seconds: float,
        mode: tuple[Modality, ...] = ALL,
        facts: BoxFacts = GOOD,
    ) -> None:
        """Show this for so long."""
        for _ in range(max(1, round(seconds / self.tick_s))):
            self.bed.clock.advance(self.tick_s)
            seen = assessment(self.bed.clock.now_ns(), score, mode)
            held_before = self.bed.manager.standing.holds()
            alerts = self.bed.manager.step(seen, {}, facts)
            self.ticks += 1
            self._count(seen, facts, held_before)
            for alert in alerts:
                self._take(alert, self.shown[alert.condition].presence, by_nurse=False)
            self._after_tick(seen, alerts)

    def acknowledge(self, condition: Condition) -> None:
        """A nurse presses a button, sensible or not."""
        before = self.shown[condition].presence
        try:
            alert = self.bed.manager.acknowledge(condition, "nurse")
        except CommandError:
            self._demand(before is Presence.OFF, Law.HIGH, f"{condition} cannot be acknowledged")
            return
        if alert != self.shown[condition].alert:  # acknowledged before: no transition
            self._take(alert, before, by_nurse=True)

    def hold(self, hold: Hold, seconds: float) -> None:
        """Somebody pauses, or cares."""
        self.bed.manager.hold(hold, seconds)

    def shift(self, offset: float) -> None:
        """Reports have moved the threshold."""
        self.bed.manager.shift(offset)

    def restart(self, *, boot: bool) -> None:
        """The program ends and begins again; perhaps the box was switched off in between."""
        manager = self.bed.manager
        before = (manager.active(), manager.standing.offset)
        sounding = sorted((alert.condition, alert.priority) for alert in manager.active() if _sounds(alert))
        held = manager.standing
        self.boots += boot
        self.bed.restart(VirtualClock(boot_id=f"{self.boots:012x}") if boot else None)
        manager = self.bed.manager
        self._demand((manager.active(), manager.standing.offset) == before, Law.RESTART, "alarms have changed")
        if Hold.ALARMS_PAUSED not in manager.standing.until_ns:
            now = sorted(priority for priority, _ in manager.sounding())
            self._demand(now == sorted(priority for _, priority in sounding), Law.RESTART, "other alarms sound")
        self._demand(boot or manager.standing == held, Law.RESTART, "holds have changed")
        for shown in self.shown.values():  # delays begin anew
            shown.spans = Spans()
            shown.sounded_s = 0.0
            shown.acknowledged_s = shown.acknowledged_s if not boot else 0.0

    def step_wall(self, seconds: float) -> None:
        """A late or wrong time server."""
        self.bed.clock.step_wall(seconds)

    def _count(self, seen: Assessment, facts: BoxFacts, held: tuple[Hold, ...]) -> None:
        """Bookkeeping before what the tick brought is looked at."""
        offset = self.bed.manager.standing.offset
        paused = Hold.ALARMS_PAUSED in held
        for condition in WATCHED:
            shown = self.shown[condition]
            shown.spans.note(self._evidence(condition, seen, facts, offset), self.tick_s)
            if shown.presence in (Presence.ON, Presence.LATCHED) and not paused:
                shown.sounded_s += self.tick_s
            if shown.presence is Presence.ACKNOWLEDGED:
                shown.acknowledged_s += self.tick_s

    def _evidence(self, condition: Condition, seen: Assessment, facts: BoxFacts, offset: float) -> str:
        blind = seen.score is None
        match condition:
            case Condition.PAIN if seen.score is None:
                return "unknown"
            case Condition.PAIN if seen.score is not None:
                if seen.score >= self.alarm.pain_high_score:
                    return "high"
                if seen.score >= self.alarm.pain_on_score + offset:
                    return "present"
                if seen.score >= min(0.0, offset) + self.alarm.pain_off_score:
                    return "hold"
                return "gone" if Modality.FACE in seen.mode else "unknown"  # a calm wrist ends no pain of a lost face
            case Condition.CANNOT_ASSESS:
                return "present" if blind else "gone"
            case Condition.BAND_LOST:
                lost = not blind and Modality.PPG not in seen.mode and Modality.GSR not in seen.mode
                return "unknown" if blind else "present" if lost else "gone"
            case Condition.BOX_HOT:
                return "present" if (facts.temperature_c or 0.0) >= self.alarm.hot_c else "gone"
            case _:
                raise AssertionError(f"{condition} is not among WATCHED")

    def _take(self, alert: Alert, before: Presence, *, by_nurse: bool) -> None:
        """One transition: log, episode, and whether it was allowed."""
        shown = self.shown[alert.condition]
        if self.last is not None:
            self._demand(alert.seq > self.last.seq, Law.ORDER, f"number {alert.seq} after {self.last.seq}")
            same_boot = alert.boot_id == self.last.boot_id
            self._demand(not same_boot or alert.at_ns >= self.last.at_ns, Law.ORDER, "a moment before the last")
        self.last = alert
        open_episode = None if shown.alert is None or before is Presence.OFF else shown.alert.episode
        self._demand(alert.episode == (open_episode or alert.id), Law.ONE, f"{alert.condition} has two episodes")
        if shown.alert is not None and open_episode is not None:
            fell = RANK.index(alert.priority) < RANK.index(shown.alert.priority)
            self._demand(not fell, Law.HIGH, f"{alert.condition} has fallen to {alert.priority}")
        if alert.presence is Presence.OFF:
            self._ended(alert, before, by_nurse=by_nurse)
        if before is Presence.OFF:
            self._began(alert)
        if shown.alert is not None and shown.alert.priority is Priority.LOW:
            shown.sounded_s = 0.0  # low priority calls nobody; it counts from here
        if before is not alert.presence:
            if before not in (Presence.ON, Presence.LATCHED) or by_nurse:
                shown.sounded_s = 0.0
            shown.acknowledged_s = 0.0
        shown.step = 0 if before is Presence.ACKNOWLEDGED or by_nurse else shown.step
        shown.step = {"to_bed": 1, "to_second": 2}.get((*alert.reasons, "")[0], shown.step)
        shown.alert = alert
        message = alert_message(alert)
        self._demand(len(message.encode()) <= 256, Law.ORDER, "a message too long")

    def _ended(self, alert: Alert, before: Presence, *, by_nurse: bool) -> None:
        shown, latches = self.shown[alert.condition], alert.condition is Condition.PAIN
        allowed = by_nurse or not latches or before is Presence.ACKNOWLEDGED
        self._demand(allowed, Law.HIGH, f"{alert.condition}, {alert.priority}, has ended without acknowledgement")
        if alert.condition in (Condition.PAIN, Condition.CANNOT_ASSESS) and not by_nurse:
            self._demand(shown.spans.gone_s >= 0, Law.BLIND, f"{alert.condition} has ended unseen")
            clear_s = self.alarm.pain_clear_s if latches else self.alarm.clear_s
            self._demand(shown.spans.unknown_s < 0, Law.BLIND, f"{alert.condition} has ended while blind")
            short = alert.condition is Condition.CANNOT_ASSESS and shown.spans.gone_s < clear_s - 1e-6
            self._demand(not short, Law.DELAYS, f"{alert.condition} has ended after {shown.spans.gone_s:g} s")

    def _began(self, alert: Alert) -> None:
        spans = self.shown[alert.condition].spans
        if alert.condition in WATCHED:
            self._demand(spans.present_s >= 0, Law.DELAYS, f"{alert.condition} has begun without evidence")
        if alert.condition is Condition.BOX_HOT and spans.present_s < 30.0 - self.alarm.clear_s * 12:
            self._demand(False, Law.DELAYS, f"{alert.condition} has begun after {spans.present_s:g} s")

    def _after_tick(self, seen: Assessment, alerts: tuple[Alert, ...]) -> None:
        self._blind_is_told(seen, alerts)
        alarm, slack = self.alarm, self.tick_s + 1e-6
        onset = {
            Condition.PAIN: alarm.pain_delay_s,
            Condition.CANNOT_ASSESS: alarm.blind_delay_s,
            Condition.BAND_LOST: alarm.sensor_delay_s,
            Condition.BOX_HOT: 30.0,
        }
        for condition, delay_s in onset.items():
            shown = self.shown[condition]
            spans, presence = shown.spans, shown.presence
            late = presence in (Presence.OFF, Presence.LATCHED) and spans.present_s > delay_s + slack
            if late:
                raise self._broken(Law.DELAYS, f"{condition} is {presence} after {spans.present_s:g} s of evidence")
            clear_s = alarm.pain_clear_s if condition is Condition.PAIN else alarm.clear_s * 2**MOST_FLAPS
            stays = presence in (Presence.ON, Presence.ACKNOWLEDGED) and spans.gone_s > clear_s + slack
            if stays:
                raise self._broken(Law.DELAYS, f"{condition} is {presence} {spans.gone_s:g} s after its end")
            again = (
                presence is Presence.ACKNOWLEDGED
                and min(shown.acknowledged_s, spans.present_s) > alarm.acknowledge_timeout_s + slack
            )
            if again:
                raise self._broken(Law.DELAYS, f"{condition} does not alarm again")
            self._escalates(condition, shown, slack)
        pain = self.shown[Condition.PAIN]
        if pain.alert is not None and pain.spans.high_s > alarm.pain_delay_s + slack:
            self._demand(pain.alert.priority is Priority.HIGH, Law.DELAYS, "severe pain is not high")
        self._pauses(alerts)

    def _escalates(self, condition: Condition, shown: Shown, slack: float) -> None:
        if shown.alert is None or shown.alert.priority is Priority.LOW or not _sounds(shown.alert):
            return
        for step, after_s in ((1, self.alarm.bed_after_s), (2, self.alarm.second_station_after_s)):
            # Both steps may be due at once after a rise from low; each takes a tick.
            late = shown.sounded_s > after_s + slack + 2 * self.tick_s and shown.step < step
            if late:
                raise self._broken(Law.DELAYS, f"{condition}: nobody is called after {shown.sounded_s:g} s")

    def _pauses(self, alerts: tuple[Alert, ...]) -> None:
        standing = self.bed.manager.standing
        now_ns = self.bed.clock.now_ns()
        over = [hold for hold, until_ns in standing.until_ns.items() if until_ns is not None and until_ns <= now_ns]
        if over:
            raise self._broken(Law.PAUSES, f"{over} should have ended")
        loud = any(_sounds(alert) and alert.priority is Priority.HIGH for alert in alerts)
        paused = {Hold.AUDIO_PAUSED, Hold.ALARMS_PAUSED} & set(standing.until_ns)
        self._demand(not (loud and paused), Law.PAUSES, "a new high alarm is paused")

    def _blind_is_told(self, seen: Assessment, alerts: tuple[Alert, ...]) -> None:
        if seen.score is not None:
            return
        instant = self.bed.clock.instant()
        state = state_message(seen, instant, 1, Validity.TEST, 10.0)
        self._demand(state.verdict is Verdict.CANNOT_ASSESS and state.score is None, Law.BLIND, "a calm state")
        numbers = [alert for alert in alerts if alert_message(alert).score is not None]
        self._demand(not numbers, Law.BLIND, "an alert with a score")
        blind = self.shown[Condition.CANNOT_ASSESS]
        if blind.spans.present_s > self.alarm.blind_delay_s + self.tick_s + 1e-6:
            self._demand(blind.presence is not Presence.OFF, Law.BLIND, "no alarm of a blind bed")
        ended = [alert for alert in alerts if alert.condition is Condition.PAIN and alert.presence is Presence.OFF]
        self._demand(not ended, Law.BLIND, "pain has ended unseen")

    def _demand(self, holds: bool, law: Law, detail: str) -> None:
        if not holds:
            raise self._broken(law, detail)

    def _broken(self, law: Law, detail: str) -> Broken:
        """For checks of every tick: the words are put together only once something is wrong."""
        return Broken(law, f"{detail} (tick {self.ticks})")


def _sounds(alert: Alert) -> bool:
    return alert.presence in (Presence.ON, Presence.LATCHED)
