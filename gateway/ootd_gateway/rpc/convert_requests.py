"""Requests to domain terms. Every field at fault is reported at once, by its path.

All functions raise InvalidRequestError.
"""

from dataclasses import dataclass, replace

from ootd.v1 import (
    catalog_service_pb2,
    garment_pb2,
    photo_pb2,
    search_service_pb2,
    vision_service_pb2,
)
from ootd_gateway import validation
from ootd_gateway.catalog import EmbeddingSource, PhotoSource, UpsertRequest
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


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingQuery:
    """What to look for, without a photo: float32[128], and float32[56] or None;
    `vector_fingerprint` names the models that made them, "" is not said."""

    embedding: FloatVector
    super_category: SuperCategory
    color_histogram: FloatVector | None
    k: int
    vector_fingerprint: str = ""


def photo_of_call(
    request: vision_service_pb2.AnalyzeImageRequest,
) -> tuple[PhotoSource, AnalyzeOptions]:
    """Return the photo with its guide, and how it is to be analysed."""
    violations = Violations()
    photo = _photo(request.image, request.guide, "", violations)
    options = _options(request.options, violations)
    violations.check()
    return photo, options


def photo_of_element(
    request: vision_service_pb2.AnalyzeImagesRequest,
) -> tuple[PhotoSource, AnalyzeOptions]:
    """Return the photo with its guide, and how it is to be analysed."""
    violations = Violations()
    validation.correlation_id(request.correlation_id, "correlation_id", violations)
    photo = _photo(request.image, request.guide, "", violations)
    options = _options(request.options, violations)
    violations.check()
    return photo, options


def photo_query(request: search_service_pb2.SearchByImageRequest) -> tuple[PhotoSource, int]:
    """Return the photo with its guide, and k."""
    violations = Violations()
    photo = _photo(request.image, request.guide, "", violations)
    k = validation.k(_optional_k(request), "k", violations)
    violations.check()
    return photo, k


def item_query(request: search_service_pb2.SearchByItemRequest) -> tuple[str, int]:
    """Return the item's id, and k."""
    violations = Violations()
    item_id = validation.item_id(request.item_id, "item_id", violations)
    k = validation.k(_optional_k(request), "k", violations)
    violations.check()
    return item_id, k


def embedding_query(request: search_service_pb2.SearchByEmbeddingRequest) -> EmbeddingQuery:
    """Return the query with embedding and histogram normalised."""
    violations = Violations()
    query = EmbeddingQuery(
        embedding=validation.embedding(request.embedding.values, "embedding.values", violations),
        super_category=validation.super_category(
            request.super_category, "super_category", violations
        ),
        color_histogram=validation.color_histogram(
            request.color_histogram, "color_histogram", violations
        ),
        k=validation.k(_optional_k(request), "k", violations),
        vector_fingerprint=validation.vector_fingerprint(
            request.vector_fingerprint, "vector_fingerprint", violations
        ),
    )
    violations.check()
    return query


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


def item_id(request: catalog_service_pb2.GetItemRequest) -> str:
    """Return the item's id."""
    violations = Violations()
    validation.item_id(request.item_id, "item_id", violations)
    violations.check()
    return request.item_id


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
    )
    violations.check()
    return query


def _options(
    options: photo_pb2.AnalyzeOptions, violations: Violations, prefix: str = ""
) -> AnalyzeOptions:
    threshold = options.score_threshold if options.HasField("score_threshold") else None
    field = f"{prefix}options"
    return AnalyzeOptions(
        validation.score_threshold(threshold, f"{field}.score_threshold", violations),
        validation.attribute_model(options.attribute_model, f"{field}.attribute_model", violations),
    )


def _optional_k(
    request: search_service_pb2.SearchByImageRequest
    | search_service_pb2.SearchByItemRequest
    | search_service_pb2.SearchByEmbeddingRequest,
) -> int | None:
    return request.k if request.HasField("k") else None


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
    photo = _photo(request.photo.image, request.photo.guide, "photo.", violations)
    return replace(photo, options=_options(request.photo.options, violations, "photo."))


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
    image: bytes, guide: garment_pb2.Guide, prefix: str, violations: Violations
) -> PhotoSource:
    validation.image_present(image, f"{prefix}image", violations)
    return PhotoSource(image, _guide(guide, f"{prefix}guide", violations))


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
