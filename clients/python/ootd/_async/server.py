"""AsyncClient's methods about the gateway itself."""

from collections.abc import Mapping

from google.protobuf.wrappers_pb2 import StringValue

from ootd import _arguments, convert_answers, convert_requests
from ootd._async.calls import AsyncCalls
from ootd.errors import NotFoundError, OotdError, UnsupportedError
from ootd.types import HealthState, ServerInfo, ServerStatus
from ootd.v1 import server_service_pb2, vision_service_pb2

_HEALTH: tuple[HealthState, ...] = ("unknown", "serving", "not_serving", "service_unknown")
_SERVICES = ("ootd.v1.VisionService", "ootd.v1.CatalogService", "ootd.v1.SearchService")


class AsyncServerMethods:
    """Versions, limits and health."""

    _calls: AsyncCalls

    async def server_info(
        self, *, timeout_s: float | None = None, metadata: Mapping[str, str] | None = None
    ) -> ServerInfo:
        """Return versions, models and limits of the gateway; it tells them without models too.

        Raises UnsupportedError where the gateway is older than this method, UnavailableError,
        DeadlineExceededError.
        """
        return await self._server_info(timeout_s, metadata, retry=True)

    async def health(
        self,
        service: str = "",
        *,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> HealthState:
        """Ask the standard health service for one service, such as "ootd.v1.SearchService".

        "" is the server as a whole. Raises UnavailableError where nothing answers,
        DeadlineExceededError.
        """
        return await self._health(service, timeout_s, metadata, retry=True)

    async def status(
        self, *, timeout_s: float | None = None, metadata: Mapping[str, str] | None = None
    ) -> ServerStatus:
        """Return how the gateway is now: health of each service, versions, taxonomy, item count.

        Nothing is made again, as the present is asked for. Raises UnavailableError where nothing
        answers, DeadlineExceededError; what only one service cannot answer is among the status's
        problems.
        """
        health: dict[str, HealthState] = {}
        for service in ("", *_SERVICES):
            health[service] = await self._health(service, timeout_s, metadata, retry=False)
        problems: list[str] = []
        version: int | None = None
        item_count: int | None = None
        info: ServerInfo | None = None
        try:
            version = await self._taxonomy_version(timeout_s, metadata)
        except OotdError as error:
            problems.append(f"taxonomy: {error.message}")
        try:
            item_count = await self._item_count(timeout_s, metadata)
        except OotdError as error:
            problems.append(f"catalogue: {error.message}")
        try:
            info = await self._server_info(timeout_s, metadata, retry=False)
        except UnsupportedError:
            pass  # An older gateway, and no fault of it.
        except OotdError as error:
            problems.append(f"server info: {error.message}")
        target = self._calls.connection.target
        return ServerStatus(target, health, version, item_count, tuple(problems), info)

    async def _server_info(
        self, timeout_s: float | None, metadata: Mapping[str, str] | None, *, retry: bool
    ) -> ServerInfo:
        request = server_service_pb2.GetServerInfoRequest()
        method = self._calls.stubs.server.GetServerInfo
        response = await self._calls.unary(method, request, timeout_s, metadata, retry=retry)
        return convert_answers.server_info_from_proto(response)

    async def _health(
        self,
        service: str,
        timeout_s: float | None,
        metadata: Mapping[str, str] | None,
        *,
        retry: bool,
    ) -> HealthState:
        request = StringValue(value=_arguments.text("service", service))
        method = self._calls.stubs.health
        try:
            response = await self._calls.unary(method, request, timeout_s, metadata, retry=retry)
        except NotFoundError:
            return "service_unknown"
        return _HEALTH[response.value] if response.value < len(_HEALTH) else "unknown"

    async def _taxonomy_version(
        self, timeout_s: float | None, metadata: Mapping[str, str] | None
    ) -> int:
        request = vision_service_pb2.GetTaxonomyRequest()
        method = self._calls.stubs.vision.GetTaxonomy
        response = await self._calls.unary(method, request, timeout_s, metadata, retry=False)
        return response.taxonomy.version

    async def _item_count(self, timeout_s: float | None, metadata: Mapping[str, str] | None) -> int:
        request = convert_requests.page_to_proto(None, 1, "", None)
        method = self._calls.stubs.catalog.ListItems
        response = await self._calls.unary(method, request, timeout_s, metadata, retry=False)
        return response.total_size
