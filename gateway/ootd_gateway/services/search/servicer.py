"""SearchService: finds the catalogue's items that look like a garment."""

import asyncio
from collections.abc import Sequence
from functools import partial

from ootd.v1.search_service_pb2 import (
    DESCRIPTOR,
    GarmentHits,
    SearchByEmbeddingRequest,
    SearchByEmbeddingResponse,
    SearchByImageRequest,
    SearchByImageResponse,
    SearchByItemRequest,
    SearchByItemResponse,
)
from ootd.v1.search_service_pb2 import Hit as HitMessage
from ootd.v1.search_service_pb2_grpc import (
    SearchServiceServicer,
    add_SearchServiceServicer_to_server,
)
from ootd_gateway.rpc.call_record import current_record
from ootd_gateway.rpc.deadlines import Deadlines
from ootd_gateway.rpc.interceptors.around import Context
from ootd_gateway.rpc.readiness import Dependency
from ootd_gateway.rpc.service_binding import ServiceBinding
from ootd_gateway.services.answer_size import FRAME_BYTES, AnswerSize
from ootd_gateway.services.search import conversion
from ootd_gateway.services.search.conversion import WantedHits
from ootd_gateway.services.search.domain import FEWER_HITS, Search
from ootd_gateway.services.search.types import Hit
from ootd_gateway.services.vision import conversion as vision_conversion
from ootd_gateway.telemetry.metrics.registry import Metrics

_HITS_A_STEP = 64
"""Hits that are made into messages before other calls have their turn; about two milliseconds."""


SERVICE = DESCRIPTOR.services_by_name["SearchService"]
"""What the contract says of it."""


class SearchService(SearchServiceServicer):
    """Answers from the index and the store."""

    def __init__(self, search: Search, *, deadlines: Deadlines, metrics: Metrics) -> None:
        self._search = search
        self._deadlines = deadlines
        self._metrics = metrics.index

    def binding(self) -> ServiceBinding:
        """Return the service as the server takes it."""
        # No models: searches by item and by embedding need none, and one by image says so itself.
        return ServiceBinding(
            SERVICE,
            partial(add_SearchServiceServicer_to_server, self),
            needs=(Dependency.STORE, Dependency.INDEX),
        )

    async def SearchByImage(
        self, request: SearchByImageRequest, context: Context
    ) -> SearchByImageResponse:
        """Search with each garment of a photo."""
        photo, wanted = conversion.photo_query(request)
        found = await self._search.by_image(
            photo,
            hits=wanted.options,
            timeout_s=self._deadlines.of_call(context),
        )
        current_record().count_garments(len(found.analysis.garments))
        answer = SearchByImageResponse(
            dropped=vision_conversion.dropped_garments(found.analysis.dropped),
            width=found.analysis.width,
            height=found.analysis.height,
            vector_fingerprint=found.analysis.served.vector_fingerprint,
        )
        size = AnswerSize(FEWER_HITS)
        size.add(answer.ByteSize())
        for one in found.results:
            garment = vision_conversion.garment(one.garment)
            size.add(garment.ByteSize() + 2 * FRAME_BYTES)
            hits = await self._messages(one.hits, wanted, size)
            answer.results.append(GarmentHits(garment=garment, hits=hits))
        return answer

    async def SearchByItem(
        self, request: SearchByItemRequest, context: Context
    ) -> SearchByItemResponse:
        """Search with an item of the catalogue."""
        item_id, wanted = conversion.item_query(request)
        found = await self._search.by_item(item_id, hits=wanted.options)
        return SearchByItemResponse(
            hits=await self._messages(found, wanted, AnswerSize(FEWER_HITS))
        )

    async def SearchByEmbedding(
        self, request: SearchByEmbeddingRequest, context: Context
    ) -> SearchByEmbeddingResponse:
        """Search with an embedding."""
        query, wanted = conversion.embedding_query(request)
        found = await self._search.by_embedding(
            query.embedding,
            query.super_category,
            color_histogram=query.color_histogram,
            vector_fingerprint=query.vector_fingerprint,
            hits=wanted.options,
        )
        return SearchByEmbeddingResponse(
            hits=await self._messages(found, wanted, AnswerSize(FEWER_HITS))
        )

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
            message = conversion.hit(hit, item, with_parts=wanted.with_parts)
            size.add(message.ByteSize() + FRAME_BYTES)
            messages.append(message)
            if number % _HITS_A_STEP == 0:
                await asyncio.sleep(0)
        return messages
