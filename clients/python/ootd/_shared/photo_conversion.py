"""A photo and what is known of it, from what callers hand in to the contract's messages."""

from ootd._shared import arguments
from ootd._shared.garment import Region
from ootd._shared.garment_conversion import box_to_proto, super_category_to_proto
from ootd._shared.names import ATTRIBUTE_MODELS, AttributeModel, SuperCategory
from ootd.v1 import garment_pb2, photo_pb2


def photo_to_proto(
    category: SuperCategory | None,
    region: Region | None,
    score_threshold: float | None,
    attribute_model: AttributeModel | None,
) -> photo_pb2.Photo:
    """Return what is known of a photo, its bytes still to be set: so that all of it is checked
    before a file is read.

    Raises ValueError for a category beside a region and for an unknown model, InvalidRequestError
    and TypeError for other values that no message can hold.
    """
    return photo_pb2.Photo(
        guide=_guide_to_proto(category, region),
        options=_options_to_proto(score_threshold, attribute_model),
    )


def _guide_to_proto(
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


def _options_to_proto(
    score_threshold: float | None, attribute_model: AttributeModel | None
) -> photo_pb2.AnalyzeOptions | None:
    """Return the options, None where nothing is asked for; ValueError names an unknown model."""
    if score_threshold is None and attribute_model is None:
        return None
    threshold = arguments.number("score_threshold", score_threshold)
    options = photo_pb2.AnalyzeOptions(score_threshold=threshold)
    if attribute_model is not None:
        if attribute_model not in ATTRIBUTE_MODELS:
            known = ", ".join(ATTRIBUTE_MODELS)
            raise ValueError(f"unknown attribute model {attribute_model!r}; known are: {known}")
        name = f"ATTRIBUTE_MODEL_{attribute_model.upper()}"
        options.attribute_model = photo_pb2.AttributeModel.Value(name)
    return options
