"""The standard health service: each service shows what it depends on, "" shows everything."""

from collections.abc import Iterable

from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from ootd_gateway.rpc.health_statuses import HealthStatuses
from ootd_gateway.rpc.readiness import Dependency, Readiness
from ootd_gateway.rpc.service_binding import ServiceBinding

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
# Twice what the bounds let in, so that gRPC itself, which says less, seldom refuses.
_OPEN_PROBES = 256


class HealthReporter:
    """Tells the health service what is missing; nothing is SERVING until `report` says so."""

    def __init__(self) -> None:
        self._servicer = HealthStatuses()
        self._needs: dict[str, tuple[Dependency, ...]] = {"": tuple(Dependency)}

    def watch(self, services: Iterable[ServiceBinding]) -> None:
        """Tell of these services from now on."""
        for service in services:
            self._needs[service.name] = (Dependency.GATEWAY, *service.needs)

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer the health service."""
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)

    async def report(self, readiness: Readiness) -> None:
        """Tell whoever asks or watches which services would answer."""
        for service, needed in self._needs.items():
            status = _NOT_SERVING if readiness.missing(needed) else _SERVING
            self._servicer.set(service, status)

    async def say_not_serving(self) -> None:
        """Say of all services, for good, that they would not answer."""
        self._servicer.stop()

    def plaintext_server(self, bounds: aio.ServerInterceptor) -> aio.Server:
        """Return a server of health alone, for probes that speak neither TLS nor tokens.

        `bounds`: refuses calls that are too many; the port is open to everyone who reaches it.
        """
        server = aio.server(
            interceptors=[bounds],
            maximum_concurrent_rpcs=_OPEN_PROBES,
            options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 4096)],
        )
        self.add_to(server)
        return server
