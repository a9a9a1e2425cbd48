"""What a worker tells Prometheus: messages, and whether they get where they belong (docs/metrics.md)."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from edge.config import Metrics as Settings
from edge.health.endpoint import Endpoint, require
from edge.ingest.scribe import LEAVES, MALFORMED, Scribe

with suppress(ImportError):  # the extra is not installed: said where an endpoint is asked for
    import prometheus_client as prometheus

if TYPE_CHECKING:
    from edge.ingest.worker import Worker


class IngestMetrics:
    """Counts one worker.

    Args:
        name, group: of the worker; on every figure.

    Raises:
        MetricsError: the library is not installed.
    """

    def __init__(self, name: str, group: str) -> None:
        """Everything is zero."""
        require()
        self._who = {"worker": name, "group": group}
        self._seen: Counter[str] = Counter()
        self._endpoint = Endpoint()
        registry = self.registry = prometheus.CollectorRegistry()
        who = tuple(self._who)
        gauge = prometheus.Gauge
        self._messages = prometheus.Counter(
            "anodyne_ingest_messages", "Messages written down and acknowledged", (*who, "kind"), registry=registry
        )
        for kind in {leaf.partition("/")[0] for leaf in LEAVES} | {MALFORMED}:
            self._messages.labels(**self._who, kind=kind)
        self._written = gauge(
            "anodyne_ingest_last_write_timestamp_seconds", "Wall time of the last write", who, registry=registry
        )
        self._connected = gauge("anodyne_ingest_connected", "1 while in the group", who, registry=registry)
        self._disk = gauge("anodyne_ingest_disk_ok", "0 while the own file takes nothing", who, registry=registry)
        self._unsent = gauge("anodyne_ingest_unsent", "Entries the database lacks", who, registry=registry)

    def watch(self, worker: Worker) -> None:
        """Ask this worker when the figures are fetched."""
        self._connected.labels(**self._who).set_function(lambda: float(worker.reader.ready.is_set()))
        self._disk.labels(**self._who).set_function(lambda: float(not worker.book.fault))
        self._unsent.labels(**self._who).set_function(lambda: _number(worker.book.unsent()))

    def written(self, scribe: Scribe, wall_ms: int) -> None:
        """A batch is on the disk."""
        for kind, total in scribe.counted.items():
            self._messages.labels(**self._who, kind=kind).inc(total - self._seen[kind])
            self._seen[kind] = total
        self._written.labels(**self._who).set(wall_ms / 1000)

    def serve(self, settings: Settings) -> int:
        """Open the endpoint; its port.

        Raises:
            MetricsError: the port cannot be opened.
        """
        return self._endpoint.serve(settings, self.registry)

    def close(self) -> None:
        """Close the endpoint, where it is open."""
        self._endpoint.close()


def _number(count: int | None) -> float:
    return math.nan if count is None else float(count)
