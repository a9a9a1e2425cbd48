"""The door at which a collector fetches figures: Prometheus' format over HTTP."""

from __future__ import annotations

import threading
from typing import Protocol

from edge.config import Metrics as Settings
from edge.errors import MetricsError

try:
    import prometheus_client as prometheus
except ImportError as error:  # the extra is not installed: said where an endpoint is asked for
    MISSING: ImportError | None = error
else:
    MISSING = None


class _Server(Protocol):
    server_port: int

    def shutdown(self) -> None: ...

    def server_close(self) -> None: ...


def require() -> None:
    """See that the library is there.

    Raises:
        MetricsError: it is not installed.
    """
    if MISSING is not None:
        raise MetricsError("[metrics] needs the package prometheus-client: pip install 'anodyne[metrics]'")


class Endpoint:
    """Serves a registry from a thread of its own, until closed."""

    def __init__(self) -> None:
        """Nothing is open."""
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def serve(self, settings: Settings, registry: prometheus.CollectorRegistry) -> int:
        """Open it.

        Returns:
            The port.

        Raises:
            MetricsError: the port cannot be opened.
        """
        if settings.port is None:
            raise ValueError("no port is configured")
        try:
            server, self._thread = prometheus.start_http_server(settings.port, settings.host, registry)
        except OSError as error:
            raise MetricsError(
                f"[metrics] {settings.host}:{settings.port} cannot be opened: {error.strerror}; is the port in use?"
            ) from error
        self._server = server
        return server.server_port

    def close(self) -> None:
        """Close it, where it is open."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        if self._thread is not None:
            self._thread.join()
            self._thread = None
