"""Records while a consent stands, and only what it covers; old sessions go also while nothing is recorded."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from edge.clock import Clock
from edge.recorder import consent as consents
from edge.recorder.consent import Consent, Scope
from edge.recorder.facts import Facts
from edge.recorder.recorder import TIDY_S, NotRecording, Recorder, Recording, Tell
from edge.types import NS_PER_S, Alert, Assessment, Estimate, SampleBlock, SensorStatus

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""How often it is looked whether a consent stands, seconds: a withdrawal takes effect within this time."""


_NOWHERE = NotRecording()


class Consented:
    """A recording that hangs on a consent.

    A session that begins while the box runs lacks what came before, and says so by being "part 2" of nothing.

    Args:
        state_dir: where the consent lies.
        make: makes a recorder that has not begun, for a consent.
        clock: time.
        tidy: deletes what is too old; called once an hour while nothing is recorded, in a thread.
        tell: told when a consent has ended, with what the audit log keeps of it.
    """

    def __init__(
        self, state_dir: Path, make: Callable[[Consent], Recorder], tidy: Callable[[], None], clock: Clock, tell: Tell
    ) -> None:
        """Nothing is recorded before `begin`."""
        self._state_dir = state_dir
        self._make = make
        self._clock = clock
        self._tell = tell
        self._tidy = tidy
        self._tidied_ns: int | None = None
        self.fault = ""
        """Why nothing is recorded though it may be; "" while all is well, or there is no consent."""
        self._facts: Facts | None = None
        self._late = False
        self._consent: Consent | None = None
        self._inner: Recorder | None = None
        self._looked_ns: int | None = None

    def begin(self, facts: Facts) -> None:
        """Record from now on, where there is a consent."""
        self._facts = facts
        self._look(self._clock.now_ns())
        self._late = True

    def block(self, block: SampleBlock) -> None:
        """A wristband's samples have arrived."""
        if self._consent is not None and self._consent.scope is Scope.SIGNALS:
            self._to().block(block)

    def status(self, status: SensorStatus) -> None:
        """A sensor's connection has changed."""
        self._to().status(status)

    def estimates(self, sensor: str, estimates: Iterable[Estimate]) -> None:
        """A sensor's signal has been judged."""
        self._to().estimates(sensor, estimates)

    def tick(self, at_ns: int) -> None:
        """The daemon looks at all sensors."""
        self._look(at_ns)
        self._to().tick(at_ns)

    def concluded(self, assessment: Assessment, alerts: Iterable[Alert]) -> None:
        """The last tick has been assessed, with these transitions."""
        self._to().concluded(assessment, alerts)

    def acknowledged(self, target: str, alerts: Iterable[Alert]) -> None:
        """A station has acknowledged a condition or an episode, with these transitions."""
        self._to().acknowledged(target, alerts)

    def close(self) -> None:
        """End the session."""
        if self._inner is not None:
            self._inner.close()
            self._inner = None

    def _to(self) -> Recording:
        return _NOWHERE if self._inner is None else self._inner

    def _look(self, now_ns: int) -> None:
        if self._looked_ns is not None and 0 <= now_ns - self._looked_ns < LOOK_S * NS_PER_S:
            return
        self._looked_ns = now_ns
        self.fault = "" if self._inner is None else self._inner.fault
        found = consents.read(self._state_dir)
        if found is not None and not found.stands(self._clock.instant()):
            found = None
        if found != self._consent:
            self._end(withdrawn=consents.read(self._state_dir) != self._consent)
            self._consent = found
            self._start()
        if self._inner is None or self._inner.fault:  # a recorder at work tidies by itself
            self._tidy_hourly(now_ns)

    def _tidy_hourly(self, now_ns: int) -> None:
        if self._tidied_ns is None or now_ns - self._tidied_ns >= TIDY_S * NS_PER_S:
            self._tidied_ns = now_ns
            threading.Thread(target=self._tidy, name="old sessions", daemon=True).start()

    def _start(self) -> None:
        if self._consent is None or self._facts is None:
            return
        log.info("recording of %s under consent %s", self._consent.scope, self._consent.mark())
        self._inner = self._make(self._consent)
        self._inner.begin(replace(self._facts, part=2) if self._late else self._facts)

    def _end(self, *, withdrawn: bool) -> None:
        if self._consent is None:
            return
        why = "withdrawn or replaced" if withdrawn else "run out"
        log.info("consent %s has %s: nothing is recorded any more", self._consent.mark(), why)
        self._tell("consent_ended", {"consent": self._consent.mark(), "why": why})
        inner, self._inner = self._inner, None
        if inner is not None:  # in a thread: the disk may be slow, and the bed must not wait for it
            threading.Thread(target=inner.close, name="end of a recording", daemon=True).start()
