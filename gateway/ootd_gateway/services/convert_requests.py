"""Requests to domain terms. Every field at fault is reported at once, by its path.

All functions raise InvalidRequestError.
"""

from dataclasses import dataclass

from ootd.v1 import (
    catalog_service_pb2,
    garment_pb2,
    photo_pb2,
    search_service_pb2,
    vision_service_pb2,
)
from ootd_gateway import validation
from ootd_gateway.services.catalog.domain import EmbeddingSource, PhotoSource, UpsertRequest
from ootd_gateway.services.item_fields import WHOLE_ITEM, WITHOUT_VECTORS, ItemFields, item_fields
from ootd_gateway.services.search.domain import HitOptions
from ootd_gateway.types import (
    AnalyzeOptions,
    CategoryGuide,
    FloatVector,
    Guide,
    RegionGuide,
    SuperCategory,
)
from ootd_gateway.validation import Violations


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which page of which items."""

    page_size: int
    page_token: str
    super_category: SuperCategory | None
    fields: ItemFields


@dataclass(frozen=True, slots=True)
class WantedHits:
    """Which hits come, and what they carry."""

    options: HitOptions
    fields: ItemFields
    with_parts: bool


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingQuery:
    """What to look for, without a photo: float32[128], and float32[56] or None;
    `vector_fingerprint` names the models that made them, "" is not said."""

    embedding: FloatVector
    super_category: SuperCategory
    color_histogram: FloatVector | None
    vector_fingerprint: str = ""


def photo_of_call(
    request: vision_service_pb2.AnalyzeImageRequest,
) -> PhotoSource:
    """Return the photo with its guide, and how it is to be analysed."""
    violations = Violations()
    photo = _photo(request, "", violations)
    violations.check()
    return photo


def photo_of_element(
    request: vision_service_pb2.AnalyzeImagesRequest,
) -> PhotoSource:
    """Return the photo with its guide, and how it is to be analysed."""
    violations = Violations()
    validation.correlation_id(request.correlation_id, "correlation_id", violations)
    photo = _photo(request, "", violations)
    violations.check()
    return photo


def photo_query(
    request: search_service_pb2.SearchByImageRequest,
) -> tuple[PhotoSource, WantedHits]:
    """Return the photo with its guide, and which hits are wanted."""
    violations = Violations()
    photo = _photo(request, "", violations)
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


def upsert(
    request: catalog_service_pb2.UpsertItemsRequest | catalog_service_pb2.UpsertItemRequest,
) -> UpsertRequest:
    """Return the item to add or replace."""
    violations = Violations()
    result = UpsertRequest(
        item_id=validation.item_id(request.item_id, "item_id", violations),
        source=_item_source(request, violations),
        title=validation.title(request.title, "title", violations),
        attributes=validation.attributes(request.attributes, "attributes", violations),
        payload=validation.payload(request.payload, "payload", violations),
    )
    violations.check()
    return result


def item_id(request: catalog_service_pb2.GetItemRequest) -> tuple[str, ItemFields]:
    """Return the item's id, and which of its fields are wanted."""
    violations = Violations()
    validation.item_id(request.item_id, "item_id", violations)
    fields = item_fields(request.item_fields, "item_fields", violations, default=WHOLE_ITEM)
    violations.check()
    return request.item_id, fields


def item_ids(request: catalog_service_pb2.DeleteItemsRequest) -> tuple[str, ...]:
    """Return the items' ids."""
    violations = Violations()
    ids = validation.item_ids(request.item_ids, "item_ids", violations)
    violations.check()
    return ids


def page_query(request: catalog_service_pb2.ListItemsRequest) -> PageQuery:
    """Return which page is asked for."""
    violations = Violations()
    size = request.page_size if request.HasField("page_size") else None
    query = PageQuery(
        page_size=validation.page_size(size, "page_size", violations),
        page_token=validation.page_token(request.page_token, "page_token", violations),
        super_category=validation.optional_super_category(
            request.super_category, "super_category", violations
        ),
        fields=item_fields(request.item_fields, "item_fields", violations, default=WITHOUT_VECTORS),
    )
    violations.check()
    return query


def _options(
    options: photo_pb2.AnalyzeOptions, field: str, violations: Violations
) -> AnalyzeOptions:
    threshold = options.score_threshold if options.HasField("score_threshold") else None
    return AnalyzeOptions(
        validation.score_threshold(threshold, f"{field}.score_threshold", violations),
        validation.attribute_model(options.attribute_model, f"{field}.attribute_model", violations),
    )


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


def _item_source(
    request: catalog_service_pb2.UpsertItemsRequest | catalog_service_pb2.UpsertItemRequest,
    violations: Violations,
) -> PhotoSource | EmbeddingSource:
    kind = request.WhichOneof("source")
    if kind == "embedding":
        return _ready_embedding(request.embedding, violations)
    if kind is None:
        violations.add("source", 'one of "photo" and "embedding" must be set')
        return PhotoSource(b"")
    return _photo(request.photo, "photo.", violations)


def _ready_embedding(
    message: catalog_service_pb2.ItemEmbedding, violations: Violations
) -> EmbeddingSource:
    return EmbeddingSource(
        embedding=validation.embedding(
            message.embedding.values, "embedding.embedding.values", violations
        ),
        super_category=validation.super_category(
            message.super_category, "embedding.super_category", violations
        ),
        sub_category=message.sub_category,
        color_histogram=validation.color_histogram(
            message.color_histogram, "embedding.color_histogram", violations
        ),
        vector_fingerprint=validation.vector_fingerprint(
            message.vector_fingerprint, "embedding.vector_fingerprint", violations
        ),
    )


def _photo(
    message: vision_service_pb2.AnalyzeImageRequest
    | vision_service_pb2.AnalyzeImagesRequest
    | search_service_pb2.SearchByImageRequest
    | catalog_service_pb2.ItemPhoto,
    prefix: str,
    violations: Violations,
) -> PhotoSource:
    return PhotoSource(
        validation.image_present(message.image, f"{prefix}image", violations),
        _guide(message.guide, f"{prefix}guide", violations),
        _options(message.options, f"{prefix}options", violations),
    )


def _guide(guide: garment_pb2.Guide, field: str, violations: Violations) -> Guide:
    known = guide.WhichOneof("known")
    if known == "category":
        return CategoryGuide(
            validation.super_category(guide.category, f"{field}.category", violations)
        )
    if known == "region":
        box = guide.region
        return RegionGuide(
            validation.region(box.x0, box.y0, box.x1, box.y1, f"{field}.region", violations)
        )
    return None
