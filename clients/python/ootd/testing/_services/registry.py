"""All services of a FakeGateway, and the methods that they have."""

import grpc

from ootd.testing._services import (
    catalog_servicer,
    search_servicer,
    server_servicer,
    vision_servicer,
)
from ootd.testing._services.health_servicer import add_health
from ootd.testing._services.service import FakeService, State

SERVICES: tuple[FakeService, ...] = (
    vision_servicer.SERVICE,
    catalog_servicer.SERVICE,
    search_servicer.SERVICE,
    server_servicer.SERVICE,
)

METHODS: tuple[str, ...] = tuple(
    method.name for service in SERVICES for method in service.descriptor.methods
)
"""All methods of the contract, such as "GetItem"."""

WITHOUT_VISION = frozenset(name for service in SERVICES for name in service.without_vision)
"""Methods that are unavailable only where the database is."""


def add_services(state: State, server: grpc.Server) -> None:
    """Let a server answer all services of the contract and the health service."""
    for service in SERVICES:
        service.add(state, server)
    add_health(state, server, {"", *(service.descriptor.full_name for service in SERVICES)})
