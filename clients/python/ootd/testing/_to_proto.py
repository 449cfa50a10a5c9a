"""Answers as messages: what the client's conversion undoes."""

from ootd._shared.garment_conversion import box_to_proto, super_category_to_proto
from ootd.types import Garment, ImageAnalysis
from ootd.v1 import (
    garment_pb2,
)


def garment(one: Garment, *, with_vectors: bool = True) -> garment_pb2.Garment:
    """Return the message of a garment; listed items and hits come without vectors."""
    origin = garment_pb2.BoxOrigin.Value(f"BOX_ORIGIN_{one.box_origin.upper()}")
    return garment_pb2.Garment(
        box=box_to_proto(one.box) if one.box else None,
        box_origin=origin,
        score=one.score,
        super_category=super_category_to_proto(one.super_category),
        sub_category=one.sub_category,
        sub_category_score=one.sub_category_score,
        attributes=[
            garment_pb2.Attribute(group=value.group, value=value.value, score=value.score)
            for value in one.attributes
        ],
        embedding=garment_pb2.Embedding(values=one.embedding) if with_vectors else None,
        color_histogram=one.color_histogram if with_vectors else (),
    )


def analysis(one: ImageAnalysis) -> garment_pb2.ImageAnalysis:
    """Return the message of an analysis."""
    return garment_pb2.ImageAnalysis(
        width=one.width,
        height=one.height,
        garments=[garment(each) for each in one.garments],
        dropped=[
            garment_pb2.DroppedGarment(
                garment=garment(each.garment),
                reason=garment_pb2.DropReason.Value(f"DROP_REASON_{each.reason.upper()}"),
            )
            for each in one.dropped
        ],
        vector_fingerprint=one.vector_fingerprint,
    )
