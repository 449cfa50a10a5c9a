"""SearchService: finds the catalogue's items that look like a garment."""

import asyncio
from collections.abc import Sequence

from ootd.v1.search_service_pb2 import (
    GarmentHits,
    SearchByEmbeddingRequest,
    SearchByEmbeddingResponse,
    SearchByImageRequest,
    SearchByImageResponse,
    SearchByItemRequest,
    SearchByItemResponse,
)
from ootd.v1.search_service_pb2 import Hit as HitMessage
from ootd.v1.search_service_pb2_grpc import SearchServiceServicer
from ootd_gateway.rpc.call_record import current_record
from ootd_gateway.rpc.deadlines import Deadlines
from ootd_gateway.rpc.interceptors.around import Context
from ootd_gateway.services import convert_answers, convert_requests
from ootd_gateway.services.answer_size import AnswerSize
from ootd_gateway.services.convert_requests import WantedHits
from ootd_gateway.services.search.domain import Search
from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_gateway.types import Hit

_HITS_A_STEP = 64
"""Hits that are made into messages before other calls have their turn; about two milliseconds."""
_FRAME_BYTES = 8
"""What a message takes beside itself where it is a field of another."""


class SearchService(SearchServiceServicer):
    """Answers from the index and the store."""

    def __init__(self, search: Search, *, deadlines: Deadlines, metrics: Metrics) -> None:
        self._search = search
        self._deadlines = deadlines
        self._metrics = metrics.index

    async def SearchByImage(
        self, request: SearchByImageRequest, context: Context
    ) -> SearchByImageResponse:
        """Search with each garment of a photo."""
        photo, wanted = convert_requests.photo_query(request)
        found = await self._search.by_image(
            photo.image,
            guide=photo.guide,
            options=photo.options,
            hits=wanted.options,
            timeout_s=self._deadlines.of_call(context),
        )
        current_record().count_garments(len(found.analysis.garments))
        answer = SearchByImageResponse(
            dropped=convert_answers.dropped_garments(found.analysis.dropped),
            width=found.analysis.width,
            height=found.analysis.height,
            vector_fingerprint=found.analysis.served.vector_fingerprint,
        )
        size = AnswerSize()
        size.add(answer.ByteSize())
        for one in found.results:
            garment = convert_answers.garment(one.garment)
            size.add(garment.ByteSize() + 2 * _FRAME_BYTES)
            hits = await self._messages(one.hits, wanted, size)
            answer.results.append(GarmentHits(garment=garment, hits=hits))
        return answer

    async def SearchByItem(
        self, request: SearchByItemRequest, context: Context
    ) -> SearchByItemResponse:
        """Search with an item of the catalogue."""
        item_id, wanted = convert_requests.item_query(request)
        found = await self._search.by_item(item_id, hits=wanted.options)
        return SearchByItemResponse(hits=await self._messages(found, wanted, AnswerSize()))

    async def SearchByEmbedding(
        self, request: SearchByEmbeddingRequest, context: Context
    ) -> SearchByEmbeddingResponse:
        """Search with an embedding."""
        query, wanted = convert_requests.embedding_query(request)
        found = await self._search.by_embedding(
            query.embedding,
            query.super_category,
            color_histogram=query.color_histogram,
            vector_fingerprint=query.vector_fingerprint,
            hits=wanted.options,
        )
        return SearchByEmbeddingResponse(hits=await self._messages(found, wanted, AnswerSize()))

    async def _messages(
        self, found: Sequence[Hit], wanted: WantedHits, size: AnswerSize
    ) -> list[HitMessage]:
        """Return the hits of one query, in their order. Raises AnswerTooLargeError."""
        self._metrics.observe_hits([hit.score for hit in found])
        current_record().count_hits(len(found))
        messages = []
        # As far as vectors were asked for.
        fingerprint = await self._search.vector_fingerprint() if wanted.fields.parts.vectors else ""
        for number, hit in enumerate(found, start=1):
            item = wanted.fields.message(hit.item, fingerprint)
            message = convert_answers.hit(hit, item, with_parts=wanted.with_parts)
            size.add(message.ByteSize() + _FRAME_BYTES)
            messages.append(message)
            if number % _HITS_A_STEP == 0:
                await asyncio.sleep(0)
        return messages
