"""The gRPC server: port, interceptors, services, health, reflection, drain."""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

import grpc
import structlog
from grpc import aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from ootd.v1 import (
    catalog_service_pb2,
    search_service_pb2,
    server_service_pb2,
    vision_service_pb2,
)
from ootd.v1.catalog_service_pb2_grpc import add_CatalogServiceServicer_to_server
from ootd.v1.search_service_pb2_grpc import add_SearchServiceServicer_to_server
from ootd.v1.vision_service_pb2_grpc import add_VisionServiceServicer_to_server
from ootd_gateway.admission import Admission
from ootd_gateway.metrics.registry import Metrics
from ootd_gateway.rpc.catalog_service import CatalogService
from ootd_gateway.rpc.deadlines import Deadlines
from ootd_gateway.rpc.interceptors.admission import AdmissionInterceptor
from ootd_gateway.rpc.interceptors.around import KINDS
from ootd_gateway.rpc.interceptors.authentication import AuthenticationInterceptor
from ootd_gateway.rpc.interceptors.deadline import DeadlineInterceptor
from ootd_gateway.rpc.interceptors.errors import ErrorInterceptor
from ootd_gateway.rpc.interceptors.messages import DeferredBodyInterceptor, MessageInterceptor
from ootd_gateway.rpc.interceptors.observation import ObservationInterceptor
from ootd_gateway.rpc.interceptors.request_context import RequestContextInterceptor
from ootd_gateway.rpc.messages import MAX_REQUEST_BYTES
from ootd_gateway.rpc.search_service import SearchService
from ootd_gateway.rpc.vision_service import VisionService
from ootd_gateway.start_error import StartError

log = structlog.get_logger(__name__)

VISION = vision_service_pb2.DESCRIPTOR.services_by_name["VisionService"].full_name
CATALOG = catalog_service_pb2.DESCRIPTOR.services_by_name["CatalogService"].full_name
SEARCH = search_service_pb2.DESCRIPTOR.services_by_name["SearchService"].full_name

# What is left of a stop once no call runs: answers on their way, and health watchers.
_STOP_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class TransportSecurity:
    """PEM bytes: the server's key and certificate chain, and whose client certificates it wants."""

    private_key: bytes = field(repr=False)
    certificate_chain: bytes
    client_authority: bytes | None = None


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How the server is reached. `max_connection_age_seconds` and `stream_idle_seconds` 0 mean
    without end; `max_open_calls` are those of all kinds, health and reflection included.
    """

    address: str
    deadlines: Deadlines
    tokens: Sequence[str] = field(default=(), repr=False)
    security: TransportSecurity | None = None
    reflection: bool = True
    max_connection_age_seconds: float = 0.0
    stream_idle_seconds: float = 60.0
    max_open_calls: int = 1024


@dataclass(frozen=True, slots=True)
class Services:
    """What is served."""

    vision: VisionService
    catalog: CatalogService
    search: SearchService


class GatewayServer:
    """Binds its port when made, answers once started."""

    def __init__(self, options: ServerOptions, admission: Admission, metrics: Metrics) -> None:
        """Take the port. Raises StartError where it cannot be had."""
        self._options = options
        self._admission = admission
        self._health = health.aio.HealthServicer()
        self._server = aio.server(
            interceptors=[
                DeferredBodyInterceptor(),
                RequestContextInterceptor(),
                ErrorInterceptor(),
                ObservationInterceptor(metrics),
                AuthenticationInterceptor(options.tokens),
                AdmissionInterceptor(admission),
                DeadlineInterceptor(options.deadlines),
                MessageInterceptor(
                    admission.request_bytes,
                    metrics.calls,
                    idle_seconds=options.stream_idle_seconds,
                ),
            ],
            options=_channel_options(options),
            maximum_concurrent_rpcs=options.max_open_calls,
        )
        _prepare_metrics(metrics)
        self.port = self._bind()

    @property
    def deadlines(self) -> Deadlines:
        """How long calls may take."""
        return self._options.deadlines

    @property
    def address(self) -> str:
        """host:port that is really bound."""
        host, _, _ = self._options.address.rpartition(":")
        return f"{host}:{self.port}"

    async def start(self, services: Services) -> None:
        """Begin to answer. Health says SERVING for all but the vision service."""
        add_VisionServiceServicer_to_server(services.vision, self._server)
        add_CatalogServiceServicer_to_server(services.catalog, self._server)
        add_SearchServiceServicer_to_server(services.search, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (VISION, CATALOG, SEARCH)
        if self._options.reflection:
            reflection.enable_server_reflection(
                (*names, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server
            )
        for name in names:
            await self.set_serving(name, serving=name != VISION)
        await self._server.start()

    async def set_serving(self, service: str, *, serving: bool) -> None:
        """Tell health watchers of a service whether it would answer."""
        status = (
            health_pb2.HealthCheckResponse.SERVING
            if serving
            else health_pb2.HealthCheckResponse.NOT_SERVING
        )
        await self._health.set(service, status)

    async def drain(self, seconds: float) -> None:
        """Stop gently: health says NOT_SERVING, new calls are refused, running ones may end.

        What still runs after `seconds` is cut off.
        """
        await self._health.enter_graceful_shutdown()
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
            await self._server.stop(None)
            return
        await self._server.stop(_STOP_SECONDS)

    def _bind(self) -> int:
        address = self._options.address
        # Asked of the system first: gRPC says less, and writes to standard error on its own.
        obstacle = _obstacle(address)
        if obstacle is None:
            try:
                return self._add_port(address)
            except RuntimeError as error:
                obstacle = str(error)
        raise StartError(
            f"cannot listen on {address}: {obstacle}; stop what uses it, or set "
            "OOTD_LISTEN_ADDRESS to another address (port 0 takes a free one)"
        )

    def _add_port(self, address: str) -> int:
        if self._options.security is None:
            return int(self._server.add_insecure_port(address))
        return int(self._server.add_secure_port(address, _credentials(self._options.security)))


def _prepare_metrics(metrics: Metrics) -> None:
    modules = (vision_service_pb2, catalog_service_pb2, search_service_pb2, server_service_pb2)
    for module in modules:
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                kind = KINDS[method.client_streaming, method.server_streaming]
                metrics.calls.prepare(kind, service.full_name, method.name)


def _credentials(security: TransportSecurity) -> grpc.ServerCredentials:
    return grpc.ssl_server_credentials(
        [(security.private_key, security.certificate_chain)],
        root_certificates=security.client_authority,
        require_client_auth=security.client_authority is not None,
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
    ]
    if options.max_connection_age_seconds > 0:
        age_ms = round(options.max_connection_age_seconds * 1000)
        chosen.append(("grpc.max_connection_age_ms", age_ms))
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
