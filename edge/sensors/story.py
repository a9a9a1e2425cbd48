"""What is told of one sensor: to the program its status; to the log one line when it is lost, one when it is back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from edge.clock import Clock
from edge.errors import SensorReason
from edge.sensors.episodes import Episodes
from edge.sensors.gauge import SensorGauge
from edge.types import NS_PER_S, SensorState, SensorStatus, SensorWarning

log = logging.getLogger("edge.sensors.care")

_OF_RATES = frozenset({SensorWarning.PARTIAL, SensorWarning.CHANNEL_SILENT})
"""Warnings that mean something only beside a stream that goes on; otherwise the state says more."""

_FLOWING = frozenset({SensorState.CONNECTING, SensorState.STREAMING})


class Story:
    """One sensor's status, told when it changes.

    Args:
        sensor: its name.
        clock: dates the changes.
        on_status: receives every change of state, reason or warnings.
        gauge: knows the warnings.
    """

    def __init__(
        self, sensor: str, clock: Clock, on_status: Callable[[SensorStatus], None], gauge: SensorGauge
    ) -> None:
        """Nothing has been told yet."""
        self._sensor = sensor
        self._clock = clock
        self._on_status = on_status
        self._gauge = gauge
        self._status: SensorStatus | None = None
        self._outages = Episodes(log, sensor, "outages")
        self._episodes: dict[SensorWarning, Episodes] = {}

    def tell(self, state: SensorState, reason: SensorReason | None, detail: str) -> None:
        """Tell a change of state, reason or warnings; `since_ns` is that of the state."""
        now_ns = self._clock.now_ns()
        warnings = self._gauge.warnings()
        if state is not SensorState.STREAMING:
            warnings = {warning: text for warning, text in warnings.items() if warning not in _OF_RATES}
        old = self._status
        new = SensorStatus(self._sensor, state, reason, now_ns, detail, frozenset(warnings))
        self._outages.pulse(now_ns)
        if old is not None and _same(old, new):
            return
        if old is not None and old.state is state:
            new = SensorStatus(self._sensor, state, reason, old.since_ns, detail, frozenset(warnings))
        self._log(old, new)
        self._log_warnings(warnings, state, now_ns)
        self._status = new
        self._on_status(new)

    @property
    def streaming(self) -> bool:
        """Whether that is what was told last."""
        return self._status is not None and self._status.state is SensorState.STREAMING

    def lasted_s(self, now_ns: int) -> float:
        """Seconds since the state last changed."""
        return 0.0 if self._status is None else (now_ns - self._status.since_ns) / NS_PER_S

    def log_end(self) -> None:
        """Say that nobody will try again, unless a recording simply ended."""
        self._outages.tell(self._clock.now_ns())
        status = self._status
        if status is not None and status.reason is not SensorReason.END_OF_RECORDING:
            log.error("%s: not tried again before a restart: %s", self._sensor, status.detail)

    def _log(self, old: SensorStatus | None, new: SensorStatus) -> None:
        """One warning when the data stop, one line when they are back; the rest is for debugging."""
        before = SensorState.CONNECTING if old is None else old.state
        now_ns = self._clock.now_ns()
        text = f"{new.state} ({new.reason}): {new.detail}"
        if new.reason is SensorReason.END_OF_RECORDING:
            log.info("%s: %s", self._sensor, text)
        elif new.state not in _FLOWING and before in _FLOWING:
            self._gauge.outages += 1
            self._outages.begin(now_ns, text)
        elif new.state is SensorState.STREAMING and self._outages.going_on:
            self._outages.end(now_ns, "streaming again")
        elif new.state is SensorState.STREAMING and before is SensorState.CONNECTING:
            log.info("%s: streaming", self._sensor)
        else:
            log.debug("%s: %s", self._sensor, text)

    def _log_warnings(self, warnings: Mapping[SensorWarning, str], state: SensorState, now_ns: int) -> None:
        """One line when a warning begins and one when it ends; a loss ends none of them."""
        for warning, sentence in warnings.items():
            episodes = self._episodes.setdefault(warning, Episodes(log, self._sensor, f"times {warning}"))
            episodes.begin(now_ns, f"{warning}: {sentence}")
        for warning, episodes in self._episodes.items():
            if warning not in warnings and (state is SensorState.STREAMING or warning not in _OF_RATES):
                episodes.end(now_ns, f"{warning}: over")
            episodes.pulse(now_ns)


def _same(old: SensorStatus, new: SensorStatus) -> bool:
    return (old.state, old.reason, old.detail, old.warnings) == (new.state, new.reason, new.detail, new.warnings)
