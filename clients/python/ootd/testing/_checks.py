"""What a FakeGateway refuses for another reason than a field at fault: its size, its models."""

from typing import NoReturn

from google.protobuf.message import Message

from ootd.errors import FailedPreconditionError, MessageTooLargeError
from ootd.types import ServerLimits


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
    if stated and stored and stated != stored:
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
        metadata={"item_id": item, "category": category or "any"},
    )
