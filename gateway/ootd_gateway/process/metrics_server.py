"""HTTP on a port of its own: metrics for Prometheus, and probes for those who start the gateway."""

import errno
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import urlsplit

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from ootd_gateway.errors import StartError

ALIVE_SECONDS = 10.0
"""How long the event loop may stand still until /healthz says so."""

_REQUEST_SECONDS = 10.0

SPARE_DESCRIPTORS = 4
"""Kept so that probes and scrapes are answered when connections have taken all others."""

NO_DESCRIPTOR_SECONDS = 0.1
TELL_SECONDS = 60.0
"""How often the log repeats that there are no more file descriptors."""

log = structlog.get_logger(__name__)

_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Probes:
    """What probes ask: seconds since the event loop turned, and why the gateway is not ready."""

    since_turn: Callable[[], float]
    missing: Callable[[], Mapping[str, str]]
    remark: Callable[[], str] = str
    """What people should know although the gateway is ready, "" for nothing."""


@dataclass(frozen=True, slots=True)
class _Page:
    status: HTTPStatus
    content_type: str
    body: bytes


class MetricsServer:
    """Answers GET and HEAD of /metrics, /healthz and /readyz from threads of its own."""

    def __init__(self, address: str, registry: CollectorRegistry, probes: Probes) -> None:
        """Take the port and answer. Raises StartError where it cannot be had."""
        host, _, port = address.rpartition(":")

        class Handler(_Handler):
            pages: ClassVar[_Pages] = _Pages(registry, probes)

        try:
            self._server = _server_class(host.strip("[]"), int(port))(
                (host.strip("[]"), int(port)), Handler
            )
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise StartError(
                f"cannot serve metrics on {address}: {reason}; stop what uses it, or set "
                "OOTD_METRICS_ADDRESS to another address (port 0 takes a free one, empty turns "
                "metrics and probes off)"
            ) from None
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="metrics-server", daemon=True
        )
        self._thread.start()
        self.address = f"{host}:{self._server.server_port}"

    def close(self) -> None:
        """Give the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Pages:
    """What is answered at which path."""

    def __init__(self, registry: CollectorRegistry, probes: Probes) -> None:
        self._registry = registry
        self._probes = probes

    def page(self, path: str, accept: str) -> _Page:
        """Return what is at a path."""
        if path == "/metrics":
            encode, content_type = choose_encoder(accept)
            return _Page(HTTPStatus.OK, content_type, encode(self._registry))
        if path == "/healthz":
            return self._alive()
        if path == "/readyz":
            return self._ready()
        return _text(HTTPStatus.NOT_FOUND, "there are /metrics, /healthz and /readyz")

    def _alive(self) -> _Page:
        still = self._probes.since_turn()
        if still <= ALIVE_SECONDS:
            return _text(HTTPStatus.OK, "alive")
        return _text(
            HTTPStatus.SERVICE_UNAVAILABLE, f"the event loop has not turned for {still:.0f} s"
        )

    def _ready(self) -> _Page:
        missing = self._probes.missing()
        if not missing:
            return _text(HTTPStatus.OK, "\n".join(filter(None, ["ready", self._probes.remark()])))
        lines = [f"{name}: {obstacle}" for name, obstacle in missing.items()]
        return _text(HTTPStatus.SERVICE_UNAVAILABLE, "\n".join(["not ready", *lines]))


class _Handler(BaseHTTPRequestHandler):
    pages: ClassVar[_Pages]
    timeout = _REQUEST_SECONDS  # a caller that sends nothing holds its thread no longer
    server_version = "ootd-gateway"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *_: object) -> None:
        """Probes and scrapes come every few seconds: they are no news."""

    def _answer(self, *, with_body: bool) -> None:
        page = self.pages.page(urlsplit(self.path).path, self.headers.get("Accept", ""))
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        if with_body:
            self.wfile.write(page.body)


class _Server(ThreadingHTTPServer):
    """Has file descriptors in reserve."""

    daemon_threads = True

    def __init__(self, *arguments: Any) -> None:
        self._spare = [os.open(os.devnull, os.O_RDONLY) for _ in range(SPARE_DESCRIPTORS)]
        self._told_at = -math.inf
        super().__init__(*arguments)

    def get_request(self) -> tuple[socket.socket, Any]:
        try:
            return super().get_request()
        except OSError as error:
            if error.errno not in {errno.EMFILE, errno.ENFILE}:
                raise
            self._tell()
            if not self._spare:
                time.sleep(NO_DESCRIPTOR_SECONDS)  # else this would turn without a pause
                raise
            os.close(self._spare.pop())
            return super().get_request()

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with suppress(OSError):
            while len(self._spare) < SPARE_DESCRIPTORS:
                self._spare.append(os.open(os.devnull, os.O_RDONLY))

    def server_close(self) -> None:
        super().server_close()
        while self._spare:
            os.close(self._spare.pop())

    def _tell(self) -> None:
        if time.monotonic() - self._told_at >= TELL_SECONDS:
            self._told_at = time.monotonic()
            log.error(
                "no more file descriptors: connections are not taken; raise the limit "
                "(ulimit -Hn, LimitNOFILE=), or see who holds so many"
            )

    def handle_error(self, *_: object) -> None:
        """A caller that hangs up in the middle is no news either."""


def _server_class(host: str, port: int) -> type[ThreadingHTTPServer]:
    family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0][0]

    class Server(_Server):
        address_family = family

    return Server


def _text(status: HTTPStatus, text: str) -> _Page:
    return _Page(status, _TEXT, f"{text}\n".encode())
