"""Domain terms to answers."""

from ootd.v1 import catalog_service_pb2, garment_pb2, search_service_pb2, taxonomy_pb2
from ootd_gateway.store.base import UpsertResult
from ootd_gateway.types import (
    AttributeGroup,
    Box,
    BoxOrigin,
    DroppedGarment,
    FloatVector,
    Garment,
    Hit,
    ImageAnalysis,
    Item,
    SuperCategory,
    Taxonomy,
)

# Enums of the contract keep 0 for "not given"; the domain numbers as the models do.
_KINDS = {
    "categorical": taxonomy_pb2.AttributeGroup.KIND_CATEGORICAL,
    "multi_label": taxonomy_pb2.AttributeGroup.KIND_MULTI_LABEL,
}
_ORIGINS = {
    BoxOrigin.DETECTED: garment_pb2.BOX_ORIGIN_DETECTED,
    BoxOrigin.WHOLE_PHOTO: garment_pb2.BOX_ORIGIN_WHOLE_PHOTO,
    BoxOrigin.REGION: garment_pb2.BOX_ORIGIN_REGION,
}
_OUTCOMES = {
    UpsertResult.CREATED: catalog_service_pb2.UPSERT_OUTCOME_CREATED,
    UpsertResult.REPLACED: catalog_service_pb2.UPSERT_OUTCOME_REPLACED,
    UpsertResult.UNCHANGED: catalog_service_pb2.UPSERT_OUTCOME_UNCHANGED,
}


def super_category(category: SuperCategory) -> taxonomy_pb2.SuperCategory.ValueType:
    """Return the contract's number of a super-category."""
    return taxonomy_pb2.SuperCategory.ValueType(category + 1)


def image_analysis(analysis: ImageAnalysis) -> garment_pb2.ImageAnalysis:
    """Return what a photo holds, vectors included."""
    return garment_pb2.ImageAnalysis(
        width=analysis.width,
        height=analysis.height,
        garments=[garment(one) for one in analysis.garments],
        dropped=dropped_garments(analysis.dropped),
        vector_fingerprint=analysis.served.vector_fingerprint,
    )


def dropped_garments(dropped: tuple[DroppedGarment, ...]) -> list[garment_pb2.DroppedGarment]:
    """Return what was found and dropped."""
    return [
        garment_pb2.DroppedGarment(
            garment=garment(one.garment),
            reason=garment_pb2.DropReason.ValueType(one.reason),
        )
        for one in dropped
    ]


def garment(source: Garment, *, with_vectors: bool = True) -> garment_pb2.Garment:
    """Return a garment; `with_vectors` tells whether embedding and histogram go along."""
    message = garment_pb2.Garment(
        score=source.score,
        super_category=super_category(source.super_category),
        sub_category=source.sub_category,
        sub_category_score=source.sub_category_score,
        attributes=[
            garment_pb2.Attribute(group=one.group, value=one.value, score=one.score)
            for one in source.attributes
        ],
    )
    if source.box is not None:
        message.box.CopyFrom(_box(source.box))
    if source.box_origin is not None:
        message.box_origin = _ORIGINS[source.box_origin]
    if with_vectors:
        message.embedding.values.extend(_floats(source.embedding))
        if source.color_histogram is not None:
            message.color_histogram.extend(_floats(source.color_histogram))
    return message


def item(
    source: Item, *, with_vectors: bool, vector_fingerprint: str = ""
) -> catalog_service_pb2.Item:
    """Return an item; `with_vectors` tells whether its embedding and histogram go along, and the
    fingerprint of the models that made them."""
    message = catalog_service_pb2.Item(
        item_id=source.item_id,
        title=source.title,
        attributes=source.attributes,
        payload=source.payload,
        garment=garment(source.garment, with_vectors=with_vectors),
        sequence_number=source.sequence_number,
        vector_fingerprint=vector_fingerprint if with_vectors else "",
    )
    message.update_time.FromDatetime(source.update_time)
    return message


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


def upsert_outcome(result: UpsertResult) -> catalog_service_pb2.UpsertOutcome.ValueType:
    """Return the contract's number of what an upsert came to."""
    return _OUTCOMES[result]


def taxonomy(source: Taxonomy) -> taxonomy_pb2.Taxonomy:
    """Return the names that the served models answer with."""
    return taxonomy_pb2.Taxonomy(
        version=source.version,
        categories=[
            taxonomy_pb2.Category(
                super_category=super_category(category),
                name=category.label,
                sub_categories=names,
            )
            for category, names in source.sub_categories.items()
        ],
        attribute_groups=[_attribute_group(one) for one in source.attribute_groups],
    )


def _attribute_group(source: AttributeGroup) -> taxonomy_pb2.AttributeGroup:
    return taxonomy_pb2.AttributeGroup(
        name=source.name,
        kind=_KINDS[source.kind],
        values=source.values,
        sub_categories=source.sub_categories,
        trained=source.trained,
    )


def _box(box: Box) -> garment_pb2.Box:
    return garment_pb2.Box(x0=box.x0, y0=box.y0, x1=box.x1, y1=box.y1)


def _floats(vector: FloatVector) -> list[float]:
    # A list of floats fills a message several times faster than numpy scalars do.
    floats: list[float] = vector.tolist()
    return floats
