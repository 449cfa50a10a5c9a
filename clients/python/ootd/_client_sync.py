"""Client: one method per RPC. Derived from _client_async.py by derive_sync.py."""

from collections.abc import Generator, Iterable, Sequence
from types import TracebackType
from typing import Self

import grpc
from google.protobuf.wrappers_pb2 import Int32Value, StringValue

from ootd import convert
from ootd._calls_sync import Calls, load_image, photo_requests, upload_requests
from ootd._ledger import Ledger
from ootd._runtime_sync import Source, closing
from ootd.channel import DEFAULT_TARGET, Connection
from ootd.errors import NotFoundError, OotdError
from ootd.retry import RetryPolicy
from ootd.types import (
    AttributeModel,
    EmbeddingUpload,
    HealthState,
    Hit,
    ImageAnalysis,
    ImageSearch,
    ImageSource,
    Item,
    ItemUpload,
    Photo,
    PhotoResult,
    Region,
    ServerStatus,
    SuperCategory,
    Taxonomy,
    UpsertResult,
)
from ootd.v1 import (
    catalog_service_pb2,
    garment_pb2,
    search_service_pb2,
    vision_service_pb2,
)
from ootd.v1.catalog_service_pb2_grpc import CatalogServiceStub
from ootd.v1.search_service_pb2_grpc import SearchServiceStub
from ootd.v1.vision_service_pb2_grpc import VisionServiceStub

_HEALTH: tuple[HealthState, ...] = ("unknown", "serving", "not_serving", "service_unknown")
_SERVICES = ("ootd.v1.VisionService", "ootd.v1.CatalogService", "ootd.v1.SearchService")


class Client:
    """A gateway. Safe for any number of threads. Iterables are read in another thread.

    `target` is "host:port"; `token` goes with every call, `tls` and `root_certificates` (PEM)
    encrypt the connection (see `ootd.channel.Connection`). `timeout_s` is the default for a whole
    call with its retries, and within a stream for each next answer; `retry` says how often a call
    is made again.

    Use it as a context manager, or call `close`. All methods raise subclasses of `OotdError`; a
    connection is made with the first call. Raises ValueError for settings that make no sense.
    """

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        token: str | None = None,
        tls: bool = False,
        root_certificates: bytes | None = None,
        server_name: str | None = None,
        allow_plaintext_token: bool = False,
        timeout_s: float = 10.0,
        retry: RetryPolicy | None = None,
    ) -> None:
        connection = Connection(
            target, token, tls, root_certificates, server_name, allow_plaintext_token
        )
        self._calls = Calls(connection, timeout_s, retry or RetryPolicy())
        channel = self._calls.channel
        self._vision = VisionServiceStub(channel)
        self._catalog = CatalogServiceStub(channel)
        self._search = SearchServiceStub(channel)
        # The standard health messages hold one field each and are on the wire what these wrappers
        # are, so the health package is not needed.
        self._health: grpc.UnaryUnaryMultiCallable[StringValue, Int32Value]
        self._health = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=StringValue.SerializeToString,
            response_deserializer=Int32Value.FromString,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def target(self) -> str:
        """The address that this client was given."""
        return self._calls.connection.target

    def close(self) -> None:
        """Cancel what is running and give back the connections; no call may follow."""
        self._calls.channel.close()

    def analyze_image(
        self,
        image: ImageSource,
        *,
        category: SuperCategory | None = None,
        region: Region | None = None,
        score_threshold: float | None = None,
        attribute_model: AttributeModel | None = None,
        timeout_s: float | None = None,
    ) -> ImageAnalysis:
        """Find the garments of one photo.

        `category` or `region`, not both, says what is already known: only garments of this
        super-category are wanted, or this rectangle holds the garment. `score_threshold` is the
        lowest detector score of a garment, 0 to 1, and `attribute_model` what tells sub-category
        and attributes; None is what the gateway is set to. Below the gateway's own threshold all
        detections are answered, at most 50 with those that were dropped.

        Raises InvalidRequestError, ImageError, FailedPreconditionError (the attribute model is not
        served), OverloadedError, UnavailableError, DeadlineExceededError; OSError where a path
        cannot be read, ValueError for a guide or model that is none.
        """
        request = vision_service_pb2.AnalyzeImageRequest(
            image=load_image(image),
            guide=convert.guide_to_proto(category, region),
            options=convert.options_to_proto(score_threshold, attribute_model),
        )
        response = self._calls.unary(self._vision.AnalyzeImage, request, timeout_s)
        return convert.analysis_from_proto(response.analysis)

    def analyze_images(
        self, photos: Source[Photo], *, timeout_s: float | None = None
    ) -> Generator[PhotoResult, None, None]:
        """Find the garments of many photos over one stream; yield the answers in their order.

        The next photos are sent while the first are worked on; photos are taken from the iterable
        as the gateway has room for them. A photo that cannot be read or analysed is answered with
        its error, and the stream goes on. What the iterable itself raises comes out after the
        last answer.

        Raises UnavailableError or OverloadedError where the stream breaks (photos that were not
        answered can be sent again), and DeadlineExceededError where an answer takes longer than
        `timeout_s`.
        """
        ledger = Ledger()
        requests = photo_requests(photos, ledger)
        method = self._vision.AnalyzeImages
        with closing(self._calls.exchange(method, requests, ledger, timeout_s)) as exchange:
            for key, answer, error in exchange:
                analysis = convert.analysis_from_proto(answer.analysis) if answer else None
                yield PhotoResult(key, analysis, error)

    def taxonomy(self, *, timeout_s: float | None = None) -> Taxonomy:
        """Return the names of all categories and attributes that the served models know.

        Raises UnavailableError, DeadlineExceededError.
        """
        request = vision_service_pb2.GetTaxonomyRequest()
        response = self._calls.unary(self._vision.GetTaxonomy, request, timeout_s)
        return convert.taxonomy_from_proto(response.taxonomy)

    def upsert_items(
        self, uploads: Source[ItemUpload | EmbeddingUpload], *, timeout_s: float | None = None
    ) -> Generator[UpsertResult, None, None]:
        """Add or replace items over one stream; yield each answer once the item is durable.

        Answers come in the order of the uploads, which are taken from the iterable as the gateway
        has room for them. An item that fails changes nothing, is answered with its error, and the
        stream goes on. What the iterable itself raises comes out after the last answer.

        Raises UnavailableError or OverloadedError where the stream breaks: items that were not
        answered may or may not be stored, and can be sent again, as the same item again changes
        nothing. Raises DeadlineExceededError where an answer takes longer than `timeout_s`.
        """
        ledger = Ledger()
        requests = upload_requests(uploads, ledger)
        method = self._catalog.UpsertItems
        with closing(self._calls.exchange(method, requests, ledger, timeout_s)) as exchange:
            for key, answer, error in exchange:
                item = convert.item_from_proto(answer.item) if answer else None
                yield UpsertResult(key, item, error, changed=bool(answer and answer.changed))

    def get_item(self, item_id: str, *, timeout_s: float | None = None) -> Item:
        """Return one item, with its embedding and histogram.

        Raises InvalidRequestError, NotFoundError, UnavailableError, DeadlineExceededError.
        """
        request = catalog_service_pb2.GetItemRequest(item_id=item_id)
        response = self._calls.unary(self._catalog.GetItem, request, timeout_s)
        return convert.item_from_proto(response.item)

    def list_items(
        self,
        *,
        super_category: SuperCategory | None = None,
        page_size: int = 100,
        timeout_s: float | None = None,
    ) -> Generator[Item, None, None]:
        """Yield all items in the order of their ids, without embeddings, page after page.

        `page_size` is 1 to 1000; `timeout_s` holds for each page.

        Raises InvalidRequestError, UnavailableError, DeadlineExceededError.
        """
        token = ""
        while True:
            request = _list_request(super_category, page_size, token)
            page = self._calls.unary(self._catalog.ListItems, request, timeout_s)
            for item in page.items:
                yield convert.item_from_proto(item)
            token = page.next_page_token
            if not token:
                return

    def count_items(
        self,
        *,
        super_category: SuperCategory | None = None,
        timeout_s: float | None = None,
    ) -> int:
        """Return how many items there are, of one super-category or in all.

        Raises UnavailableError, DeadlineExceededError.
        """
        request = _list_request(super_category, 1, "")
        page = self._calls.unary(self._catalog.ListItems, request, timeout_s)
        return page.total_size

    def delete_items(
        self, item_ids: Iterable[str], *, timeout_s: float | None = None
    ) -> tuple[str, ...]:
        """Delete 1 to 1000 items in one transaction; return the ids that there were.

        Not made again after a lost answer: it would then tell that there were none. Deleting twice
        does no harm.

        Raises InvalidRequestError, UnavailableError, DeadlineExceededError.
        """
        request = catalog_service_pb2.DeleteItemsRequest(item_ids=item_ids)
        method = self._catalog.DeleteItems
        response = self._calls.unary(method, request, timeout_s, idempotent=False)
        return tuple(response.deleted_item_ids)

    def search_by_image(
        self,
        image: ImageSource,
        *,
        category: SuperCategory | None = None,
        region: Region | None = None,
        k: int = 10,
        include_score_parts: bool = False,
        timeout_s: float | None = None,
    ) -> ImageSearch:
        """Find the `k` (1 to 1000) items that look most like each garment of a photo.

        `category` or `region` as in `analyze_image`. Raises what that raises, and
        FailedPreconditionError where the catalogue's vectors are of another release.
        """
        request = search_service_pb2.SearchByImageRequest(
            image=load_image(image),
            guide=convert.guide_to_proto(category, region),
            k=k,
            include_score_parts=include_score_parts,
        )
        response = self._calls.unary(self._search.SearchByImage, request, timeout_s)
        return convert.search_from_proto(response)

    def search_by_item(
        self,
        item_id: str,
        *,
        k: int = 10,
        include_score_parts: bool = False,
        timeout_s: float | None = None,
    ) -> tuple[Hit, ...]:
        """Find the `k` (1 to 1000) items that look most like an item, itself left out.

        Raises InvalidRequestError, NotFoundError, UnavailableError, DeadlineExceededError.
        """
        request = search_service_pb2.SearchByItemRequest(
            item_id=item_id, k=k, include_score_parts=include_score_parts
        )
        response = self._calls.unary(self._search.SearchByItem, request, timeout_s)
        return convert.hits_from_proto(response.hits)

    def search_by_embedding(
        self,
        embedding: Sequence[float],
        super_category: SuperCategory,
        *,
        color_histogram: Sequence[float] = (),
        k: int = 10,
        include_score_parts: bool = False,
        timeout_s: float | None = None,
    ) -> tuple[Hit, ...]:
        """Find the `k` (1 to 1000) items of a super-category that are nearest to an embedding.

        `embedding` holds 128 finite values, not all 0; `color_histogram` 56 of 0 or more, and
        without it colour counts nothing.

        Raises InvalidRequestError, UnavailableError, DeadlineExceededError.
        """
        request = search_service_pb2.SearchByEmbeddingRequest(
            embedding=garment_pb2.Embedding(values=embedding),
            super_category=convert.super_category_to_proto(super_category),
            color_histogram=color_histogram,
            k=k,
            include_score_parts=include_score_parts,
        )
        response = self._calls.unary(self._search.SearchByEmbedding, request, timeout_s)
        return convert.hits_from_proto(response.hits)

    def health(self, service: str = "", *, timeout_s: float | None = None) -> HealthState:
        """Ask the standard health service for one service, such as "ootd.v1.SearchService".

        "" is the server as a whole. Raises UnavailableError where nothing answers,
        DeadlineExceededError.
        """
        try:
            response = self._calls.unary(self._health, StringValue(value=service), timeout_s)
        except NotFoundError:
            return "service_unknown"
        return _HEALTH[response.value] if response.value < len(_HEALTH) else "unknown"

    def status(self, *, timeout_s: float | None = None) -> ServerStatus:
        """Return how the gateway is: the health of each service, taxonomy version, item count.

        Raises UnavailableError where nothing answers, DeadlineExceededError; what only one service
        cannot answer is among the status's problems.
        """
        health: dict[str, HealthState] = {}
        for service in ("", *_SERVICES):
            health[service] = self.health(service, timeout_s=timeout_s)
        problems: list[str] = []
        version: int | None = None
        item_count: int | None = None
        try:
            version = (self.taxonomy(timeout_s=timeout_s)).version
        except OotdError as error:
            problems.append(f"taxonomy: {error.message}")
        try:
            item_count = self.count_items(timeout_s=timeout_s)
        except OotdError as error:
            problems.append(f"catalogue: {error.message}")
        return ServerStatus(self.target, health, version, item_count, tuple(problems))


def _list_request(
    super_category: SuperCategory | None, page_size: int, token: str
) -> catalog_service_pb2.ListItemsRequest:
    request = catalog_service_pb2.ListItemsRequest(page_size=page_size, page_token=token)
    if super_category is not None:
        request.super_category = convert.super_category_to_proto(super_category)
    return request
