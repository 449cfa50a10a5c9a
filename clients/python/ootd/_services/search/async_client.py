"""The client of SearchService."""

from collections.abc import Mapping, Sequence

from ootd._async.runtime import load_image
from ootd._async.service import AsyncServiceClient
from ootd._services.search import conversion
from ootd._services.search.types import Hit, ImageSearch
from ootd._shared import arguments
from ootd._shared.garment import Region
from ootd._shared.garment_conversion import embedding_to_proto, super_category_to_proto
from ootd._shared.names import AttributeModel, SuperCategory
from ootd._shared.photo import ImageSource
from ootd._shared.photo_conversion import photo_to_proto
from ootd._shared.vector import FloatVector
from ootd.v1 import search_service_pb2
from ootd.v1.search_service_pb2_grpc import SearchServiceStub


class AsyncSearchClient(AsyncServiceClient):
    """Items that look like a garment: `AsyncClient.search`.

    In every search `k` (1 to 1000) is how many hits come for a garment, after `offset` (0 to
    10,000) better ones that are passed over; `min_score` (-1 to 1) is the lowest score of a hit.
    `fields` are paths of the hits' items, such as "title" or "payload", where not all are wanted
    (id and super-category always come; embedding and histogram only so). With
    `include_score_parts` each hit tells what its score is made of.
    """

    async def by_image(
        self: AsyncServiceClient,
        image: ImageSource,
        *,
        category: SuperCategory | None = None,
        region: Region | None = None,
        score_threshold: float | None = None,
        attribute_model: AttributeModel | None = None,
        k: int = 10,
        offset: int = 0,
        min_score: float | None = None,
        fields: Sequence[str] | None = None,
        include_score_parts: bool = False,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ImageSearch:
        """Find the `k` (1 to 1000) items that look most like each garment of a photo.

        `category` to `attribute_model` as in `analyze_image`. Raises what that raises,
        FailedPreconditionError where the catalogue's vectors are of other models too, and
        MessageTooLargeError where the hits are too many to send: ask for fewer, or fewer fields.
        """
        photo = photo_to_proto(category, region, score_threshold, attribute_model)
        hit_options = conversion.hit_options_to_proto(offset, min_score, fields)
        hit_count = conversion.hit_count(k)
        photo.image = await load_image(image)
        request = search_service_pb2.SearchByImageRequest(
            photo=photo,
            k=hit_count,
            include_score_parts=include_score_parts,
            hit_options=hit_options,
        )
        method = self._calls.stub(SearchServiceStub).SearchByImage
        response = await self._calls.unary(method, request, timeout_s, metadata)
        return conversion.search_from_proto(response)

    async def by_item(
        self: AsyncServiceClient,
        item_id: str,
        *,
        k: int = 10,
        offset: int = 0,
        min_score: float | None = None,
        fields: Sequence[str] | None = None,
        include_score_parts: bool = False,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> tuple[Hit, ...]:
        """Find the `k` (1 to 1000) items that look most like an item, itself left out.

        Raises InvalidRequestError, NotFoundError, MessageTooLargeError, UnavailableError,
        DeadlineExceededError.
        """
        request = search_service_pb2.SearchByItemRequest(
            item_id=arguments.text("item_id", item_id),
            k=conversion.hit_count(k),
            include_score_parts=include_score_parts,
            hit_options=conversion.hit_options_to_proto(offset, min_score, fields),
        )
        method = self._calls.stub(SearchServiceStub).SearchByItem
        response = await self._calls.unary(method, request, timeout_s, metadata)
        return conversion.hits_from_proto(response.hits)

    async def by_embedding(
        self: AsyncServiceClient,
        embedding: FloatVector,
        super_category: SuperCategory,
        *,
        color_histogram: FloatVector = (),
        vector_fingerprint: str = "",
        k: int = 10,
        offset: int = 0,
        min_score: float | None = None,
        fields: Sequence[str] | None = None,
        include_score_parts: bool = False,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> tuple[Hit, ...]:
        """Find the `k` (1 to 1000) items of a super-category that are nearest to an embedding.

        `embedding` holds 128 finite values, not all 0; `color_histogram` 56 of 0 or more, and
        without it colour counts nothing. Both may be lists, tuples or arrays of one dimension.
        `vector_fingerprint` names the models that made them, as answers tell it; without it the
        caller answers for that they are the served ones.

        Raises InvalidRequestError, FailedPreconditionError (the stored vectors are of other
        models), MessageTooLargeError, UnavailableError, DeadlineExceededError; TypeError for what
        is no row of numbers.
        """
        request = search_service_pb2.SearchByEmbeddingRequest(
            embedding=embedding_to_proto("embedding", embedding),
            super_category=super_category_to_proto(super_category),
            color_histogram=arguments.vector("color_histogram", color_histogram),
            vector_fingerprint=arguments.text("vector_fingerprint", vector_fingerprint),
            k=conversion.hit_count(k),
            include_score_parts=include_score_parts,
            hit_options=conversion.hit_options_to_proto(offset, min_score, fields),
        )
        method = self._calls.stub(SearchServiceStub).SearchByEmbedding
        response = await self._calls.unary(method, request, timeout_s, metadata)
        return conversion.hits_from_proto(response.hits)
