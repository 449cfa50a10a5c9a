"""SearchService, as a FakeGateway has it."""

from typing import TypeAlias

import grpc

from ootd.testing import _checks, _limits, _to_proto, _validation
from ootd.testing._answering import answer
from ootd.testing._services.service import FakeService, State
from ootd.v1 import garment_pb2
from ootd.v1 import search_service_pb2 as search
from ootd.v1.search_service_pb2_grpc import (
    SearchServiceServicer,
    add_SearchServiceServicer_to_server,
)

# ruff: noqa: N802 - methods are named by the contract

SearchRequest: TypeAlias = (
    search.SearchByImageRequest | search.SearchByItemRequest | search.SearchByEmbeddingRequest
)


class _Search(SearchServiceServicer):
    def __init__(self, state: State) -> None:
        self._state = state

    def SearchByImage(
        self, request: search.SearchByImageRequest, context: grpc.ServicerContext
    ) -> search.SearchByImageResponse:
        def make() -> search.SearchByImageResponse:
            _check_query(request)
            found = self._state.garments(request.photo)
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
            _check_query(request)
            query = self._state.store.get(request.item_id).garment
            hits = self._hits(request, query, request.item_id)
            return search.SearchByItemResponse(hits=hits)

        return answer(self._state, "SearchByItem", context, make)

    def SearchByEmbedding(
        self, request: search.SearchByEmbeddingRequest, context: grpc.ServicerContext
    ) -> search.SearchByEmbeddingResponse:
        def make() -> search.SearchByEmbeddingResponse:
            _check_query(request)
            stored = self._state.server_info.vector_fingerprint
            _checks.fingerprint(request.vector_fingerprint, stored)
            query = garment_pb2.Garment(
                super_category=request.super_category,
                embedding=request.embedding,
                color_histogram=request.color_histogram,
            )
            return search.SearchByEmbeddingResponse(hits=self._hits(request, query))

        return answer(self._state, "SearchByEmbedding", context, make)

    def _hits(
        self, request: SearchRequest, query: garment_pb2.Garment, but: str = ""
    ) -> list[search.Hit]:
        k = request.k if request.HasField("k") else _limits.DEFAULT_K
        hits = self._state.store.find(query, k, request.hit_options, but)
        if not request.include_score_parts:
            for hit in hits:
                hit.ClearField("parts")
        return hits


def _check_query(request: SearchRequest) -> None:
    """Raise InvalidRequestError for a search that is none."""
    found = _validation.Violations()
    if isinstance(request, search.SearchByImageRequest):
        _validation.photo(request.photo, "photo", found)
    elif isinstance(request, search.SearchByItemRequest):
        _validation.item_id(request.item_id, "item_id", found)
    else:
        _validation.vectors(request, "", found)
    options, score = request.hit_options, request.hit_options.min_score
    _validation.fields(options.item_fields, "hit_options.item_fields", found)
    k = request.k if request.HasField("k") else _limits.DEFAULT_K
    _validation.count(k, "k", found, most=_limits.MAX_K)
    offset = f"must be 0 to {_limits.MAX_OFFSET}, is {options.offset}"
    found.require(options.offset <= _limits.MAX_OFFSET, "hit_options.offset", offset)
    in_range = not options.HasField("min_score") or -1 <= score <= 1
    found.require(in_range, "hit_options.min_score", f"must be -1 to 1, is {score:g}")
    found.check()


SERVICE = FakeService(
    search.DESCRIPTOR.services_by_name["SearchService"],
    lambda state, server: add_SearchServiceServicer_to_server(_Search(state), server),
    without_vision=frozenset({"SearchByItem", "SearchByEmbedding"}),
)
