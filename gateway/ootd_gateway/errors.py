"""Everything that can go wrong, as a tree; each class carries its gRPC status and its reason.

    OotdError
    ├── InvalidRequestError                  INVALID_ARGUMENT     INVALID_FIELD
    ├── ImageError
    │   ├── ImageUnreadableError             INVALID_ARGUMENT     IMAGE_UNREADABLE
    │   ├── ImageTooLargeError               RESOURCE_EXHAUSTED   IMAGE_TOO_LARGE
    │   ├── ImageTooManyPixelsError          INVALID_ARGUMENT     IMAGE_TOO_MANY_PIXELS
    │   └── ImageTooSmallError               INVALID_ARGUMENT     IMAGE_TOO_SMALL
    ├── NoMatchingGarmentError               FAILED_PRECONDITION  NO_MATCHING_GARMENT
    ├── VectorFingerprintMismatchError       FAILED_PRECONDITION  VECTOR_FINGERPRINT_MISMATCH
    ├── AttributeModelNotServedError         FAILED_PRECONDITION  ATTRIBUTE_MODEL_NOT_SERVED
    ├── ItemNotFoundError                    NOT_FOUND            ITEM_NOT_FOUND
    ├── UnauthenticatedError                 UNAUTHENTICATED      UNAUTHENTICATED
    ├── BusyError
    │   ├── OverloadedError                  RESOURCE_EXHAUSTED   OVERLOADED
    │   └── CallerOverShareError             RESOURCE_EXHAUSTED   CALLER_OVER_SHARE
    ├── AnswerTooLargeError                  RESOURCE_EXHAUSTED   ANSWER_TOO_LARGE
    ├── DeadlineExceededError                DEADLINE_EXCEEDED    DEADLINE_EXCEEDED
    ├── StreamIdleError                      DEADLINE_EXCEEDED    STREAM_IDLE
    ├── VisionUnavailableError               UNAVAILABLE          VISION_UNAVAILABLE
    ├── StoreUnavailableError                UNAVAILABLE          STORE_UNAVAILABLE
    ├── ShuttingDownError                    UNAVAILABLE          SHUTTING_DOWN
    └── InternalError                        INTERNAL             INTERNAL

A reason is the name of an `ootd.v1.ErrorReason` without its prefix; `metadata` holds what the proto
file lists for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from grpc import StatusCode


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """A field at fault: its path in the request, and what it must be and is."""

    field: str
    description: str


class OotdError(Exception):
    """Base of all errors that a caller is told about.

    `message` is for people and safe to send: it names what was wrong and what to do.
    """

    code: ClassVar[StatusCode] = StatusCode.INTERNAL
    reason: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.metadata: Mapping[str, str] = dict(metadata or {})


class InvalidRequestError(OotdError):
    """One or several fields are at fault; all of them are listed."""

    code = StatusCode.INVALID_ARGUMENT
    reason = "INVALID_FIELD"

    def __init__(self, violations: Sequence[FieldViolation]) -> None:
        text = "; ".join(f"{one.field}: {one.description}" for one in violations)
        super().__init__(f"invalid request: {text}")
        self.violations: tuple[FieldViolation, ...] = tuple(violations)


class ImageError(OotdError):
    """The photo cannot be used."""

    code = StatusCode.INVALID_ARGUMENT


class ImageUnreadableError(ImageError):
    """The bytes are no photo that can be decoded."""

    reason = "IMAGE_UNREADABLE"


class ImageTooLargeError(ImageError):
    """The encoded photo has too many bytes."""

    code = StatusCode.RESOURCE_EXHAUSTED
    reason = "IMAGE_TOO_LARGE"


class ImageTooManyPixelsError(ImageError):
    """The header promises too many pixels; nothing was decoded."""

    reason = "IMAGE_TOO_MANY_PIXELS"


class ImageTooSmallError(ImageError):
    """The photo is too small to hold a garment."""

    reason = "IMAGE_TOO_SMALL"


class NoMatchingGarmentError(OotdError):
    """No garment of the photo matches the item's category."""

    code = StatusCode.FAILED_PRECONDITION
    reason = "NO_MATCHING_GARMENT"


class VectorFingerprintMismatchError(OotdError):
    """Vectors of different models would meet."""

    code = StatusCode.FAILED_PRECONDITION
    reason = "VECTOR_FINGERPRINT_MISMATCH"


class AttributeModelNotServedError(OotdError):
    """The vision server does not serve the attribute model that is asked for."""

    code = StatusCode.FAILED_PRECONDITION
    reason = "ATTRIBUTE_MODEL_NOT_SERVED"


class ItemNotFoundError(OotdError):
    """There is no such item."""

    code = StatusCode.NOT_FOUND
    reason = "ITEM_NOT_FOUND"


class UnauthenticatedError(OotdError):
    """The call carries no valid token."""

    code = StatusCode.UNAUTHENTICATED
    reason = "UNAUTHENTICATED"


class BusyError(OotdError):
    """There is no room for the call now; `retry_after_s` says when to try again."""

    code = StatusCode.RESOURCE_EXHAUSTED

    def __init__(
        self,
        message: str,
        metadata: Mapping[str, str] | None = None,
        *,
        retry_after_s: float = 0.5,
    ) -> None:
        super().__init__(message, metadata)
        self.retry_after_s = retry_after_s


class OverloadedError(BusyError):
    """As many calls as the server takes are running."""

    reason = "OVERLOADED"


class CallerOverShareError(BusyError):
    """One caller has as many calls or streams running as one caller may."""

    reason = "CALLER_OVER_SHARE"


class AnswerTooLargeError(OotdError):
    """The answer would have more bytes than an answer may."""

    code = StatusCode.RESOURCE_EXHAUSTED
    reason = "ANSWER_TOO_LARGE"


class DeadlineExceededError(OotdError):
    """The call's deadline passed."""

    code = StatusCode.DEADLINE_EXCEEDED
    reason = "DEADLINE_EXCEEDED"


class StreamIdleError(OotdError):
    """Nothing came in over a stream for longer than the server waits."""

    code = StatusCode.DEADLINE_EXCEEDED
    reason = "STREAM_IDLE"


class VisionUnavailableError(OotdError):
    """The vision models cannot be reached or are not ready."""

    code = StatusCode.UNAVAILABLE
    reason = "VISION_UNAVAILABLE"


class StoreUnavailableError(OotdError):
    """The database cannot be read or written."""

    code = StatusCode.UNAVAILABLE
    reason = "STORE_UNAVAILABLE"


class StoreLockedError(StoreUnavailableError):
    """Another process holds the database for longer than a write may wait."""


class ShuttingDownError(OotdError):
    """The server is about to stop."""

    code = StatusCode.UNAVAILABLE
    reason = "SHUTTING_DOWN"


class InternalError(OotdError):
    """A bug of ours; the log has the details under the request id."""

    code = StatusCode.INTERNAL
    reason = "INTERNAL"


def internal_error() -> InternalError:
    """Return what a caller is told of a bug: nothing but the request id (in the metadata)."""
    return InternalError("internal error of the server; report it with the request id")


class StartError(Exception):
    """The gateway cannot start; the message is one sentence with the remedy. No caller sees it."""
