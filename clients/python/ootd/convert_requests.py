"""From what callers hand in to the contract's messages; no network, no files."""

from collections.abc import Iterable
from typing import TypeVar

from google.protobuf.field_mask_pb2 import FieldMask

from ootd import _arguments as check
from ootd.types import (
    ATTRIBUTE_MODELS,
    SUPER_CATEGORIES,
    AttributeModel,
    Box,
    EmbeddingUpload,
    FloatVector,
    ItemUpload,
    Photo,
    Region,
    SuperCategory,
    Upload,
)
from ootd.v1 import (
    catalog_service_pb2,
    garment_pb2,
    photo_pb2,
    search_service_pb2,
    taxonomy_pb2,
    vision_service_pb2,
)

UpsertRequest = TypeVar(
    "UpsertRequest", catalog_service_pb2.UpsertItemRequest, catalog_service_pb2.UpsertItemsRequest
)

_MAX_K = 1000
_MAX_OFFSET = 10_000
_MAX_PAGE_SIZE = 1000
_ALWAYS = "garment.super_category"
"""Asked for with every mask, so that no garment comes without its kind."""


def super_category_to_proto(name: SuperCategory) -> taxonomy_pb2.SuperCategory.ValueType:
    """Return the enum value of a name such as "top"; ValueError names an unknown one."""
    if name not in SUPER_CATEGORIES:
        known = ", ".join(SUPER_CATEGORIES)
        raise ValueError(f"unknown super-category {name!r}; known are: {known}")
    return taxonomy_pb2.SuperCategory.Value(f"SUPER_CATEGORY_{name.upper()}")


def box_to_proto(region: Region) -> garment_pb2.Box:
    """Return the message of a rectangle; ValueError or TypeError unless it has four numbers."""
    values = region.as_tuple() if isinstance(region, Box) else tuple(region)
    if len(values) != 4:
        raise ValueError(f"a region has four numbers x0, y0, x1, y1; got {len(values)}")
    x0, y0, x1, y1 = check.vector("region", values)
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
    threshold = check.number("score_threshold", score_threshold)
    options = photo_pb2.AnalyzeOptions(score_threshold=threshold)
    if attribute_model is not None:
        if attribute_model not in ATTRIBUTE_MODELS:
            known = ", ".join(ATTRIBUTE_MODELS)
            raise ValueError(f"unknown attribute model {attribute_model!r}; known are: {known}")
        name = f"ATTRIBUTE_MODEL_{attribute_model.upper()}"
        options.attribute_model = photo_pb2.AttributeModel.Value(name)
    return options


def fields_to_proto(fields: Iterable[str] | None) -> FieldMask | None:
    """Return the mask of an item's fields, None for the default; TypeError for a single str."""
    if fields is None:
        return None
    paths = check.texts("fields", fields)
    covered = {"garment", _ALWAYS} & set(paths)
    return FieldMask(paths=paths if covered else [*paths, _ALWAYS])


def hit_options_to_proto(
    offset: int, min_score: float | None, fields: Iterable[str] | None
) -> search_service_pb2.HitOptions | None:
    """Return which hits come and what they carry, None where nothing is asked for.

    Raises InvalidRequestError, TypeError.
    """
    mask = fields_to_proto(fields)
    passed_over = check.count("hit_options.offset", offset, lower=0, upper=_MAX_OFFSET)
    lowest = check.number("min_score", min_score)
    if not passed_over and lowest is None and mask is None:
        return None
    return search_service_pb2.HitOptions(offset=passed_over, min_score=lowest, item_fields=mask)


def hit_count(k: int) -> int:
    """Return k; InvalidRequestError where no message can hold it, TypeError where it is no int."""
    return check.count("k", k, lower=1, upper=_MAX_K)


def page_to_proto(
    super_category: SuperCategory | None, page_size: int, token: str, fields: Iterable[str] | None
) -> catalog_service_pb2.ListItemsRequest:
    """Return the request for a page; InvalidRequestError, TypeError or ValueError."""
    request = catalog_service_pb2.ListItemsRequest(
        page_size=check.count("page_size", page_size, lower=1, upper=_MAX_PAGE_SIZE),
        page_token=check.text("page_token", token),
        item_fields=fields_to_proto(fields),
    )
    if super_category is not None:
        request.super_category = super_category_to_proto(super_category)
    return request


def embedding_to_proto(field: str, values: FloatVector) -> garment_pb2.Embedding:
    """Return the message of an embedding; TypeError for what is no row of numbers."""
    return garment_pb2.Embedding(values=check.vector(field, values))


def photo_to_proto(photo: Photo, image: bytes) -> vision_service_pb2.AnalyzeImagesRequest:
    """Return the request for one photo of a stream.

    Raises ValueError, TypeError or InvalidRequestError for a guide, option or id that is none.
    """
    return vision_service_pb2.AnalyzeImagesRequest(
        correlation_id=check.text("correlation_id", photo.correlation_id),
        image=image,
        guide=guide_to_proto(photo.category, photo.region),
        options=options_to_proto(photo.score_threshold, photo.attribute_model),
    )


def upload_to_proto(
    upload: Upload, image: bytes, request_class: type[UpsertRequest]
) -> UpsertRequest:
    """Return the request for one item; `image` is the photo's bytes where the upload has a photo.

    Raises ValueError, TypeError or InvalidRequestError where a field cannot be sent.
    """
    request = request_class(
        item_id=check.text("item_id", upload.item_id),
        title=check.text("title", upload.title),
        attributes=check.attributes(upload.attributes),
        payload=check.payload(upload.payload),
    )
    if isinstance(upload, ItemUpload):
        request.photo.CopyFrom(_item_photo(upload, image))
    else:
        request.embedding.CopyFrom(_item_embedding(upload))
    return request


def _item_photo(upload: ItemUpload, image: bytes) -> catalog_service_pb2.ItemPhoto:
    return catalog_service_pb2.ItemPhoto(
        image=image,
        guide=guide_to_proto(upload.category, upload.region),
        options=options_to_proto(upload.score_threshold, upload.attribute_model),
    )


def _item_embedding(upload: EmbeddingUpload) -> catalog_service_pb2.ItemEmbedding:
    return catalog_service_pb2.ItemEmbedding(
        embedding=embedding_to_proto("embedding", upload.embedding),
        super_category=super_category_to_proto(upload.super_category),
        sub_category=check.text("sub_category", upload.sub_category),
        color_histogram=check.vector("color_histogram", upload.color_histogram),
        vector_fingerprint=check.text("vector_fingerprint", upload.vector_fingerprint),
    )
