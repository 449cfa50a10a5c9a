"""Between the contract's messages of photos and garments and the domain's terms.

Functions that read requests take a `Violations` list, or raise InvalidRequestError with every field
at fault.
"""

from ootd.v1 import (
    garment_pb2,
    photo_pb2,
    taxonomy_pb2,
    vision_service_pb2,
)
from ootd_gateway import validation
from ootd_gateway.types import (
    AnalyzeOptions,
    AttributeGroup,
    Box,
    BoxOrigin,
    CategoryGuide,
    DroppedGarment,
    FloatVector,
    Garment,
    Guide,
    ImageAnalysis,
    Photo,
    RegionGuide,
    SuperCategory,
    Taxonomy,
)
from ootd_gateway.validation import Violations

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


def photo_of_call(
    request: vision_service_pb2.AnalyzeImageRequest,
) -> Photo:
    """Return the photo with its guide, and how it is to be analysed."""
    violations = Violations()
    found = photo(request.photo, "photo", violations)
    violations.check()
    return found


def photo_of_element(
    request: vision_service_pb2.AnalyzeImagesRequest,
) -> Photo:
    """Return the photo with its guide, and how it is to be analysed."""
    violations = Violations()
    validation.correlation_id(request.correlation_id, "correlation_id", violations)
    found = photo(request.photo, "photo", violations)
    violations.check()
    return found


def photo(message: photo_pb2.Photo, field: str, violations: Violations) -> Photo:
    """Return the photo and what is known of it."""
    return Photo(
        validation.image_present(message.image, f"{field}.image", violations),
        _guide(message.guide, f"{field}.guide", violations),
        _options(message.options, f"{field}.options", violations),
    )


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


def super_category(category: SuperCategory) -> taxonomy_pb2.SuperCategory.ValueType:
    """Return the contract's number of a super-category."""
    return taxonomy_pb2.SuperCategory.ValueType(category + 1)


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


def _options(
    options: photo_pb2.AnalyzeOptions, field: str, violations: Violations
) -> AnalyzeOptions:
    threshold = options.score_threshold if options.HasField("score_threshold") else None
    return AnalyzeOptions(
        validation.score_threshold(threshold, f"{field}.score_threshold", violations),
        validation.attribute_model(options.attribute_model, f"{field}.attribute_model", violations),
    )


def _floats(vector: FloatVector) -> list[float]:
    # A list of floats fills a message several times faster than numpy scalars do.
    floats: list[float] = vector.tolist()
    return floats
