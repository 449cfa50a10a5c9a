"""Answers as messages: what `ootd.convert` undoes."""

from ootd.convert_requests import box_to_proto, super_category_to_proto
from ootd.types import Garment, ImageAnalysis, ServerInfo, Taxonomy
from ootd.v1 import (
    garment_pb2,
    photo_pb2,
    server_service_pb2,
    taxonomy_pb2,
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


def server_info(one: ServerInfo) -> server_service_pb2.GetServerInfoResponse:
    """Return the message of what a gateway tells of itself."""
    model = f"ATTRIBUTE_MODEL_{(one.attribute_model or 'unspecified').upper()}"
    limits = one.limits
    return server_service_pb2.GetServerInfoResponse(
        version=one.version,
        minimum_client_version=one.minimum_client_version,
        taxonomy_version=one.taxonomy_version,
        vector_fingerprint=one.vector_fingerprint,
        stored_vector_fingerprint=one.stored_vector_fingerprint,
        graph_fingerprint=one.graph_fingerprint,
        vision_server=one.vision_server,
        attribute_model=photo_pb2.AttributeModel.Value(model),
        color_weight=one.color_weight,
        limits=server_service_pb2.GetServerInfoResponse.Limits(
            max_image_bytes=limits.max_image_bytes,
            max_image_pixels=limits.max_image_pixels,
            min_image_side=limits.min_image_side,
            max_request_bytes=limits.max_request_bytes,
            max_answer_bytes=limits.max_answer_bytes,
            default_deadline_seconds=limits.default_deadline_s,
            max_deadline_seconds=limits.max_deadline_s,
            stream_idle_seconds=limits.stream_idle_s,
        ),
    )


def taxonomy(one: Taxonomy) -> taxonomy_pb2.Taxonomy:
    """Return the message of a taxonomy."""
    return taxonomy_pb2.Taxonomy(
        version=one.version,
        categories=[
            taxonomy_pb2.Category(
                super_category=super_category_to_proto(each.super_category),
                name=each.name,
                sub_categories=each.sub_categories,
            )
            for each in one.categories
        ],
        attribute_groups=[
            taxonomy_pb2.AttributeGroup(
                name=each.name,
                kind=taxonomy_pb2.AttributeGroup.Kind.Value(f"KIND_{each.kind.upper()}"),
                values=each.values,
                sub_categories=each.sub_categories,
                trained=each.trained,
            )
            for each in one.attribute_groups
        ],
    )
