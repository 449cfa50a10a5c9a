"""From the contract's messages to the client's types; no network, no files."""

from collections.abc import Sequence
from datetime import timezone
from typing import Literal

from ootd.errors import InternalError, OotdError
from ootd.types import (
    ATTRIBUTE_MODELS,
    SUPER_CATEGORIES,
    Attribute,
    AttributeGroup,
    Box,
    BoxOrigin,
    Category,
    DroppedGarment,
    DropReason,
    Garment,
    GarmentHits,
    Hit,
    ImageAnalysis,
    ImageSearch,
    Item,
    ItemPage,
    ScoreParts,
    ServerInfo,
    ServerLimits,
    SuperCategory,
    Taxonomy,
    UpsertOutcome,
    UpsertResult,
)
from ootd.v1 import (
    catalog_service_pb2,
    garment_pb2,
    search_service_pb2,
    server_service_pb2,
    taxonomy_pb2,
)

_BOX_ORIGINS: tuple[BoxOrigin, ...] = ("unspecified", "detected", "whole_photo", "region")
_DROP_REASONS: tuple[DropReason, ...] = (
    "unspecified",
    "category_disagreement",
    "explained_by_dress",
    "explained_by_top_or_bottom",
    "not_of_category",
    "no_garment",
)
_GROUP_KINDS: tuple[Literal["unspecified", "categorical", "multi_label"], ...] = (
    "unspecified",
    "categorical",
    "multi_label",
)
_UTC = timezone.utc  # noqa: UP017 - Python 3.10 has no other name for it
_OUTCOMES: tuple[UpsertOutcome | None, ...] = (None, "created", "replaced", "unchanged")


def super_category_from_proto(value: taxonomy_pb2.SuperCategory.ValueType) -> SuperCategory:
    """Return the name of an enum value; InternalError for one that is not set or not known."""
    if not 1 <= value <= len(SUPER_CATEGORIES):
        raise InternalError(f"the gateway answered with super-category {value}: update the client")
    return SUPER_CATEGORIES[value - 1]


def garment_from_proto(message: garment_pb2.Garment) -> Garment:
    """Return the garment; its box is None where the message has none."""
    box = message.box
    origin = message.box_origin
    return Garment(
        super_category=super_category_from_proto(message.super_category),
        box=Box(box.x0, box.y0, box.x1, box.y1) if message.HasField("box") else None,
        box_origin=_BOX_ORIGINS[origin] if origin < len(_BOX_ORIGINS) else "unspecified",
        score=message.score,
        sub_category=message.sub_category,
        sub_category_score=message.sub_category_score,
        attributes=tuple(Attribute(one.group, one.value, one.score) for one in message.attributes),
        embedding=tuple(message.embedding.values),
        color_histogram=tuple(message.color_histogram),
    )


def dropped_from_proto(
    messages: Sequence[garment_pb2.DroppedGarment],
) -> tuple[DroppedGarment, ...]:
    """Return the boxes that were found and dropped."""
    return tuple(
        DroppedGarment(
            garment_from_proto(one.garment),
            _DROP_REASONS[one.reason] if one.reason < len(_DROP_REASONS) else "unspecified",
        )
        for one in messages
    )


def analysis_from_proto(message: garment_pb2.ImageAnalysis) -> ImageAnalysis:
    """Return what a photo holds."""
    return ImageAnalysis(
        width=message.width,
        height=message.height,
        garments=tuple(garment_from_proto(one) for one in message.garments),
        dropped=dropped_from_proto(message.dropped),
        vector_fingerprint=message.vector_fingerprint,
    )


def item_from_proto(message: catalog_service_pb2.Item) -> Item:
    """Return an item; its time is in UTC."""
    has_time = message.HasField("update_time")
    return Item(
        item_id=message.item_id,
        title=message.title,
        attributes=dict(message.attributes),
        payload=message.payload,
        garment=garment_from_proto(message.garment),
        sequence_number=message.sequence_number,
        update_time=message.update_time.ToDatetime(tzinfo=_UTC) if has_time else None,
        vector_fingerprint=message.vector_fingerprint,
    )


def hits_from_proto(messages: Sequence[search_service_pb2.Hit]) -> tuple[Hit, ...]:
    """Return hits in their order."""
    return tuple(
        Hit(
            item_from_proto(one.item),
            one.score,
            ScoreParts(
                one.parts.appearance,
                one.parts.color,
                one.parts.appearance_weight,
                one.parts.color_weight,
            )
            if one.HasField("parts")
            else None,
        )
        for one in messages
    )


def search_from_proto(message: search_service_pb2.SearchByImageResponse) -> ImageSearch:
    """Return what was found for each garment of a photo."""
    return ImageSearch(
        width=message.width,
        height=message.height,
        results=tuple(
            GarmentHits(garment_from_proto(one.garment), hits_from_proto(one.hits))
            for one in message.results
        ),
        dropped=dropped_from_proto(message.dropped),
        vector_fingerprint=message.vector_fingerprint,
    )


def taxonomy_from_proto(message: taxonomy_pb2.Taxonomy) -> Taxonomy:
    """Return the names that the served models know."""
    return Taxonomy(
        version=message.version,
        categories=tuple(
            Category(
                super_category_from_proto(one.super_category), one.name, tuple(one.sub_categories)
            )
            for one in message.categories
        ),
        attribute_groups=tuple(
            AttributeGroup(
                one.name,
                _GROUP_KINDS[one.kind] if one.kind < len(_GROUP_KINDS) else "unspecified",
                tuple(one.values),
                tuple(one.sub_categories),
                one.trained,
            )
            for one in message.attribute_groups
        ),
    )


def page_from_proto(message: catalog_service_pb2.ListItemsResponse) -> ItemPage:
    """Return a page of items."""
    items = tuple(item_from_proto(one) for one in message.items)
    return ItemPage(items, message.next_page_token, message.total_size)


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


def server_info_from_proto(message: server_service_pb2.GetServerInfoResponse) -> ServerInfo:
    """Return versions, models and limits of a gateway."""
    model = message.attribute_model
    limits = message.limits
    return ServerInfo(
        version=message.version,
        minimum_client_version=message.minimum_client_version,
        taxonomy_version=message.taxonomy_version,
        vector_fingerprint=message.vector_fingerprint,
        stored_vector_fingerprint=message.stored_vector_fingerprint,
        graph_fingerprint=message.graph_fingerprint,
        vision_server=message.vision_server,
        attribute_model=ATTRIBUTE_MODELS[model - 1]
        if 1 <= model <= len(ATTRIBUTE_MODELS)
        else None,
        color_weight=message.color_weight,
        limits=ServerLimits(
            max_image_bytes=limits.max_image_bytes,
            max_image_pixels=limits.max_image_pixels,
            min_image_side=limits.min_image_side,
            max_request_bytes=limits.max_request_bytes,
            max_answer_bytes=limits.max_answer_bytes,
            default_deadline_s=limits.default_deadline_seconds,
            max_deadline_s=limits.max_deadline_seconds,
            stream_idle_s=limits.stream_idle_seconds,
        ),
    )
