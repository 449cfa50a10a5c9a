"""The standard health service: each service shows what it depends on, "" shows everything."""

from collections.abc import Mapping

from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from ootd.v1 import (
    catalog_service_pb2,
    search_service_pb2,
    server_service_pb2,
    vision_service_pb2,
)
from ootd_gateway.rpc.health_statuses import HealthStatuses
from ootd_gateway.rpc.readiness import Dependency, Readiness

VISION = vision_service_pb2.DESCRIPTOR.services_by_name["VisionService"].full_name
CATALOG = catalog_service_pb2.DESCRIPTOR.services_by_name["CatalogService"].full_name
SEARCH = search_service_pb2.DESCRIPTOR.services_by_name["SearchService"].full_name
SERVER = server_service_pb2.DESCRIPTOR.services_by_name["ServerService"].full_name

NEEDS: Mapping[str, tuple[Dependency, ...]] = {
    "": tuple(Dependency),
    SERVER: (Dependency.GATEWAY,),
    VISION: (Dependency.GATEWAY, Dependency.VISION),
    CATALOG: (Dependency.GATEWAY, Dependency.STORE),
    # Searches by item and by embedding need no models, and SearchByImage says that they are away.
    SEARCH: (Dependency.GATEWAY, Dependency.STORE, Dependency.INDEX),
}
"""What must be there for a service to be SERVING."""

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
# Twice what the bounds let in, so that gRPC itself, which says less, seldom refuses.
_OPEN_PROBES = 256


class HealthReporter:
    """Tells the health service what is missing; nothing is SERVING until `report` says so."""

    def __init__(self) -> None:
        self._servicer = HealthStatuses()

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer the health service."""
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)

    async def report(self, readiness: Readiness) -> None:
        """Tell whoever asks or watches which services would answer."""
        for service, needed in NEEDS.items():
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
