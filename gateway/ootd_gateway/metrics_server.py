"""Serves the metrics over HTTP, on a port of their own."""

import threading
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server

from ootd_gateway.start_error import StartError


class MetricsServer:
    """Answers GET /metrics from a thread of its own."""

    def __init__(self, address: str, registry: CollectorRegistry) -> None:
        """Take the port and answer. Raises StartError where it cannot be had."""
        host, _, port = address.rpartition(":")
        self._server: WSGIServer
        self._thread: threading.Thread
        try:
            self._server, self._thread = start_http_server(
                int(port), addr=host.strip("[]"), registry=registry
            )
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise StartError(
                f"cannot serve metrics on {address}: {reason}; stop what uses it, or set "
                "OOTD_METRICS_ADDRESS to another address (port 0 takes a free one, empty turns "
                "metrics off)"
            ) from None
        self.address = f"{host}:{self._server.server_port}"

    def close(self) -> None:
        """Give the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
