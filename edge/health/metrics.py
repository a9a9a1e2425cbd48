"""The figures that an engineer would be woken by, in Prometheus' format over HTTP (docs/metrics.md).

Figures about the box and its work: no score and no signal of the person; the only label about the person is the bed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from edge.bundles.state import BundleState
from edge.config import Box
from edge.config import Metrics as Settings
from edge.errors import StoreError
from edge.health.endpoint import Endpoint, require
from edge.health.pace import Load
from edge.publish.proof import Step
from edge.sensors.report import BoxReport
from edge.types import NS_PER_S, Alert, Assessment, BoxFacts, Condition, Presence, SensorState, Throttle, Verdict

with suppress(ImportError):  # the extra is not installed: said where an endpoint is asked for
    import prometheus_client as prometheus

DELIVERY_BUCKETS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Around the promise (p99 under 0.25 s) and the delay from which a way counts as broken (10 s)."""

PERSON_BUCKETS_S = (5.0, 15.0, 30.0, 60.0, 120.0, 240.0, 600.0, 1800.0, 7200.0)
"""Around the steps of escalation (120 and 240 s)."""

STEP_BUCKETS_S = tuple(sorted({*DELIVERY_BUCKETS_S, *PERSON_BUCKETS_S}))
"""Broker and station answer within the first of them, persons within the second."""

REFRESH_S = 1.0
"""How often sensors and temperature are looked at, seconds."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is asked of the rest of the box.

    Attributes:
        pending: messages that no broker has acknowledged.
        connected: whether a broker has accepted the box.
        report: what every sensor does.
        facts: what the box knows of itself.
        load: the level of load in force; full speed where nobody says otherwise.
        models: how it stands with the bundles; None where that is not known.
    """

    pending: Callable[[], int]
    connected: Callable[[], bool]
    report: Callable[[], BoxReport]
    facts: Callable[[], BoxFacts]
    load: Callable[[], Load] = lambda: Load.FULL
    models: Callable[[], BundleState | None] = lambda: None


class Metrics:
    """Counts one box. Use it from one thread; the server answers from its own.

    Args:
        box: its site and bed are on every figure.
        look: asked at each tick.
        standing: alarms of an earlier run that still stand.

    Raises:
        MetricsError: the library is not installed.
    """

    def __init__(self, box: Box, look: Look, standing: Iterable[Alert] = ()) -> None:
        """Everything is zero."""
        require()
        self._look = look
        self._place = {"site": box.site, "bed": box.bed}
        self._last_ns: int | None = None
        self._refreshed_ns: int | None = None
        self._waiting_since_ns: int | None = None
        self._raised: dict[Condition, int] = {}
        self._undelivered: list[int] = []
        self._presence: dict[Condition, Presence] = {}
        self._seen: dict[tuple[str, ...], float] = {}
        self._endpoint = Endpoint()
        self._define()
        for figure in (self._acknowledged, self._escalated, self._delivery, self._answer):
            figure.labels(**self._place)  # there from the start, so that a rate can be taken of the first one too
        for step in Step:
            self._steps.labels(**self._place, step=step)
        for condition in Condition:
            self._show(condition, Presence.OFF)
            self._raised_total.labels(**self._place, condition=condition)
        for alert in standing:
            self._show(alert.condition, alert.presence)

    def _define(self) -> None:
        registry = self.registry = prometheus.CollectorRegistry()
        place = ("site", "bed")
        sensor = (*place, "sensor")
        gauge, counter = prometheus.Gauge, prometheus.Counter
        self._assessments = counter("anodyne_assessments", "Assessments", (*place, "verdict"), registry=registry)
        for verdict in Verdict:
            self._assessments.labels(**self._place, verdict=verdict)
        self._blind = counter("anodyne_blind_seconds", "Time without an assessment", place, registry=registry)
        self._watched = counter("anodyne_watched_seconds", "Time in which the box ran", place, registry=registry)
        self._assessed = gauge(
            "anodyne_last_assessment_timestamp_seconds", "Wall time of the last one", place, registry=registry
        )
        self._alarm = gauge(
            "anodyne_alarm",
            "1 for the presence of a condition",
            (*place, "condition", "presence"),
            registry=registry,
        )
        self._raised_total = counter("anodyne_alarms", "Episodes begun", (*place, "condition"), registry=registry)
        self._acknowledged = counter("anodyne_acknowledgements", "Alarms acknowledged", place, registry=registry)
        self._escalated = counter("anodyne_escalations", "Steps because nobody acknowledged", place, registry=registry)
        self._delivery = prometheus.Histogram(
            "anodyne_delivery_seconds",
            "From an alert's transition to the broker's acknowledgement of all that waited",
            place,
            buckets=DELIVERY_BUCKETS_S,
            registry=registry,
        )
        self._steps = prometheus.Histogram(
            "anodyne_alert_step_seconds",
            "From the transition of an alert that asks for somebody to the broker, a station, a person",
            (*place, "step"),
            buckets=STEP_BUCKETS_S,
            registry=registry,
        )
        self._answer = prometheus.Histogram(
            "anodyne_acknowledge_seconds",
            "From an alarm to a person's acknowledgement",
            place,
            buckets=PERSON_BUCKETS_S,
            registry=registry,
        )
        self._outbox = gauge("anodyne_outbox_messages", "Messages no broker has taken", place, registry=registry)
        self._waiting = gauge("anodyne_outbox_waiting_seconds", "So long not empty", place, registry=registry)
        self._connected = gauge("anodyne_broker_connected", "1 while connected", place, registry=registry)
        self._temperature = gauge("anodyne_temperature_celsius", "Hottest thermal zone", place, registry=registry)
        self._load = gauge("anodyne_load", "1 for the level in force", (*place, "level"), registry=registry)
        self._throttled = gauge("anodyne_throttled", "1 while so", (*place, "by"), registry=registry)
        self._bundle = gauge(
            "anodyne_bundle",
            "1 for the bundle in use, and for the one beside it",
            (*place, "bundle", "version", "state"),
            registry=registry,
        )
        self._bundle_since = gauge(
            "anodyne_bundle_since_timestamp_seconds", "Wall time when it was put to use", place, registry=registry
        )
        self._bundle_fault = gauge(
            "anodyne_bundle_fault", "1 after a bundle was rolled back or refused", place, registry=registry
        )
        self._synced = gauge("anodyne_clock_synced", "1 while the wall clock is", place, registry=registry)
        self._state = gauge(
            "anodyne_sensor_state", "1 for the state of each sensor", (*sensor, "state"), registry=registry
        )
        self._quality = gauge(
            "anodyne_sensor_quality", "Signal quality, 0..1", (*sensor, "modality"), registry=registry
        )
        self._battery = gauge("anodyne_sensor_battery_percent", "Charge", sensor, registry=registry)
        self._dropped = counter("anodyne_sensor_dropped", "Pictures or values not looked at", sensor, registry=registry)
        self._outages = counter("anodyne_sensor_outages", "Losses and stalls", sensor, registry=registry)

    def tick(self, assessment: Assessment, wall_ms: int) -> None:
        """Count one assessment, and look at the rest of the box."""
        now_ns = assessment.assessed_ns
        elapsed_s = 0.0 if self._last_ns is None else max(0, now_ns - self._last_ns) / NS_PER_S
        self._last_ns = now_ns
        self._assessments.labels(**self._place, verdict=assessment.verdict).inc()
        self._watched.labels(**self._place).inc(elapsed_s)
        self._blind.labels(**self._place).inc(elapsed_s if assessment.verdict is Verdict.CANNOT_ASSESS else 0.0)
        self._assessed.labels(**self._place).set(wall_ms / 1000)
        if self._undelivered or self._due(now_ns):
            self._look_at_outbox(now_ns)
        if self._due(now_ns):
            self._refreshed_ns = now_ns
            self._refresh()

    def _due(self, now_ns: int) -> bool:
        return self._refreshed_ns is None or now_ns - self._refreshed_ns >= REFRESH_S * NS_PER_S

    def count(self, alert: Alert) -> None:
        """Count one transition of an alarm."""
        earlier = self._presence[alert.condition]
        self._show(alert.condition, alert.presence)
        self._undelivered.append(alert.at_ns)
        if alert.presence is Presence.ON and earlier is Presence.OFF:
            self._raised_total.labels(**self._place, condition=alert.condition).inc()
        if alert.presence is Presence.ON and earlier is not Presence.ON:
            self._raised[alert.condition] = alert.at_ns
        if alert.reasons[:1] in (("to_bed",), ("to_second",)) and alert.presence is earlier:
            self._escalated.labels(**self._place).inc()
        if alert.presence is Presence.ACKNOWLEDGED or (earlier, alert.presence) == (Presence.LATCHED, Presence.OFF):
            self._acknowledged.labels(**self._place).inc()
            raised_ns = self._raised.pop(alert.condition, None)
            if raised_ns is not None:
                self._answer.labels(**self._place).observe((alert.at_ns - raised_ns) / NS_PER_S)

    def step(self, step: Step, after_s: float) -> None:
        """Count one step of the proof of delivery, so long after the alert's transition."""
        self._steps.labels(**self._place, step=step).observe(after_s)

    def _show(self, condition: Condition, now: Presence) -> None:
        self._presence[condition] = now
        for presence in Presence:
            self._alarm.labels(**self._place, condition=condition, presence=presence).set(presence is now)

    def _look_at_outbox(self, now_ns: int) -> None:
        try:
            pending = self._look.pending()
        except StoreError:  # the outbox reports it; what is unknown is not a number
            self._outbox.labels(**self._place).set(math.nan)
            return
        if pending == 0:
            for raised_ns in self._undelivered:
                self._delivery.labels(**self._place).observe(max(0, now_ns - raised_ns) / NS_PER_S)
            self._undelivered.clear()
            self._waiting_since_ns = None
        elif self._waiting_since_ns is None:
            self._waiting_since_ns = now_ns
        since_ns = now_ns if self._waiting_since_ns is None else self._waiting_since_ns
        self._outbox.labels(**self._place).set(pending)
        self._waiting.labels(**self._place).set((now_ns - since_ns) / NS_PER_S)

    def _show_models(self, state: BundleState | None) -> None:
        """Replace what was said of the bundles."""
        self._bundle.clear()
        if state is None:
            return
        self._bundle.labels(**self._place, bundle=state.bundle, version=state.version, state=state.use).set(1)
        if state.beside_state is not None:
            shadow = f"shadow_{state.beside_state}"
            self._bundle.labels(**self._place, bundle=state.beside, version="", state=shadow).set(1)
        self._bundle_since.labels(**self._place).set(math.nan if state.since_ms is None else state.since_ms / 1000)
        self._bundle_fault.labels(**self._place).set(bool(state.fault))

    def _refresh(self) -> None:
        facts = self._look.facts()
        self._connected.labels(**self._place).set(self._look.connected())
        if facts.temperature_c is not None:
            self._temperature.labels(**self._place).set(facts.temperature_c)
        for load in Load:
            self._load.labels(**self._place, level=load).set(load is self._look.load())
        for flag in Throttle:
            self._throttled.labels(**self._place, by=flag).set(flag in facts.throttled)
        self._show_models(self._look.models())
        if facts.clock_synced is not None:
            self._synced.labels(**self._place).set(facts.clock_synced)
        for one in self._look.report().sensors:
            labels = self._place | {"sensor": one.sensor}
            for state in SensorState:
                self._state.labels(**labels, state=state).set(state is one.state)
            for modality in (*one.absent, *one.quality):
                self._quality.labels(**labels, modality=modality).set(one.quality.get(modality, 0.0))
            if one.battery_percent is not None:
                self._battery.labels(**labels).set(one.battery_percent)
            self._raise_to(self._dropped, labels, float(one.dropped))
            self._raise_to(self._outages, labels, float(one.outages))

    def _raise_to(self, counter: prometheus.Counter, labels: Mapping[str, str], total: float) -> None:
        """Bring a counter to a total that is counted elsewhere."""
        key = (next(iter(counter.describe())).name, labels["sensor"])
        counter.labels(**labels).inc(max(0.0, total - self._seen.get(key, 0.0)))
        self._seen[key] = total

    def serve(self, settings: Settings) -> int:
        """Open the endpoint.

        Returns:
            The port.

        Raises:
            MetricsError: the port cannot be opened.
        """
        return self._endpoint.serve(settings, self.registry)

    def close(self) -> None:
        """Close the endpoint, where it is open."""
        self._endpoint.close()
