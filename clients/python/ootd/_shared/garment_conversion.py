"""Garments between the contract's messages and the client's types; no network, no files."""

from collections.abc import Sequence

from ootd._shared import arguments
from ootd._shared.garment import (
    Attribute,
    Box,
    BoxOrigin,
    DroppedGarment,
    DropReason,
    Garment,
    ImageAnalysis,
    Region,
)
from ootd._shared.names import SUPER_CATEGORIES, SuperCategory
from ootd._shared.vector import FloatVector
from ootd.errors import InternalError
from ootd.v1 import garment_pb2, taxonomy_pb2

_BOX_ORIGINS: tuple[BoxOrigin, ...] = ("unspecified", "detected", "whole_photo", "region")

_DROP_REASONS: tuple[DropReason, ...] = (
    "unspecified",
    "category_disagreement",
    "explained_by_dress",
    "explained_by_top_or_bottom",
    "not_of_category",
    "no_garment",
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
    """Return the message of a rectangle; ValueError or TypeError unless it has four numbers."""
    values = region.as_tuple() if isinstance(region, Box) else tuple(region)
    if len(values) != 4:
        raise ValueError(f"a region has four numbers x0, y0, x1, y1; got {len(values)}")
    x0, y0, x1, y1 = arguments.vector("region", values)
    return garment_pb2.Box(x0=x0, y0=y0, x1=x1, y1=y1)


def embedding_to_proto(field: str, values: FloatVector) -> garment_pb2.Embedding:
    """Return the message of an embedding; TypeError for what is no row of numbers."""
    return garment_pb2.Embedding(values=arguments.vector(field, values))


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
