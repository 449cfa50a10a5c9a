"""The gRPC server: port, interceptors, services, health, reflection, drain."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import grpc
import structlog
from grpc import aio
from grpc_channelz.v1 import channelz, channelz_pb2
from grpc_health.v1 import health

from ootd_gateway.errors import StartError
from ootd_gateway.rpc.admission import Admission
from ootd_gateway.rpc.deadlines import Deadlines
from ootd_gateway.rpc.health import HealthReporter
from ootd_gateway.rpc.interceptors.admission import AdmissionInterceptor
from ootd_gateway.rpc.interceptors.around import KINDS
from ootd_gateway.rpc.interceptors.authentication import AuthenticationInterceptor
from ootd_gateway.rpc.interceptors.compression import (
    COMPRESSION_OPTION,
    CompressionInterceptor,
)
from ootd_gateway.rpc.interceptors.deadline import DeadlineInterceptor
from ootd_gateway.rpc.interceptors.errors import ErrorInterceptor
from ootd_gateway.rpc.interceptors.messages import DeferredBodyInterceptor, MessageInterceptor
from ootd_gateway.rpc.interceptors.observation import ObservationInterceptor
from ootd_gateway.rpc.interceptors.request_context import RequestContextInterceptor
from ootd_gateway.rpc.interceptors.standard_services import (
    StandardServiceBounds,
    StandardServiceInterceptor,
)
from ootd_gateway.rpc.interceptors.starting import StartGate, StartingInterceptor
from ootd_gateway.rpc.message_limits import MAX_REQUEST_BYTES
from ootd_gateway.rpc.readiness import Dependency, Readiness
from ootd_gateway.rpc.reflection import add_reflection
from ootd_gateway.rpc.service_binding import ServiceBinding
from ootd_gateway.rpc.settings import AdmissionSettings
from ootd_gateway.rpc.tokens import FixedTokens, TokenSource
from ootd_gateway.telemetry.metrics.calls import CallMetrics
from ootd_gateway.telemetry.metrics.registry import Metrics

log = structlog.get_logger(__name__)

CALLS_OF_A_CONNECTION = 128
"""Calls and streams that one connection may have open."""

# What is left of a stop once no call runs: answers on their way, and health watchers.
_STOP_SECONDS = 0.5

_USUAL = AdmissionSettings()


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How the server is reached; without `credentials` in plaintext, to everyone without `tokens`.

    `max_connection_age_seconds`, `stream_idle_seconds` and `body_seconds` 0 mean without end,
    `compress_answers_above_bytes` 0 never; `max_open_calls` are those of all kinds, health and
    reflection included.
    """

    address: str
    deadlines: Deadlines
    tokens: TokenSource = field(default_factory=FixedTokens, repr=False)
    credentials: grpc.ServerCredentials | None = field(default=None, repr=False)
    reflection: bool = True
    channelz: bool = False
    max_connection_age_seconds: float = 0.0
    stream_idle_seconds: float = _USUAL.stream_idle_seconds
    body_seconds: float = _USUAL.body_seconds
    max_open_calls: int = _USUAL.max_open_calls
    compress_answers_above_bytes: int = 0
    health_address: str = ""
    standard_services: StandardServiceBounds = field(default_factory=StandardServiceBounds)


class GatewayServer:
    """Binds its ports when made, answers once started, lets calls in once opened."""

    def __init__(self, options: ServerOptions, admission: Admission, metrics: Metrics) -> None:
        """Take the ports. Raises StartError where one cannot be had."""
        self._options = options
        self._admission = admission
        self._gate = StartGate()
        self._health = HealthReporter()
        self.readiness = Readiness()
        self._server = aio.server(
            interceptors=_interceptors(options, admission, metrics, self._gate),
            options=_channel_options(options),
            maximum_concurrent_rpcs=options.max_open_calls,
        )
        self._metrics = metrics.calls
        metrics.calls.bytes_in_flight.set_function(lambda: admission.request_bytes.held)
        self.port = self._bind()
        self._probes, self.health_address = self._bind_probes(metrics)

    @property
    def deadlines(self) -> Deadlines:
        """How long calls may take."""
        return self._options.deadlines

    @property
    def address(self) -> str:
        """host:port that is really bound."""
        host, _, _ = self._options.address.rpartition(":")
        return f"{host}:{self.port}"

    async def start(self, services: Sequence[ServiceBinding]) -> None:
        """Begin to answer: health says NOT_SERVING of everything, and calls are told to wait."""
        for service in services:
            service.add_to(self._server)
            _prepare_metrics(self._metrics, service)
        self._health.watch(services)
        self._health.add_to(self._server)
        names = [*(service.name for service in services), health.SERVICE_NAME]
        if self._options.channelz:
            channelz.add_channelz_servicer(self._server)
            names.append(channelz_pb2.DESCRIPTOR.services_by_name["Channelz"].full_name)
        if self._options.reflection:
            add_reflection(names, self._server)
        await self.report()
        await self._server.start()
        if self._probes is not None:
            await self._probes.start()

    def tell_start(self, how_far: str) -> None:
        """Tell callers who are refused meanwhile how far the start has come."""
        self._gate.told = how_far
        self.readiness.set(Dependency.INDEX, how_far)

    async def open(self) -> None:
        """Let calls in."""
        self._gate.open()
        self.readiness.set(Dependency.GATEWAY)
        self.readiness.set(Dependency.INDEX)
        await self.report()

    async def report(self) -> None:
        """Tell health what `readiness` says now."""
        await self._health.report(self.readiness)

    async def drain(self, seconds: float, *, delay_seconds: float = 0.0) -> None:
        """Stop gently: health says NOT_SERVING, new calls are refused, running ones may end.

        Calls are still taken for `delay_seconds` after health has said so: balancers need a moment
        to notice. What still runs `seconds` after that is cut off.
        """
        self.readiness.set(Dependency.GATEWAY, "the gateway is about to stop")
        await self._health.say_not_serving()
        if self._gate.is_open and delay_seconds:
            log.info("calls are still taken", drain_delay_seconds=delay_seconds)
            await asyncio.sleep(delay_seconds)
        self._admission.close()
        try:
            async with asyncio.timeout(seconds):
                await self._admission.wait_until_idle()
        except TimeoutError:
            log.warning(
                "calls are cut off",
                calls=self._admission.calls.running,
                streams=self._admission.streams.running,
                drain_seconds=seconds,
            )
            await self._stop(None)
            return
        await self._stop(_STOP_SECONDS)

    async def _stop(self, grace_seconds: float | None) -> None:
        await self._server.stop(grace_seconds)
        if self._probes is not None:
            await self._probes.stop(None)

    def _bind(self) -> int:
        credentials = self._options.credentials
        address = self._options.address
        if credentials is None:
            return _bound(self._server.add_insecure_port, address, "listen_address")
        return _bound(
            lambda one: self._server.add_secure_port(one, credentials), address, "listen_address"
        )

    def _bind_probes(self, metrics: Metrics) -> tuple[aio.Server | None, str]:
        address = self._options.health_address
        if not address:
            return None, ""
        server = self._health.plaintext_server(
            StandardServiceInterceptor(self._options.standard_services, metrics.calls, pool="probe")
        )
        port = _bound(server.add_insecure_port, address, "health_address")
        return server, f"{address.rpartition(':')[0]}:{port}"


def _prepare_metrics(metrics: CallMetrics, service: ServiceBinding) -> None:
    """Have every method stand in the metrics from the beginning."""
    for method in service.descriptor.methods:
        kind = KINDS[method.client_streaming, method.server_streaming]
        metrics.prepare(kind, service.name, method.name)


def _interceptors(
    options: ServerOptions, admission: Admission, metrics: Metrics, gate: StartGate
) -> list[aio.ServerInterceptor]:
    """Return what is done around every call, outermost first."""
    around: list[aio.ServerInterceptor] = [
        StandardServiceInterceptor(options.standard_services, metrics.calls, pool="standard"),
        DeferredBodyInterceptor(),
        RequestContextInterceptor(),
        ErrorInterceptor(),
        ObservationInterceptor(metrics),
        AuthenticationInterceptor(options.tokens),
        StartingInterceptor(gate),
        AdmissionInterceptor(admission),
        DeadlineInterceptor(options.deadlines),
        MessageInterceptor(
            admission.request_bytes,
            metrics.calls,
            idle_seconds=options.stream_idle_seconds,
            body_seconds=options.body_seconds,
        ),
    ]
    if options.compress_answers_above_bytes > 0:
        around.append(CompressionInterceptor(options.compress_answers_above_bytes))
    return around


def _bound(add_port: Callable[[str], int], address: str, setting: str) -> int:
    """Take a port and return its number. Raises StartError where it cannot be had."""
    # Asked of the system first: gRPC says less.
    obstacle = _obstacle(address)
    if obstacle is None:
        try:
            return int(add_port(address))
        except RuntimeError as error:
            obstacle = str(error)
    raise StartError(
        f"cannot listen on {address}: {obstacle}; stop what uses it, or set "
        f"OOTD_{setting.upper()} to another address (port 0 takes a free one)"
    )


def _channel_options(options: ServerOptions) -> list[tuple[str, int]]:
    chosen = [
        ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
        ("grpc.max_send_message_length", MAX_REQUEST_BYTES),
        # A second server on the same port shall fail, not take half of the calls.
        ("grpc.so_reuseport", 0),
        # Finds callers that are gone, and bears with callers that look for us in the same way.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        # One connection can't keep the others' calls from being accepted; more of its calls wait in
        # the caller's own library.
        ("grpc.max_concurrent_streams", CALLS_OF_A_CONNECTION),
        # Connections that say nothing give their file descriptors back.
        ("grpc.server_handshake_timeout_ms", 10_000),
        ("grpc.max_connection_idle_ms", 600_000),
    ]
    if options.max_connection_age_seconds > 0:
        age_ms = round(options.max_connection_age_seconds * 1000)
        # Without a grace, which is without end by default: running streams end as they would.
        chosen.append(("grpc.max_connection_age_ms", age_ms))
    if options.compress_answers_above_bytes > 0:
        chosen.append(COMPRESSION_OPTION)
    if options.channelz:
        chosen.append(("grpc.enable_channelz", 1))
    return chosen


def _obstacle(address: str) -> str | None:
    """Return why an address cannot be bound, in the operating system's words; None if it can."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            host or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
            probe.listen(1)
    except (OSError, OverflowError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    return None
