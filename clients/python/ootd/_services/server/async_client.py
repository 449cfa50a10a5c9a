"""The client of ServerService and of the standard health service."""

from collections.abc import Mapping

import grpc
import grpc.aio
from google.protobuf.wrappers_pb2 import Int32Value, StringValue

from ootd._async.calls import AsyncCalls
from ootd._async.service import AsyncServiceClient
from ootd._services.server import conversion
from ootd._services.server.types import HealthState, ServerInfo, ServerStatus
from ootd._shared import arguments
from ootd.errors import NotFoundError, OotdError, UnsupportedError
from ootd.v1 import catalog_service_pb2, server_service_pb2, vision_service_pb2
from ootd.v1.catalog_service_pb2_grpc import CatalogServiceStub
from ootd.v1.server_service_pb2_grpc import ServerServiceStub
from ootd.v1.vision_service_pb2_grpc import VisionServiceStub

_HEALTH: tuple[HealthState, ...] = ("unknown", "serving", "not_serving", "service_unknown")
_SERVICES = ("ootd.v1.VisionService", "ootd.v1.CatalogService", "ootd.v1.SearchService")


class AsyncServerClient(AsyncServiceClient):
    """Versions, limits and health: `AsyncClient.server`."""

    async def info(
        self: AsyncServiceClient,
        *,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ServerInfo:
        """Return versions, models and limits of the gateway; it tells them without models too.

        Raises UnsupportedError where the gateway is older than this method, UnavailableError,
        DeadlineExceededError.
        """
        return await _server_info(self._calls, timeout_s, metadata, retry=True)

    async def health(
        self: AsyncServiceClient,
        service: str = "",
        *,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> HealthState:
        """Ask the standard health service for one service, such as "ootd.v1.SearchService".

        "" is the server as a whole. Raises UnavailableError where nothing answers,
        DeadlineExceededError.
        """
        return await _health(self._calls, service, timeout_s, metadata, retry=True)

    async def status(
        self: AsyncServiceClient,
        *,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ServerStatus:
        """Return how the gateway is now: health of each service, versions, taxonomy, item count.

        Nothing is made again, as the present is asked for. Raises UnavailableError where nothing
        answers, DeadlineExceededError; what only one service cannot answer is among the status's
        problems.
        """
        health: dict[str, HealthState] = {}
        for service in ("", *_SERVICES):
            health[service] = await _health(self._calls, service, timeout_s, metadata, retry=False)
        problems: list[str] = []
        version: int | None = None
        item_count: int | None = None
        info: ServerInfo | None = None
        try:
            version = await _taxonomy_version(self._calls, timeout_s, metadata)
        except OotdError as error:
            problems.append(f"taxonomy: {error.message}")
        try:
            item_count = await _item_count(self._calls, timeout_s, metadata)
        except OotdError as error:
            problems.append(f"catalogue: {error.message}")
        try:
            info = await _server_info(self._calls, timeout_s, metadata, retry=False)
        except UnsupportedError:
            pass  # An older gateway, and no fault of it.
        except OotdError as error:
            problems.append(f"server info: {error.message}")
        target = self._calls.connection.target
        return ServerStatus(target, health, version, item_count, tuple(problems), info)


class _HealthStub:
    """The standard health service.

    Its messages hold one field each and are on the wire what these wrappers are, so the health
    package, whose versions follow grpcio's, is not needed.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.Check: grpc.aio.UnaryUnaryMultiCallable[StringValue, Int32Value]
        self.Check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=StringValue.SerializeToString,
            response_deserializer=Int32Value.FromString,
        )


async def _server_info(
    calls: AsyncCalls, timeout_s: float | None, metadata: Mapping[str, str] | None, *, retry: bool
) -> ServerInfo:
    request = server_service_pb2.GetServerInfoRequest()
    method = calls.stub(ServerServiceStub).GetServerInfo
    response = await calls.unary(method, request, timeout_s, metadata, retry=retry)
    return conversion.server_info_from_proto(response)


async def _health(
    calls: AsyncCalls,
    service: str,
    timeout_s: float | None,
    metadata: Mapping[str, str] | None,
    *,
    retry: bool,
) -> HealthState:
    request = StringValue(value=arguments.text("service", service))
    method = calls.stub(_HealthStub).Check
    try:
        response = await calls.unary(method, request, timeout_s, metadata, retry=retry)
    except NotFoundError:
        return "service_unknown"
    return _HEALTH[response.value] if response.value < len(_HEALTH) else "unknown"


async def _taxonomy_version(
    calls: AsyncCalls, timeout_s: float | None, metadata: Mapping[str, str] | None
) -> int:
    request = vision_service_pb2.GetTaxonomyRequest()
    method = calls.stub(VisionServiceStub).GetTaxonomy
    response = await calls.unary(method, request, timeout_s, metadata, retry=False)
    return response.taxonomy.version


async def _item_count(
    calls: AsyncCalls, timeout_s: float | None, metadata: Mapping[str, str] | None
) -> int:
    request = catalog_service_pb2.ListItemsRequest(page_size=1)
    method = calls.stub(CatalogServiceStub).ListItems
    response = await calls.unary(method, request, timeout_s, metadata, retry=False)
    return response.total_size
