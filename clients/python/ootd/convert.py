"""Between the contract's messages and the client's types; no network, no files."""

from collections.abc import Sequence
from datetime import UTC
from typing import Literal

from ootd.errors import ImageError, InternalError
from ootd.types import (
    ATTRIBUTE_MODELS,
    SUPER_CATEGORIES,
    Attribute,
    AttributeGroup,
    AttributeModel,
    Box,
    BoxOrigin,
    Category,
    DroppedGarment,
    DropReason,
    EmbeddingUpload,
    Garment,
    GarmentHits,
    Hit,
    ImageAnalysis,
    ImageSearch,
    Item,
    ItemUpload,
    Region,
    ScoreParts,
    SuperCategory,
    Taxonomy,
)
from ootd.v1 import (
    catalog_service_pb2,
    garment_pb2,
    photo_pb2,
    search_service_pb2,
    taxonomy_pb2,
)

_BOX_ORIGINS: tuple[BoxOrigin, ...] = ("unspecified", "detected", "whole_photo", "region")
_DROP_REASONS: tuple[DropReason, ...] = (
    "unspecified",
    "category_disagreement",
    "explained_by_dress",
    "explained_by_top_or_bottom",
)
_GROUP_KINDS: tuple[Literal["unspecified", "categorical", "multi_label"], ...] = (
    "unspecified",
    "categorical",
    "multi_label",
)


def super_category_to_proto(name: SuperCategory) -> taxonomy_pb2.SuperCategory.ValueType:
    """Return the enum value of a name such as "top"; ValueError names an unknown one."""
    if name not in SUPER_CATEGORIES:
        known = ", ".join(SUPER_CATEGORIES)
        raise ValueError(f"unknown super-category {name!r}; known are: {known}")
    return taxonomy_pb2.SuperCategory.Value(f"SUPER_CATEGORY_{name.upper()}")


def super_category_from_proto(value: taxonomy_pb2.SuperCategory.ValueType) -> SuperCategory:
    """Return the name of an enum value; InternalError for one that is not set or not known."""
    if not 1 <= value <= len(SUPER_CATEGORIES):
        raise InternalError(f"the gateway answered with super-category {value}: update the client")
    return SUPER_CATEGORIES[value - 1]


def box_to_proto(region: Region) -> garment_pb2.Box:
    """Return the message of a rectangle; ValueError unless it has four numbers."""
    values = region.as_tuple() if isinstance(region, Box) else tuple(region)
    if len(values) != 4:
        raise ValueError(f"a region has four numbers x0, y0, x1, y1; got {len(values)}")
    x0, y0, x1, y1 = values
    return garment_pb2.Box(x0=x0, y0=y0, x1=x1, y1=y1)


def guide_to_proto(
    category: SuperCategory | None, region: Region | None
) -> garment_pb2.Guide | None:
    """Return the guide, None for nothing known; ValueError where both are given."""
    if category is not None and region is not None:
        raise ValueError("give category or region, not both")
    if category is not None:
        return garment_pb2.Guide(category=super_category_to_proto(category))
    if region is not None:
        return garment_pb2.Guide(region=box_to_proto(region))
    return None


def options_to_proto(
    score_threshold: float | None, attribute_model: AttributeModel | None
) -> photo_pb2.AnalyzeOptions | None:
    """Return the options, None where nothing is asked for; ValueError names an unknown model."""
    if score_threshold is None and attribute_model is None:
        return None
    options = photo_pb2.AnalyzeOptions(score_threshold=score_threshold)
    if attribute_model is not None:
        if attribute_model not in ATTRIBUTE_MODELS:
            known = ", ".join(ATTRIBUTE_MODELS)
            raise ValueError(f"unknown attribute model {attribute_model!r}; known are: {known}")
        name = f"ATTRIBUTE_MODEL_{attribute_model.upper()}"
        options.attribute_model = photo_pb2.AttributeModel.Value(name)
    return options


def check_image_size(image: bytes, limit_bytes: int) -> bytes:
    """Return the photo, or raise ImageError where it cannot travel in one message."""
    if len(image) > limit_bytes:
        raise ImageError(
            f"the photo has {len(image)} bytes, more than a message holds ({limit_bytes}); "
            "send a smaller one",
            reason="IMAGE_TOO_LARGE",
            metadata={"bytes": str(len(image)), "limit_bytes": str(limit_bytes)},
        )
    return image


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
        update_time=message.update_time.ToDatetime(tzinfo=UTC) if has_time else None,
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


def upload_to_proto(
    upload: ItemUpload | EmbeddingUpload, image: bytes
) -> catalog_service_pb2.UpsertItemsRequest:
    """Return the request for one item; `image` is the photo's bytes where the upload has a photo.

    Raises ValueError where it has a category as well as a region, or an unknown category.
    """
    request = catalog_service_pb2.UpsertItemsRequest(
        item_id=upload.item_id,
        title=upload.title,
        attributes=upload.attributes,
        payload=upload.payload,
    )
    if isinstance(upload, ItemUpload):
        guide = guide_to_proto(upload.category, upload.region)
        request.photo.CopyFrom(catalog_service_pb2.ItemPhoto(image=image, guide=guide))
        return request
    request.embedding.CopyFrom(
        catalog_service_pb2.ItemEmbedding(
            embedding=garment_pb2.Embedding(values=upload.embedding),
            super_category=super_category_to_proto(upload.super_category),
            sub_category=upload.sub_category,
            color_histogram=upload.color_histogram,
        )
    )
    return request
