"""The replay itself: recorded events in, in their order; assessments and alerts out, beside those of the recording.

What a daemon's results depend on is fed from the recording: samples, states of connections, estimates of faces, the
times of the ticks, acknowledgements, and the moments and numbers with which transitions were stamped. Everything else
is computed anew by the daemon's own rooms: timeline, wristband estimators, fusion and alarm conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from edge import config
from edge.alarm import record as records
from edge.alarm import standing as standings
from edge.alarm.signs import BOX_CONDITIONS
from edge.alarm.standing import Standing
from edge.bundle import Bundle
from edge.clock import Clock
from edge.daemon import Daemon, Look
from edge.errors import CommandError, ConfigError, SessionError, SessionReason
from edge.inputs import BandInput, EstimateInput, Input
from edge.publish.payload import Acknowledge, Command, ControlCommand, ReportCommand
from edge.recorder.events import Acknowledged, Alerted, Assessed, BlockArrived, Estimated, Event, StatusChanged, Ticked
from edge.recorder.facts import Facts
from edge.recorder.head import bundle_in_use, runtime_in_use
from edge.recorder.recorder import NotRecording
from edge.recorder.session import Session, chain
from edge.replay.clock import ReplayClock, ReplayStore
from edge.replay.compare import Difference, Result, differences, name_of
from edge.sensors.replay import ReplayedBand, ReplayedFace
from edge.types import NS_PER_S, Alert, Assessment, Condition, Estimate, Modality

I = TypeVar("I", bound=Input)  # noqa: E741 - of input

MOST_DIGITS = 19
"""An episode's number fits into 64 bits."""

WHO = "replay"
"""Who acknowledges in a replay: names are not recorded."""


@dataclass(slots=True)
class Outcome:
    """What came of a replay.

    Attributes:
        assessments, estimates: how many were compared.
        recorded, replayed: the transitions of both.
        first: where they first differ; None: nowhere.
        differing: how many assessments, estimates and alerts differ.
        seconds: length of what was replayed.
        notes: what a reader should know: another bundle, a file that was cut short.
        damage: why only a part was replayed; "" where all was.
    """

    assessments: int = 0
    estimates: int = 0
    recorded: list[Alert] = field(default_factory=list[Alert])
    replayed: list[Alert] = field(default_factory=list[Alert])
    first: Difference | None = None
    differing: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list[str])
    damage: str = ""

    @property
    def identical(self) -> bool:
        """Whether everything that could be replayed gave the recorded results."""
        return self.first is None


class _Witness(NotRecording):
    """Hears what the replaying daemon says."""

    def __init__(self, clock: ReplayClock, store: ReplayStore) -> None:
        self._clock = clock
        self._store = store
        self.judged: list[Estimate] = []
        self.assessment: Assessment | None = None
        self.alerts: tuple[Alert, ...] = ()

    def forget(self) -> None:
        """Begin anew with the next event."""
        self.judged, self.assessment, self.alerts = [], None, ()

    def estimates(self, sensor: str, estimates: Iterable[Estimate]) -> None:  # noqa: ARG002  # the protocol's names
        """A signal has been judged."""
        self.judged += [one for one in estimates if one.modality is not Modality.FACE]

    def concluded(self, assessment: Assessment, alerts: Iterable[Alert]) -> None:
        """A tick has been assessed."""
        self.assessment, self.alerts = assessment, tuple(alerts)
        self._settle()

    def acknowledged(self, target: str, alerts: Iterable[Alert]) -> None:  # noqa: ARG002  # the protocol's names
        """An acknowledgement has been carried out, or refused."""
        self.alerts = tuple(alerts)
        self._settle()

    def _settle(self) -> None:
        """What is stamped from here on (the daemon's states for the station) is not of the recording."""
        self._clock.stamp(())
        self._store.expect(())


class Replay:
    """One session through one daemon.

    Args:
        session: the file; parts that it continues are played before it.
        settings: another configuration; only its `[fusion]`, `[alarm]` and `[models]` count.

    Attributes:
        facts: the session's head.
        outcome: what is known so far.
        on_alert: called with every transition of the replay.

    Raises:
        SessionError: the session cannot be read.
        BundleError, InferenceError: the models cannot be used.
    """

    def __init__(self, session: Path, settings: config.Config | None = None) -> None:
        """Build the daemon as it was at the session's start."""
        self._parts = chain(session)
        with Session.open(self._parts[0]) as first:
            self.facts = first.facts
        self.outcome = Outcome()
        self.on_alert: Callable[[Alert], None] = lambda _alert: None
        self._clock = ReplayClock(self.facts.start)
        self._store = ReplayStore.open(Path(":memory:"))
        self._store.expect(())
        self._witness = _Witness(self._clock, self._store)
        box = _box(self.facts, self._parts[0], settings)
        _restore(self._store, self.facts, self._parts[0])
        self._daemon = Daemon(box, self._clock, recording=self._witness, store=self._store)
        self._clock.stamp(())
        self._look: Look | None = None
        self._expected: list[Estimate] = []
        self._note(box)

    def _note(self, box: config.Config) -> None:
        """Say what may make this replay differ although nothing is wrong."""
        notes = self.outcome.notes
        if self.facts.part > 1:
            notes.append("the parts before this file are missing: what was learned in them is not known here")
        bundle = bundle_in_use(Bundle.load(box.models.bundle))
        if bundle != self.facts.bundle:
            notes.append(f"recorded with model bundle {self.facts.bundle[:24]}…, replayed with {bundle[:24]}…")
        if runtime_in_use() != self.facts.runtime:
            notes.append(f"recorded with {self.facts.runtime}, replayed with {runtime_in_use()}")

    async def run(self, clock: Clock, speed: float = 0.0) -> Outcome:
        """Play it.

        Args:
            clock: real time, for the pace.
            speed: 1 is the recorded pace; 0 as fast as possible. The result does not depend on it.
        """
        origin_ns, start_ns = clock.now_ns(), self.facts.start.mono_ns
        try:
            for event, alerts in self._groups():
                if speed:
                    await clock.sleep_until(origin_ns + round((event.at_ns - start_ns) / speed))
                self.outcome.seconds = (event.at_ns - start_ns) / NS_PER_S
                await self._feed(event, alerts)
        except SessionError as error:
            self.outcome.damage = error.message
        finally:
            self._store.close()
        return self.outcome

    def _groups(self) -> Iterator[tuple[Event, list[Alert]]]:
        """Every event, with the transitions that came of it."""
        held: Event | None = None
        alerts: list[Alert] = []
        for event in self._events():
            if isinstance(event, Alerted):
                if event.alert.condition not in BOX_CONDITIONS:  # what those rest on is not recorded
                    alerts.append(event.alert)
                continue
            if held is not None:
                yield held, alerts
            held, alerts = event, []
        if held is not None:
            yield held, alerts

    def _events(self) -> Iterator[Event]:
        for path in self._parts:
            with Session.open(path) as session:
                yield from (event for _, event in session.events())
                if not session.ended:
                    self.outcome.notes.append(
                        f"{path.name} has no end: its box was stopped without notice, or is still recording"
                    )

    async def _feed(self, event: Event, alerts: list[Alert]) -> None:
        self._clock.move(event.at_ns)
        match event:
            case BlockArrived(_, block):
                self._source(block.sensor, BandInput).on_item(block)
            case StatusChanged(_, status):
                self._source(status.sensor, BandInput, EstimateInput).on_status(status)
            case Estimated(_, sensor, estimate) if estimate.modality is Modality.FACE:
                self._source(sensor, EstimateInput).on_item(estimate)
            case Estimated(_, _, estimate):
                self._expected.append(estimate)
            case Ticked():
                self._look = self._daemon.look()
            case Assessed(_, assessment):
                await self._conclude(assessment, alerts)
            case Acknowledged(_, target):
                self._acknowledge(target, alerts)

    def _source(self, name: str, *kinds: type[I]) -> I:
        """The input of a recorded sensor.

        Raises:
            SessionError: CORRUPT: the session has no such sensor, or it is of another kind.
        """
        found = self._daemon.inputs.get(name)
        for kind in kinds:
            if isinstance(found, kind):
                return found
        raise SessionError(
            SessionReason.CORRUPT, f'the file is damaged: an event is of "{name}", which is no such sensor'
        )

    async def _conclude(self, assessment: Assessment, alerts: list[Alert]) -> None:
        look, self._look = self._look, None
        if look is None:  # the file begins in the middle of a tick
            return
        self._prepare(alerts)
        await self._daemon.conclude(look)
        self._compare(self._expected, self._witness.judged)
        self.outcome.estimates += len(self._expected)
        self._expected = []
        self._compare([assessment], [self._witness.assessment])
        self.outcome.assessments += 1
        self._take(alerts)

    def _acknowledge(self, target: str, alerts: list[Alert]) -> None:
        self._prepare(alerts)
        try:
            self._daemon.on_command(_command(target))
        except CommandError:
            # Another configuration gives another episode, whose number nobody could have named.
            if alerts:
                with suppress(CommandError):
                    self._daemon.on_command(_command(alerts[0].condition))
        self._take(alerts)

    def _prepare(self, alerts: list[Alert]) -> None:
        self._witness.forget()
        self._clock.stamp(alerts)
        self._store.expect(alerts)

    def _take(self, alerts: list[Alert]) -> None:
        """Compare the transitions of this moment."""
        self._clock.stamp(())
        self._store.expect(())
        self._compare(alerts, self._witness.alerts)
        self.outcome.recorded += alerts
        self.outcome.replayed += self._witness.alerts
        for alert in self._witness.alerts:
            self.on_alert(alert)

    def _compare(self, recorded: Sequence[Result | None], replayed: Sequence[Result | None]) -> None:
        for left, right in zip_longest(recorded, replayed):
            found = _first(left, right)
            if found is None:
                continue
            self.outcome.differing += 1
            if self.outcome.first is None:
                self.outcome.first = Difference(self.outcome.seconds, name_of(left or right), *found)


def _first(left: Result | None, right: Result | None) -> tuple[str, str, str] | None:
    """Where a recorded and a replayed result first differ; None: nowhere."""
    if left is None or right is None:
        there = name_of(left or right)
        return "presence", "none" if left is None else there, "none" if right is None else there
    return next(differences(left, right), None)


def _command(target: str) -> Command:
    """A command as a station sends it.

    Raises:
        SessionError: CORRUPT: `target` is no condition, no episode, and no other command.
    """
    word, _, number = target.partition(" ")
    said = {"id": WHO, "by": WHO}
    with suppress(ValidationError, ValueError):
        if word in ("nrs", "painad"):
            return ReportCommand.model_validate({**said, "do": "report", "scale": word, "value": int(number)})
        seconds = int(number) if number else None
        return ControlCommand.model_validate({**said, "do": word, "seconds": seconds})
    named: dict[str, str | int]
    if target in set(Condition):
        named = {"condition": target}
    elif target.isdecimal() and len(target) < MOST_DIGITS:
        named = {"episode": int(target)}
    else:
        raise SessionError(SessionReason.CORRUPT, f"the file is damaged: {target!r:.40} is no condition and no episode")
    return Acknowledge.model_validate({"id": WHO, "do": "acknowledge", "by": WHO, **named})


def _box(facts: Facts, session: Path, other: config.Config | None) -> config.Config:
    """The configuration of the recording box, as far as results depend on it.

    Raises:
        SessionError: CORRUPT: the head does not make a configuration.
    """
    try:
        settings = other or config.loads(facts.settings, str(session))
        sensors = tuple(
            ReplayedFace(driver="replay_face", name=one.name, session=session)
            if one.modalities == (Modality.FACE,)
            else ReplayedBand(driver="replay", name=one.name, session=session)
            for one in facts.sensors
        )
        return config.Config(
            box=config.Box(site=facts.site, bed=facts.bed, validity=facts.validity),
            models=settings.models,
            sensor=sensors,
            fusion=settings.fusion,
            alarm=settings.alarm,
        )
    except (ConfigError, ValidationError) as error:
        raise SessionError(SessionReason.CORRUPT, f"{session}: its head is damaged ({error})") from error


def _restore(store: ReplayStore, facts: Facts, session: Path) -> None:
    """Put the alarm states of before the session where the alarm manager looks for them.

    Raises:
        SessionError: CORRUPT: they cannot be read.
    """
    if facts.part > 1:
        return
    try:
        alarms = dict(facts.alarms)
        asked = alarms.pop(standings.NAME, None)
        if asked is not None:
            standings.save(store, Standing.model_validate_json(asked))
        kept = {Condition(name): records.Record.model_validate_json(text) for name, text in alarms.items()}
    except ValueError as error:  # pydantic's ValidationError is one
        raise SessionError(SessionReason.CORRUPT, f"{session}: its alarm states are damaged ({error})") from error
    records.save(store, kept)
