"""Between the contract's messages of searches and the domain's terms.

Functions that read requests raise InvalidRequestError with every field at fault.
"""

from dataclasses import dataclass

from ootd.v1 import catalog_service_pb2, search_service_pb2
from ootd_gateway import validation
from ootd_gateway.services.catalog.item_fields import WITHOUT_VECTORS, ItemFields, item_fields
from ootd_gateway.services.search.types import EmbeddingQuery, Hit, HitOptions
from ootd_gateway.services.vision import conversion as vision_conversion
from ootd_gateway.types import Photo
from ootd_gateway.validation import Violations


@dataclass(frozen=True, slots=True)
class WantedHits:
    """Which hits come, and what they carry."""

    options: HitOptions
    fields: ItemFields
    with_parts: bool


def photo_query(
    request: search_service_pb2.SearchByImageRequest,
) -> tuple[Photo, WantedHits]:
    """Return the photo with its guide, and which hits are wanted."""
    violations = Violations()
    photo = vision_conversion.photo(request.photo, "photo", violations)
    wanted = _wanted_hits(request, violations)
    violations.check()
    return photo, wanted


def item_query(request: search_service_pb2.SearchByItemRequest) -> tuple[str, WantedHits]:
    """Return the item's id, and which hits are wanted."""
    violations = Violations()
    item_id = validation.item_id(request.item_id, "item_id", violations)
    wanted = _wanted_hits(request, violations)
    violations.check()
    return item_id, wanted


def embedding_query(
    request: search_service_pb2.SearchByEmbeddingRequest,
) -> tuple[EmbeddingQuery, WantedHits]:
    """Return the query with embedding and histogram normalised, and which hits are wanted."""
    violations = Violations()
    query = EmbeddingQuery(
        embedding=validation.embedding(request.embedding.values, "embedding.values", violations),
        super_category=validation.super_category(
            request.super_category, "super_category", violations
        ),
        color_histogram=validation.color_histogram(
            request.color_histogram, "color_histogram", violations
        ),
        vector_fingerprint=validation.vector_fingerprint(
            request.vector_fingerprint, "vector_fingerprint", violations
        ),
    )
    wanted = _wanted_hits(request, violations)
    violations.check()
    return query, wanted


def hit(
    source: Hit, item_message: catalog_service_pb2.Item, *, with_parts: bool
) -> search_service_pb2.Hit:
    """Return a hit with its item; `with_parts` tells whether it has its score's parts."""
    message = search_service_pb2.Hit(item=item_message, score=source.score)
    if with_parts:
        parts = source.parts
        message.parts.appearance = parts.appearance
        message.parts.color = parts.color
        message.parts.appearance_weight = 1.0 - parts.color_weight
        message.parts.color_weight = parts.color_weight
    return message


def _wanted_hits(
    request: search_service_pb2.SearchByImageRequest
    | search_service_pb2.SearchByItemRequest
    | search_service_pb2.SearchByEmbeddingRequest,
    violations: Violations,
) -> WantedHits:
    options = request.hit_options
    min_score = options.min_score if options.HasField("min_score") else None
    fields = item_fields(
        options.item_fields, "hit_options.item_fields", violations, default=WITHOUT_VECTORS
    )
    return WantedHits(
        options=HitOptions(
            k=validation.k(request.k if request.HasField("k") else None, "k", violations),
            offset=validation.offset(options.offset, "hit_options.offset", violations),
            min_score=validation.min_score(min_score, "hit_options.min_score", violations),
            parts=fields.parts,
        ),
        fields=fields,
        with_parts=request.include_score_parts,
    )
