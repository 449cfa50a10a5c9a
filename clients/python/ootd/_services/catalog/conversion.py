"""Between the messages of CatalogService and the client's types; no network, no files."""

from collections.abc import Iterable
from typing import TypeVar

from ootd._services.catalog.types import (
    EmbeddingUpload,
    ItemPage,
    ItemUpload,
    Upload,
    UpsertOutcome,
    UpsertResult,
)
from ootd._shared import arguments
from ootd._shared.garment_conversion import embedding_to_proto, super_category_to_proto
from ootd._shared.item_conversion import fields_to_proto, item_from_proto
from ootd._shared.names import SuperCategory
from ootd._shared.photo_conversion import photo_to_proto
from ootd.errors import OotdError
from ootd.v1 import catalog_service_pb2, photo_pb2

UpsertRequest = TypeVar(
    "UpsertRequest", catalog_service_pb2.UpsertItemRequest, catalog_service_pb2.UpsertItemsRequest
)

_MAX_PAGE_SIZE = 1000

_OUTCOMES: tuple[UpsertOutcome | None, ...] = (None, "created", "replaced", "unchanged")


def upload_to_proto(
    upload: Upload, image: bytes, request_class: type[UpsertRequest]
) -> UpsertRequest:
    """Return the request for one item; `image` is the photo's bytes where the upload has a photo.

    Raises ValueError, TypeError or InvalidRequestError where a field cannot be sent.
    """
    request = request_class(
        item_id=arguments.text("item_id", upload.item_id),
        title=arguments.text("title", upload.title),
        attributes=arguments.attributes(upload.attributes),
        payload=arguments.payload(upload.payload),
    )
    if isinstance(upload, ItemUpload):
        request.photo.CopyFrom(_item_photo(upload, image))
    else:
        request.embedding.CopyFrom(_item_embedding(upload))
    return request


def _item_photo(upload: ItemUpload, image: bytes) -> photo_pb2.Photo:
    photo = photo_to_proto(
        upload.category, upload.region, upload.score_threshold, upload.attribute_model
    )
    photo.image = image
    return photo


def _item_embedding(upload: EmbeddingUpload) -> catalog_service_pb2.ItemEmbedding:
    return catalog_service_pb2.ItemEmbedding(
        embedding=embedding_to_proto("embedding", upload.embedding),
        super_category=super_category_to_proto(upload.super_category),
        sub_category=arguments.text("sub_category", upload.sub_category),
        color_histogram=arguments.vector("color_histogram", upload.color_histogram),
        vector_fingerprint=arguments.text("vector_fingerprint", upload.vector_fingerprint),
    )


def upsert_from_proto(
    item_id: str,
    message: catalog_service_pb2.UpsertItemsResponse
    | catalog_service_pb2.UpsertItemResponse
    | None,
    error: OotdError | None = None,
) -> UpsertResult:
    """Return the answer to one upload; `message` is None where there is an error."""
    if message is None:
        return UpsertResult(item_id, None, error)
    outcome = _OUTCOMES[message.outcome] if message.outcome < len(_OUTCOMES) else None
    if outcome is None:  # An older gateway tells only whether something changed.
        changed = getattr(message, "changed", True)
        outcome = "created" if changed else "unchanged"
    return UpsertResult(item_id, item_from_proto(message.item), None, outcome)


def page_to_proto(
    super_category: SuperCategory | None, page_size: int, token: str, fields: Iterable[str] | None
) -> catalog_service_pb2.ListItemsRequest:
    """Return the request for a page; InvalidRequestError, TypeError or ValueError."""
    request = catalog_service_pb2.ListItemsRequest(
        page_size=arguments.count("page_size", page_size, lower=1, upper=_MAX_PAGE_SIZE),
        page_token=arguments.text("page_token", token),
        item_fields=fields_to_proto(fields),
    )
    if super_category is not None:
        request.super_category = super_category_to_proto(super_category)
    return request


def page_from_proto(message: catalog_service_pb2.ListItemsResponse) -> ItemPage:
    """Return a page of items."""
    items = tuple(item_from_proto(one) for one in message.items)
    return ItemPage(items, message.next_page_token, message.total_size)
