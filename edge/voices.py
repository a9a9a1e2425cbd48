"""Who hears of assessments, alerts and sensors: broker, home page, burden, metrics, and whoever built the daemon."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edge.alarm.burden import Burden
from edge.clock import Clock
from edge.health.metrics import Metrics
from edge.publish.mqtt import Publisher
from edge.publish.payload import SensorCondition
from edge.station.home import HomePage
from edge.types import Alert, Assessment, Hold


class Voices:
    """All of them, as far as they are there.

    Args:
        clock: dates what the metrics tell.
        publisher: to the broker.
        burden: counts alarms.
        home: the home page.
        metrics: for Prometheus.
        on_assessment, on_alert: called last.
    """

    def __init__(
        self,
        clock: Clock,
        publisher: Publisher,
        burden: Burden,
        home: HomePage | None,
        metrics: Metrics | None,
        on_assessment: Callable[[Assessment], None] | None,
        on_alert: Callable[[Alert], None] | None,
    ) -> None:
        """Say nothing yet."""
        self._clock = clock
        self._publisher = publisher
        self._burden = burden
        self._home = home
        self._metrics = metrics
        self._on_assessment = on_assessment
        self._on_alert = on_alert

    def assessed(self, assessment: Assessment, alerts: tuple[Alert, ...], holds: tuple[Hold, ...]) -> None:
        """An assessment has been made, and these alarms have changed by it."""
        self._burden.tick(assessment)
        for alert in alerts:
            self._count(alert)
            self.stands(alert)
        if self._metrics is not None:
            self._metrics.tick(assessment, self._clock.instant().wall_ms)
        self._publisher.publish_state(assessment, holds)
        if self._home is not None:
            self._home.state(assessment, holds)
        if self._on_assessment is not None:
            self._on_assessment(assessment)

    def stands(self, alert: Alert) -> None:
        """An alarm is, or is again, what this alert says."""
        self._publisher.publish_alert(alert)
        self._show(alert)

    def acknowledged(self, alert: Alert) -> None:
        """Somebody has acknowledged an alarm; whoever carries the command out publishes it."""
        self._count(alert)
        self._show(alert)

    def sensors(self, conditions: Mapping[str, SensorCondition]) -> None:
        """What the sensors do."""
        self._publisher.publish_sensors(conditions)
        if self._home is not None:
            self._home.sensors(conditions)

    def _show(self, alert: Alert) -> None:
        if self._home is not None:
            self._home.alert(alert)
        if self._on_alert is not None:
            self._on_alert(alert)

    def _count(self, alert: Alert) -> None:
        self._burden.count(alert)
        if self._metrics is not None:
            self._metrics.count(alert)
