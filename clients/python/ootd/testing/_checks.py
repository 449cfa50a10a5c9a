"""The contract's limits, as a FakeGateway keeps them; the rest of a field is not looked at."""

import math
import re
from collections.abc import Sequence
from typing import NoReturn

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from ootd.errors import (
    FailedPreconditionError,
    FieldViolation,
    ImageError,
    InvalidRequestError,
    MessageTooLargeError,
)
from ootd.types import ServerLimits
from ootd.v1 import catalog_service_pb2 as catalog
from ootd.v1 import garment_pb2
from ootd.v1 import search_service_pb2 as search

LIMITS = ServerLimits(
    max_image_bytes=20 * 1024 * 1024,
    max_image_pixels=50_000_000,
    min_image_side=16,
    max_request_bytes=32 * 1024 * 1024,
    max_answer_bytes=24 * 1024 * 1024,
    default_deadline_s=15.0,
    max_deadline_s=60.0,
    stream_idle_s=60.0,
)
"""What a gateway takes unless it is set otherwise."""

_ITEM_ID = re.compile(r"[A-Za-z0-9._:/-]{1,128}\Z")
_EMBEDDING_SIZE = 128
_HISTOGRAM_BINS = 56


def require(holds: bool, field: str, description: str) -> None:
    """Raise InvalidRequestError unless the condition holds."""
    if not holds:
        raise InvalidRequestError(
            f"invalid request: {field}: {description}",
            reason="INVALID_FIELD",
            violations=[FieldViolation(field, description)],
        )


def item_id(value: str, field: str = "item_id") -> None:
    """Raise InvalidRequestError for an id that is none."""
    good = 'must be 1 to 128 letters, digits and "._:/-"'
    require(bool(_ITEM_ID.match(value)), field, f"{good}, is {value!r}")


def upload(request: catalog.UpsertItemsRequest) -> None:
    """Raise InvalidRequestError for an item that is none."""
    item_id(request.item_id)
    number, size = len(request.attributes), len(request.payload)
    title_length = len(request.title)
    require(title_length <= 512, "title", f"must have at most 512 characters, has {title_length}")
    require(number <= 64, "attributes", f"must hold at most 64 attributes, holds {number}")
    for name, value in request.attributes.items():
        fits = 1 <= len(name) <= 64 and len(value) <= 256
        require(
            fits, f"attributes[{name!r}]", "must have a name of 1 to 64, a value of at most 256"
        )
    require(size <= 16 * 1024, "payload", f"must have at most 16384 bytes, has {size}")
    require(request.WhichOneof("source") is not None, "source", "must be set")


def embedding(values: Sequence[float], field: str = "embedding.values") -> None:
    """Raise InvalidRequestError unless there are 128 finite values, not all 0."""
    wanted = len(values) == _EMBEDDING_SIZE
    require(wanted, field, f"must hold exactly {_EMBEDDING_SIZE} values, holds {len(values)}")
    finite = all(math.isfinite(value) for value in values) and any(values)
    require(finite, field, "must be finite and not all 0")


def histogram(values: Sequence[float]) -> None:
    """Raise InvalidRequestError unless there are none, or 56 finite values of 0 or more."""
    number = len(values)
    text = f"must hold {_HISTOGRAM_BINS} values or none, holds {number}"
    require(number in {0, _HISTOGRAM_BINS}, "color_histogram", text)
    good = all(math.isfinite(value) and value >= 0 for value in values)
    require(good and (any(values) or not values), "color_histogram", "must be 0 or more, not all 0")


def super_category(value: int) -> None:
    """Raise InvalidRequestError for none of the six."""
    require(
        1 <= value <= 6, "super_category", f"must be a known SuperCategory (1 to 6), is {value}"
    )


def region(box: garment_pb2.Box) -> None:
    """Raise InvalidRequestError for a rectangle that is none."""
    valid = 0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1
    shown = (box.x0, box.y0, box.x1, box.y1)
    require(valid, "guide.region", f"must be 0 <= x0 < x1 <= 1 and so for y, is {shown}")


def hit_count(
    request: search.SearchByImageRequest
    | search.SearchByItemRequest
    | search.SearchByEmbeddingRequest,
) -> int:
    """Return k; InvalidRequestError where it is none."""
    k = request.k if request.HasField("k") else 10
    require(1 <= k <= 1000, "k", f"must be 1 to 1000, is {k}")
    return k


def hit_options(options: search.HitOptions) -> None:
    """Raise InvalidRequestError for an offset, a score or fields that are none."""
    offset, score = options.offset, options.min_score
    require(offset <= 10_000, "hit_options.offset", f"must be 0 to 10000, is {offset}")
    in_range = not options.HasField("min_score") or -1 <= score <= 1
    require(in_range, "hit_options.min_score", f"must be -1 to 1, is {score}")
    fields(options.item_fields, "hit_options.item_fields")


def fields(mask: FieldMask, field: str = "item_fields") -> None:
    """Raise InvalidRequestError for paths that items do not have."""
    for number, path in enumerate(mask.paths):
        try:
            known = FieldMask(paths=[path]).IsValidForDescriptor(catalog.Item.DESCRIPTOR)
        except ValueError:
            known = False
        require(known, f"{field}.paths[{number}]", f"must be a field of Item, is {path!r}")


def image(encoded: bytes, limits: ServerLimits) -> None:
    """Raise InvalidRequestError for no photo, ImageError for one with too many bytes."""
    require(bool(encoded), "image", "must be set, is empty")
    if len(encoded) > limits.max_image_bytes:
        raise ImageError(
            f"the photo has {len(encoded)} bytes, at most {limits.max_image_bytes} are taken",
            code=grpc.StatusCode.RESOURCE_EXHAUSTED,
            reason="IMAGE_TOO_LARGE",
            metadata={"bytes": str(len(encoded)), "limit_bytes": str(limits.max_image_bytes)},
        )


def answer(message: Message, limits: ServerLimits) -> None:
    """Raise MessageTooLargeError for an answer with more bytes than one may have."""
    size = message.ByteSize()
    if size > limits.max_answer_bytes:
        raise MessageTooLargeError(
            f"the answer has {size} bytes, at most {limits.max_answer_bytes} are sent: ask for "
            "fewer hits, or for fields without the payload",
            reason="ANSWER_TOO_LARGE",
            metadata={"bytes": str(size), "limit_bytes": str(limits.max_answer_bytes)},
        )


def fingerprint(stated: str, stored: str) -> None:
    """Raise FailedPreconditionError where vectors are of other models than the stored ones."""
    if stated and stated != stored:
        raise FailedPreconditionError(
            f"the vectors were made by {stated!r}, those that are stored by {stored!r}",
            reason="RELEASE_MISMATCH",
            metadata={"stored": stored, "served": stated},
        )


def no_matching_garment(item: str, category: str) -> NoReturn:
    """Raise the error of an item whose photo shows nothing of its category."""
    raise FailedPreconditionError(
        f"no garment of the photo of {item!r} is a {category or 'garment'}",
        reason="NO_MATCHING_GARMENT",
        metadata={"item_id": item, "category": category},
    )
