"""SearchService: finds the catalogue's items that look like a garment."""

from ootd.v1.search_service_pb2 import (
    GarmentHits,
    SearchByEmbeddingRequest,
    SearchByEmbeddingResponse,
    SearchByImageRequest,
    SearchByImageResponse,
    SearchByItemRequest,
    SearchByItemResponse,
)
from ootd.v1.search_service_pb2_grpc import SearchServiceServicer
from ootd_gateway.rpc import convert_answers, convert_requests
from ootd_gateway.rpc.deadlines import Deadlines
from ootd_gateway.rpc.interceptors.around import Context
from ootd_gateway.search import Search


class SearchService(SearchServiceServicer):
    """Answers from the index and the store."""

    def __init__(self, search: Search, *, deadlines: Deadlines) -> None:
        self._search = search
        self._deadlines = deadlines

    async def SearchByImage(
        self, request: SearchByImageRequest, context: Context
    ) -> SearchByImageResponse:
        """Search with each garment of a photo."""
        photo, k = convert_requests.photo_query(request)
        found = await self._search.by_image(
            photo.image, guide=photo.guide, k=k, timeout_s=self._deadlines.of_call(context)
        )
        return SearchByImageResponse(
            results=[
                GarmentHits(
                    garment=convert_answers.garment(one.garment),
                    hits=convert_answers.hits(one.hits, with_parts=request.include_score_parts),
                )
                for one in found.results
            ],
            dropped=convert_answers.dropped_garments(found.analysis.dropped),
            width=found.analysis.width,
            height=found.analysis.height,
            vector_fingerprint=found.analysis.served.vector_fingerprint,
        )

    async def SearchByItem(
        self, request: SearchByItemRequest, context: Context
    ) -> SearchByItemResponse:
        """Search with an item of the catalogue."""
        item_id, k = convert_requests.item_query(request)
        found = await self._search.by_item(item_id, k=k)
        return SearchByItemResponse(
            hits=convert_answers.hits(found, with_parts=request.include_score_parts)
        )

    async def SearchByEmbedding(
        self, request: SearchByEmbeddingRequest, context: Context
    ) -> SearchByEmbeddingResponse:
        """Search with an embedding."""
        query = convert_requests.embedding_query(request)
        found = await self._search.by_embedding(
            query.embedding,
            query.super_category,
            k=query.k,
            color_histogram=query.color_histogram,
            vector_fingerprint=query.vector_fingerprint,
        )
        return SearchByEmbeddingResponse(
            hits=convert_answers.hits(found, with_parts=request.include_score_parts)
        )
