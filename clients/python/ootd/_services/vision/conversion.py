"""Between the messages of VisionService and the client's types; no network, no files."""

from typing import Literal

from ootd._services.vision.types import AttributeGroup, Category, Photo, Taxonomy
from ootd._shared import arguments
from ootd._shared.garment_conversion import super_category_from_proto
from ootd._shared.photo_conversion import photo_to_proto
from ootd.v1 import taxonomy_pb2, vision_service_pb2

_GROUP_KINDS: tuple[Literal["unspecified", "categorical", "multi_label"], ...] = (
    "unspecified",
    "categorical",
    "multi_label",
)


def element_to_proto(photo: Photo, image: bytes) -> vision_service_pb2.AnalyzeImagesRequest:
    """Return the request for one photo of a stream.

    Raises ValueError, TypeError or InvalidRequestError for a guide, option or id that is none.
    """
    name = arguments.text("correlation_id", photo.correlation_id)
    message = photo_to_proto(
        photo.category, photo.region, photo.score_threshold, photo.attribute_model
    )
    message.image = image
    return vision_service_pb2.AnalyzeImagesRequest(correlation_id=name, photo=message)


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
