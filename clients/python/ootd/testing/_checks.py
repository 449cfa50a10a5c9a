"""What a FakeGateway refuses for another reason than a field at fault: its size, its models."""

from typing import NoReturn

import grpc
from google.protobuf.message import Message

from ootd.errors import (
    FailedPreconditionError,
    ImageError,
    MessageTooLargeError,
)
from ootd.types import ServerLimits

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


def image(encoded: bytes, limits: ServerLimits) -> None:
    """Raise ImageError for a photo with too many bytes."""
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
            reason="VECTOR_FINGERPRINT_MISMATCH",
            metadata={"stored": stored, "served": stated},
        )


def no_matching_garment(item: str, category: str) -> NoReturn:
    """Raise the error of an item whose photo shows nothing of its category."""
    raise FailedPreconditionError(
        f"no garment of the photo of {item!r} is a {category or 'garment'}",
        reason="NO_MATCHING_GARMENT",
        metadata={"item_id": item, "category": category},
    )
