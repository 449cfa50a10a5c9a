"""Between the contract's messages of the catalogue and the domain's terms.

Functions that read requests raise InvalidRequestError with every field at fault.
"""

from dataclasses import dataclass

from ootd.v1 import catalog_service_pb2
from ootd_gateway import validation
from ootd_gateway.services.catalog.item_fields import (
    WHOLE_ITEM,
    WITHOUT_VECTORS,
    ItemFields,
    item_fields,
)
from ootd_gateway.services.catalog.types import EmbeddingSource, UpsertRequest
from ootd_gateway.services.vision import conversion as vision_conversion
from ootd_gateway.store.catalog.base import UpsertOutcome
from ootd_gateway.types import Photo, SuperCategory
from ootd_gateway.validation import Violations

_OUTCOMES = {
    UpsertOutcome.CREATED: catalog_service_pb2.UPSERT_OUTCOME_CREATED,
    UpsertOutcome.REPLACED: catalog_service_pb2.UPSERT_OUTCOME_REPLACED,
    UpsertOutcome.UNCHANGED: catalog_service_pb2.UPSERT_OUTCOME_UNCHANGED,
}


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which page of which items."""

    page_size: int
    page_token: str
    super_category: SuperCategory | None
    fields: ItemFields


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
    found = validation.item_id(request.item_id, "item_id", violations)
    fields = item_fields(request.item_fields, "item_fields", violations, default=WHOLE_ITEM)
    violations.check()
    return found, fields


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


def upsert_outcome(outcome: UpsertOutcome) -> catalog_service_pb2.UpsertOutcome.ValueType:
    """Return the contract's number of what an upsert came to."""
    return _OUTCOMES[outcome]


def _item_source(
    request: catalog_service_pb2.UpsertItemsRequest | catalog_service_pb2.UpsertItemRequest,
    violations: Violations,
) -> Photo | EmbeddingSource:
    kind = request.WhichOneof("source")
    if kind == "embedding":
        return _ready_embedding(request.embedding, violations)
    if kind is None:
        violations.add("source", 'one of "photo" and "embedding" must be set')
        return Photo(b"")
    return vision_conversion.photo(request.photo, "photo", violations)


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
