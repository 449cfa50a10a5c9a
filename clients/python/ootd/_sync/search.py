"""Client's methods of SearchService."""

from collections.abc import Mapping, Sequence

from ootd import _arguments, convert_answers, convert_requests
from ootd._sync.calls import Calls
from ootd._sync.runtime import load_image
from ootd.types import (
    AttributeModel,
    FloatVector,
    Hit,
    ImageSearch,
    ImageSource,
    Region,
    SuperCategory,
)
from ootd.v1 import search_service_pb2


class SearchMethods:
    """Items that look like a garment.

    In every search `k` (1 to 1000) is how many hits come for a garment, after `offset` (0 to
    10,000) better ones that are passed over; `min_score` (-1 to 1) is the lowest score of a hit.
    `fields` are paths of the hits' items, such as "title" or "payload", where not all are wanted
    (id and super-category always come; embedding and histogram only so). With
    `include_score_parts` each hit tells what its score is made of.
    """

    _calls: Calls

    def search_by_image(
        self,
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
        guide = convert_requests.guide_to_proto(category, region)
        options = convert_requests.options_to_proto(score_threshold, attribute_model)
        hit_options = convert_requests.hit_options_to_proto(offset, min_score, fields)
        hit_count = convert_requests.hit_count(k)
        request = search_service_pb2.SearchByImageRequest(
            image=load_image(image),
            guide=guide,
            k=hit_count,
            include_score_parts=include_score_parts,
            options=options,
            hit_options=hit_options,
        )
        method = self._calls.stubs.search.SearchByImage
        response = self._calls.unary(method, request, timeout_s, metadata)
        return convert_answers.search_from_proto(response)

    def search_by_item(
        self,
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
            item_id=_arguments.text("item_id", item_id),
            k=convert_requests.hit_count(k),
            include_score_parts=include_score_parts,
            hit_options=convert_requests.hit_options_to_proto(offset, min_score, fields),
        )
        method = self._calls.stubs.search.SearchByItem
        response = self._calls.unary(method, request, timeout_s, metadata)
        return convert_answers.hits_from_proto(response.hits)

    def search_by_embedding(
        self,
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
            embedding=convert_requests.embedding_to_proto("embedding", embedding),
            super_category=convert_requests.super_category_to_proto(super_category),
            color_histogram=_arguments.vector("color_histogram", color_histogram),
            vector_fingerprint=_arguments.text("vector_fingerprint", vector_fingerprint),
            k=convert_requests.hit_count(k),
            include_score_parts=include_score_parts,
            hit_options=convert_requests.hit_options_to_proto(offset, min_score, fields),
        )
        method = self._calls.stubs.search.SearchByEmbedding
        response = self._calls.unary(method, request, timeout_s, metadata)
        return convert_answers.hits_from_proto(response.hits)
