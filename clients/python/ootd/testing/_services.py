"""The contract's services over the state of a FakeGateway."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn, Protocol, TypeVar

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.wrappers_pb2 import Int32Value, StringValue
from google.rpc import error_details_pb2, status_pb2

from ootd.errors import ERROR_DOMAIN, FieldViolation, InvalidRequestError, OotdError
from ootd.testing import _made_up_vision, _to_proto
from ootd.types import ImageAnalysis
from ootd.v1 import catalog_service_pb2 as catalog
from ootd.v1 import (
    catalog_service_pb2_grpc,
    garment_pb2,
    photo_pb2,
    search_service_pb2_grpc,
    vision_service_pb2_grpc,
)
from ootd.v1 import search_service_pb2 as search
from ootd.v1 import vision_service_pb2 as vision

_Result = TypeVar("_Result")

_COLOR_WEIGHT = 0.25
_SERVING, _NOT_SERVING = 1, 2


class State(Protocol):
    """What the services need of the gateway."""

    is_serving: bool
    items: dict[str, catalog.Item]

    def check_token(self, context: grpc.ServicerContext) -> str:
        """Return the request id; raise UnauthenticatedError."""

    def check(self, method: str) -> None:
        """Raise the failure that was ordered for a method."""

    def garments(
        self,
        image: bytes,
        guide: garment_pb2.Guide,
        options: photo_pb2.AnalyzeOptions | None = None,
    ) -> ImageAnalysis:
        """Analyse a photo."""

    def upsert(self, request: catalog.UpsertItemsRequest) -> catalog.UpsertItemsResponse:
        """Store one item."""

    def delete(self, item_ids: Sequence[str]) -> list[str]:
        """Delete items."""

    def find(self, query: garment_pb2.Garment, k: int, but: str = "") -> list[search.Hit]:
        """Search."""

    def item(self, item_id: str) -> catalog.Item:
        """Return one item; raise NotFoundError."""


def add_services(state: State, server: grpc.Server) -> None:
    """Let a server answer all services of the contract and the health service."""
    vision_service_pb2_grpc.add_VisionServiceServicer_to_server(_Vision(state), server)
    catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server(_Catalog(state), server)
    search_service_pb2_grpc.add_SearchServiceServicer_to_server(_Search(state), server)

    def check(request: StringValue, context: grpc.ServicerContext) -> Int32Value:
        if request.value and not request.value.startswith("ootd.v1."):
            context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
        return Int32Value(value=_SERVING if state.is_serving else _NOT_SERVING)

    # On the wire, these wrappers are what the messages of the health service are.
    handler = grpc.unary_unary_rpc_method_handler(
        check, StringValue.FromString, Int32Value.SerializeToString
    )
    service = "grpc.health.v1.Health"
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {"Check": handler}),)
    )


def require(holds: bool, field: str, description: str) -> None:
    """Raise InvalidRequestError unless the condition holds."""
    if not holds:
        raise InvalidRequestError(
            f"invalid request: {field}: {description}",
            code=grpc.StatusCode.INVALID_ARGUMENT,
            reason="INVALID_FIELD",
            violations=[FieldViolation(field, description)],
        )


def check_embedding(embedding: garment_pb2.Embedding) -> None:
    """Raise InvalidRequestError unless there are 128 finite values, not all 0."""
    values = embedding.values
    require(len(values) == 128, "embedding.values", f"must have 128 values, has {len(values)}")
    finite = all(math.isfinite(value) for value in values) and any(values)
    require(finite, "embedding.values", "must be finite and not all 0")


def score_hit(query: garment_pb2.Garment, item: catalog.Item) -> search.Hit:
    """Return an item as a hit, with the parts of its score."""
    stored = item.garment
    ours, theirs = query.embedding.values, stored.embedding.values
    lengths = math.hypot(*ours) * math.hypot(*theirs)
    appearance = sum(a * b for a, b in zip(ours, theirs, strict=True)) / lengths
    with_color = bool(query.color_histogram and stored.color_histogram)
    color = sum(map(min, query.color_histogram, stored.color_histogram)) if with_color else 0.0
    weight = _COLOR_WEIGHT if with_color else 0.0
    parts = search.ScoreParts(
        appearance=appearance, color=color, appearance_weight=1 - weight, color_weight=weight
    )
    score = (1 - weight) * appearance + weight * color
    return search.Hit(item=_without_vectors(item), score=score, parts=parts)


def _without_vectors(item: catalog.Item) -> catalog.Item:
    copy = catalog.Item()
    copy.CopyFrom(item)
    copy.garment.ClearField("embedding")
    copy.garment.ClearField("color_histogram")
    return copy


class _Vision(vision_service_pb2_grpc.VisionServiceServicer):
    def __init__(self, state: State) -> None:
        self._state = state

    def AnalyzeImage(  # noqa: N802 - named by the contract
        self, request: vision.AnalyzeImageRequest, context: grpc.ServicerContext
    ) -> vision.AnalyzeImageResponse:
        def answer() -> vision.AnalyzeImageResponse:
            analysis = self._state.garments(request.image, request.guide, request.options)
            return vision.AnalyzeImageResponse(analysis=_to_proto.analysis(analysis))

        return _answer(self._state, "AnalyzeImage", context, answer)

    def AnalyzeImages(  # noqa: N802
        self, request_iterator: Any, context: grpc.ServicerContext
    ) -> Iterator[vision.AnalyzeImagesResponse]:
        request_id = _begin_stream(self._state, context)
        for request in request_iterator:
            response = vision.AnalyzeImagesResponse(correlation_id=request.correlation_id)
            try:
                self._state.check("AnalyzeImages")
                analysis = self._state.garments(request.image, request.guide, request.options)
                response.analysis.CopyFrom(_to_proto.analysis(analysis))
            except OotdError as error:
                _break_or_fill(error, response.error, request_id, context)
            yield response

    def GetTaxonomy(  # noqa: N802
        self, request: vision.GetTaxonomyRequest, context: grpc.ServicerContext
    ) -> vision.GetTaxonomyResponse:
        del request  # It has no fields.
        names = _to_proto.taxonomy(_made_up_vision.TAXONOMY)
        return _answer(
            self._state,
            "GetTaxonomy",
            context,
            lambda: vision.GetTaxonomyResponse(taxonomy=names),
        )


class _Catalog(catalog_service_pb2_grpc.CatalogServiceServicer):
    def __init__(self, state: State) -> None:
        self._state = state

    def UpsertItems(  # noqa: N802
        self, request_iterator: Any, context: grpc.ServicerContext
    ) -> Iterator[catalog.UpsertItemsResponse]:
        request_id = _begin_stream(self._state, context)
        for request in request_iterator:
            try:
                response = self._state.upsert(request)
            except OotdError as error:
                response = catalog.UpsertItemsResponse(item_id=request.item_id)
                _break_or_fill(error, response.error, request_id, context)
            yield response

    def UpsertItem(  # noqa: N802
        self, request: catalog.UpsertItemRequest, context: grpc.ServicerContext
    ) -> catalog.UpsertItemResponse:
        def store() -> catalog.UpsertItemResponse:
            element = catalog.UpsertItemsRequest.FromString(request.SerializeToString())
            return catalog.UpsertItemResponse(item=self._state.upsert(element).item)

        return _answer(self._state, "UpsertItem", context, store)

    def GetItem(  # noqa: N802
        self, request: catalog.GetItemRequest, context: grpc.ServicerContext
    ) -> catalog.GetItemResponse:
        return _answer(
            self._state,
            "GetItem",
            context,
            lambda: catalog.GetItemResponse(item=self._state.item(request.item_id)),
        )

    def ListItems(  # noqa: N802
        self, request: catalog.ListItemsRequest, context: grpc.ServicerContext
    ) -> catalog.ListItemsResponse:
        def answer() -> catalog.ListItemsResponse:
            size = request.page_size if request.HasField("page_size") else 100
            require(1 <= size <= 1000, "page_size", f"must be 1 to 1000, is {size}")
            wanted = [
                item
                for _, item in sorted(self._state.items.items())
                if request.super_category in (0, item.garment.super_category)
            ]
            rest = [item for item in wanted if item.item_id > request.page_token]
            page = rest[:size]
            return catalog.ListItemsResponse(
                items=[_without_vectors(item) for item in page],
                next_page_token=page[-1].item_id if len(rest) > size else "",
                total_size=len(wanted),
            )

        return _answer(self._state, "ListItems", context, answer)

    def DeleteItems(  # noqa: N802
        self, request: catalog.DeleteItemsRequest, context: grpc.ServicerContext
    ) -> catalog.DeleteItemsResponse:
        def answer() -> catalog.DeleteItemsResponse:
            number = len(request.item_ids)
            require(1 <= number <= 1000, "item_ids", f"must be 1 to 1000 ids, are {number}")
            deleted = self._state.delete(request.item_ids)
            return catalog.DeleteItemsResponse(deleted_item_ids=deleted)

        return _answer(self._state, "DeleteItems", context, answer)


class _Search(search_service_pb2_grpc.SearchServiceServicer):
    def __init__(self, state: State) -> None:
        self._state = state

    def SearchByImage(  # noqa: N802
        self, request: search.SearchByImageRequest, context: grpc.ServicerContext
    ) -> search.SearchByImageResponse:
        def answer() -> search.SearchByImageResponse:
            k = _k(request)
            found = self._state.garments(request.image, request.guide)
            message = _to_proto.analysis(found)
            results = [
                search.GarmentHits(garment=one, hits=_hits(self._state, request, one, k))
                for one in message.garments
            ]
            return search.SearchByImageResponse(
                results=results, dropped=message.dropped, width=found.width, height=found.height
            )

        return _answer(self._state, "SearchByImage", context, answer)

    def SearchByItem(  # noqa: N802
        self, request: search.SearchByItemRequest, context: grpc.ServicerContext
    ) -> search.SearchByItemResponse:
        def answer() -> search.SearchByItemResponse:
            query = self._state.item(request.item_id).garment
            hits = _hits(self._state, request, query, _k(request), request.item_id)
            return search.SearchByItemResponse(hits=hits)

        return _answer(self._state, "SearchByItem", context, answer)

    def SearchByEmbedding(  # noqa: N802
        self, request: search.SearchByEmbeddingRequest, context: grpc.ServicerContext
    ) -> search.SearchByEmbeddingResponse:
        def answer() -> search.SearchByEmbeddingResponse:
            check_embedding(request.embedding)
            query = garment_pb2.Garment(
                super_category=request.super_category,
                embedding=request.embedding,
                color_histogram=request.color_histogram,
            )
            hits = _hits(self._state, request, query, _k(request))
            return search.SearchByEmbeddingResponse(hits=hits)

        return _answer(self._state, "SearchByEmbedding", context, answer)


def _k(request: Any) -> int:
    return int(request.k) if request.HasField("k") else 10


def _hits(
    state: State, request: Any, query: garment_pb2.Garment, k: int, but: str = ""
) -> list[search.Hit]:
    hits = state.find(query, k, but)
    if not request.include_score_parts:
        for hit in hits:
            hit.ClearField("parts")
    return hits


def _answer(
    state: State, method: str, context: grpc.ServicerContext, answer: Callable[[], _Result]
) -> _Result:
    request_id = ""
    try:
        request_id = state.check_token(context)
        state.check(method)
        return answer()
    except OotdError as error:
        _abort(error, request_id, context)


def _begin_stream(state: State, context: grpc.ServicerContext) -> str:
    try:
        return state.check_token(context)
    except OotdError as error:
        _abort(error, "", context)


def _break_or_fill(
    error: OotdError, message: Any, request_id: str, context: grpc.ServicerContext
) -> None:
    if error.reason == "SHUTTING_DOWN":  # Ends a stream; all others fail one element.
        _abort(error, request_id, context)
    error.request_id = request_id
    message.CopyFrom(_to_proto.element_error(error))


def _abort(error: OotdError, request_id: str, context: grpc.ServicerContext) -> NoReturn:
    info = error_details_pb2.ErrorInfo(
        domain=ERROR_DOMAIN,
        reason=error.reason,
        metadata={**error.metadata, "request_id": request_id},
    )
    status = status_pb2.Status(code=error.code.value[0], message=error.message)
    status.details.add().Pack(info)
    if error.violations:
        bad_request = error_details_pb2.BadRequest()
        for one in error.violations:
            bad_request.field_violations.add(field=one.field, description=one.description)
        status.details.add().Pack(bad_request)
    if error.retry_after_s is not None:
        delay = Duration()
        delay.FromNanoseconds(round(error.retry_after_s * 1e9))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(error.code, error.message)
