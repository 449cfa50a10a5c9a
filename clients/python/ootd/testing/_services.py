"""The contract's services over the state of a FakeGateway."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import grpc
from google.protobuf.wrappers_pb2 import Int32Value, StringValue

from ootd.errors import OotdError
from ootd.testing import _checks, _limits, _made_up_vision, _to_proto, _validation
from ootd.testing._answering import Doorkeeper, answer, begin_stream, break_or_fill
from ootd.testing._catalog import FakeCatalog, only
from ootd.types import ImageAnalysis, ServerInfo
from ootd.v1 import catalog_service_pb2 as catalog
from ootd.v1 import (
    catalog_service_pb2_grpc,
    garment_pb2,
    photo_pb2,
    search_service_pb2_grpc,
    server_service_pb2_grpc,
    vision_service_pb2_grpc,
)
from ootd.v1 import search_service_pb2 as search
from ootd.v1 import server_service_pb2 as server_messages
from ootd.v1 import vision_service_pb2 as vision

# ruff: noqa: N802 - methods are named by the contract

_SERVING, _NOT_SERVING = 1, 2
_SERVICES = ("VisionService", "CatalogService", "SearchService", "ServerService")
_HEALTH_OF = frozenset({"", *(f"ootd.v1.{name}" for name in _SERVICES)})


class State(Doorkeeper, Protocol):
    """What the services need of the gateway."""

    is_serving: bool
    store: FakeCatalog

    @property
    def server_info(self) -> ServerInfo:
        """What the gateway tells of itself."""

    def garments(
        self, image: bytes, guide: garment_pb2.Guide, options: photo_pb2.AnalyzeOptions
    ) -> ImageAnalysis:
        """Analyse a photo."""

    def upsert(
        self, request: catalog.UpsertItemsRequest
    ) -> tuple[catalog.Item, catalog.UpsertOutcome.ValueType]:
        """Store one item; return it and what it came to."""

    def delete(self, item_ids: Iterable[str]) -> list[str]:
        """Delete items; return the ids that there were."""


def add_services(state: State, server: grpc.Server) -> None:
    """Let a server answer all services of the contract and the health service."""
    vision_service_pb2_grpc.add_VisionServiceServicer_to_server(_Vision(state), server)
    catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server(_Catalog(state), server)
    search_service_pb2_grpc.add_SearchServiceServicer_to_server(_Search(state), server)
    server_service_pb2_grpc.add_ServerServiceServicer_to_server(_Server(state), server)

    def check(request: StringValue, context: grpc.ServicerContext) -> Int32Value:
        if request.value not in _HEALTH_OF:
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


class _Vision(vision_service_pb2_grpc.VisionServiceServicer):
    def __init__(self, state: State) -> None:
        self._state = state

    def AnalyzeImage(
        self, request: vision.AnalyzeImageRequest, context: grpc.ServicerContext
    ) -> vision.AnalyzeImageResponse:
        def make() -> vision.AnalyzeImageResponse:
            found = _validation.Violations()
            _validation.photo(request, "", found)
            found.check()
            analysis = self._state.garments(request.image, request.guide, request.options)
            return vision.AnalyzeImageResponse(analysis=_to_proto.analysis(analysis))

        return answer(self._state, "AnalyzeImage", context, make)

    def AnalyzeImages(
        self, request_iterator: Any, context: grpc.ServicerContext
    ) -> Iterator[vision.AnalyzeImagesResponse]:
        request_id = begin_stream(self._state, context)
        for request in request_iterator:
            name = request.correlation_id[: _limits.CORRELATION_ID_BYTES]
            response = vision.AnalyzeImagesResponse(correlation_id=name)
            try:
                self._state.check("AnalyzeImages")
                _validation.element(request)
                analysis = self._state.garments(request.image, request.guide, request.options)
                response.analysis.CopyFrom(_to_proto.analysis(analysis))
            except OotdError as error:
                break_or_fill(error, response.error, request_id, context)
            yield response

    def GetTaxonomy(
        self, request: vision.GetTaxonomyRequest, context: grpc.ServicerContext
    ) -> vision.GetTaxonomyResponse:
        del request  # It has no fields.
        names = _to_proto.taxonomy(_made_up_vision.TAXONOMY)
        response = vision.GetTaxonomyResponse(taxonomy=names)
        return answer(self._state, "GetTaxonomy", context, lambda: response)


class _Catalog(catalog_service_pb2_grpc.CatalogServiceServicer):
    def __init__(self, state: State) -> None:
        self._state = state

    def UpsertItems(
        self, request_iterator: Any, context: grpc.ServicerContext
    ) -> Iterator[catalog.UpsertItemsResponse]:
        request_id = begin_stream(self._state, context)
        for request in request_iterator:
            item_id = request.item_id[: _limits.ITEM_ID_CHARACTERS]
            response = catalog.UpsertItemsResponse(item_id=item_id)
            try:
                self._state.check("UpsertItems")
                item, response.outcome = self._state.upsert(request)
                response.item.CopyFrom(item)
                response.changed = response.outcome != catalog.UPSERT_OUTCOME_UNCHANGED
            except OotdError as error:
                break_or_fill(error, response.error, request_id, context)
            yield response

    def UpsertItem(
        self, request: catalog.UpsertItemRequest, context: grpc.ServicerContext
    ) -> catalog.UpsertItemResponse:
        def make() -> catalog.UpsertItemResponse:
            # The two requests have the same fields, so the bytes of one are those of the other.
            element = catalog.UpsertItemsRequest.FromString(request.SerializeToString())
            item, outcome = self._state.upsert(element)
            return catalog.UpsertItemResponse(item=item, outcome=outcome)

        return answer(self._state, "UpsertItem", context, make)

    def GetItem(
        self, request: catalog.GetItemRequest, context: grpc.ServicerContext
    ) -> catalog.GetItemResponse:
        def make() -> catalog.GetItemResponse:
            _validation.one_item(request)
            item = self._state.store.get(request.item_id)
            if request.item_fields.paths:
                item = only(item, request.item_fields)
            return catalog.GetItemResponse(item=item)

        return answer(self._state, "GetItem", context, make)

    def ListItems(
        self, request: catalog.ListItemsRequest, context: grpc.ServicerContext
    ) -> catalog.ListItemsResponse:
        state = self._state
        return answer(state, "ListItems", context, lambda: state.store.page(request, state.limits))

    def DeleteItems(
        self, request: catalog.DeleteItemsRequest, context: grpc.ServicerContext
    ) -> catalog.DeleteItemsResponse:
        def make() -> catalog.DeleteItemsResponse:
            _validation.item_ids(request.item_ids)
            deleted = self._state.delete(request.item_ids)
            return catalog.DeleteItemsResponse(deleted_item_ids=deleted)

        return answer(self._state, "DeleteItems", context, make)


class _Search(search_service_pb2_grpc.SearchServiceServicer):
    def __init__(self, state: State) -> None:
        self._state = state

    def SearchByImage(
        self, request: search.SearchByImageRequest, context: grpc.ServicerContext
    ) -> search.SearchByImageResponse:
        def make() -> search.SearchByImageResponse:
            _validation.query(request)
            found = self._state.garments(request.image, request.guide, request.options)
            message = _to_proto.analysis(found)
            results = [
                search.GarmentHits(garment=one, hits=self._hits(request, one))
                for one in message.garments
            ]
            return search.SearchByImageResponse(
                results=results,
                dropped=message.dropped,
                width=found.width,
                height=found.height,
                vector_fingerprint=found.vector_fingerprint,
            )

        return answer(self._state, "SearchByImage", context, make)

    def SearchByItem(
        self, request: search.SearchByItemRequest, context: grpc.ServicerContext
    ) -> search.SearchByItemResponse:
        def make() -> search.SearchByItemResponse:
            _validation.query(request)
            query = self._state.store.get(request.item_id).garment
            hits = self._hits(request, query, request.item_id)
            return search.SearchByItemResponse(hits=hits)

        return answer(self._state, "SearchByItem", context, make)

    def SearchByEmbedding(
        self, request: search.SearchByEmbeddingRequest, context: grpc.ServicerContext
    ) -> search.SearchByEmbeddingResponse:
        def make() -> search.SearchByEmbeddingResponse:
            _validation.query(request)
            stored = self._state.server_info.vector_fingerprint
            _checks.fingerprint(request.vector_fingerprint, stored)
            query = garment_pb2.Garment(
                super_category=request.super_category,
                embedding=request.embedding,
                color_histogram=request.color_histogram,
            )
            return search.SearchByEmbeddingResponse(hits=self._hits(request, query))

        return answer(self._state, "SearchByEmbedding", context, make)

    def _hits(self, request: Any, query: garment_pb2.Garment, but: str = "") -> list[search.Hit]:
        k = request.k if request.HasField("k") else _limits.DEFAULT_K
        hits = self._state.store.find(query, k, request.hit_options, but)
        if not request.include_score_parts:
            for hit in hits:
                hit.ClearField("parts")
        return hits


class _Server(server_service_pb2_grpc.ServerServiceServicer):
    def __init__(self, state: State) -> None:
        self._state = state

    def GetServerInfo(
        self, request: server_messages.GetServerInfoRequest, context: grpc.ServicerContext
    ) -> server_messages.GetServerInfoResponse:
        del request  # It has no fields.
        state = self._state
        return answer(
            state, "GetServerInfo", context, lambda: _to_proto.server_info(state.server_info)
        )
