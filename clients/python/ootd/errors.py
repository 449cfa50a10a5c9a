"""Everything that a call can fail with, as a small tree, and the one table that maps reasons to it.

    OotdError
    ├── InvalidRequestError       a field is at fault; `violations` lists them all
    ├── ImageError                the photo cannot be used; `reason` tells why
    ├── FailedPreconditionError   no garment matches the category; models and vectors don't match;
    │                             the attribute model is not served
    ├── NotFoundError             there is no such item
    ├── UnauthenticatedError      no valid token
    ├── OverloadedError           too many calls; `retry_after_s` says when to come back
    ├── MessageTooLargeError      request or answer has more bytes than may be; ask for less
    ├── UnavailableError          nothing answers, or what answers cannot work now
    │   ├── TlsError              the two sides cannot agree on encryption or certificates
    │   └── NoGatewayError        something answers, but it is no OOTD gateway
    ├── UnsupportedError          the gateway is older than the method
    ├── DeadlineExceededError     the time that the caller gave has passed
    ├── ClosedError               the client was closed
    └── InternalError             a bug of the server: report it with `request_id`

Every error carries `code` (the gRPC status), `reason` (the name of an `ootd.v1.ErrorReason`
without its prefix, "" where the gateway did not answer itself; a server that is at its limit of
calls is OVERLOADED either way), `request_id` (in the gateway's log, "" if none) and `metadata`
(what the reason's comment in error_reason.proto lists).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

from ootd.v1 import element_error_pb2, error_reason_pb2

ERROR_DOMAIN = "ootd"
"""Domain of the gateway's google.rpc.ErrorInfo."""

_DETAILS_KEY = "grpc-status-details-bin"
_REASON_PREFIX = "ERROR_REASON_"
_SIZE_OF_TOO_LARGE = re.compile(
    r"(?:(CLIENT|SERVER): )?(sent|received) message larger than max(?: \((\d+) vs\. (\d+)\))?",
    re.IGNORECASE,
)
"""How gRPC's core tells of a message that is over a limit; older ones leave out the side."""

_TOO_MANY_CALLS = "concurrent rpc limit exceeded"
"""How a gRPC server in Python refuses a call before any work; lower case, comes without details."""

_TOO_MANY_CALLS_RETRY_S = 0.5
"""When to come back after that: gRPC does not say."""


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """A field at fault: its path in the request, and what it must be and is."""

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class _Failure:
    """A failed call or stream element, in neutral form."""

    code: grpc.StatusCode
    message: str
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: tuple[FieldViolation, ...] = ()
    retry_after_s: float | None = None


class OotdError(Exception):
    """Base of everything that a call to the gateway can fail with; `message` is for people.

    Each class has a `default_code`, which an error has unless another is given.
    """

    default_code: ClassVar[grpc.StatusCode] = grpc.StatusCode.UNKNOWN

    def __init__(
        self,
        message: str,
        *,
        code: grpc.StatusCode | None = None,
        reason: str = "",
        request_id: str = "",
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[FieldViolation] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = self.default_code if code is None else code
        self.reason = reason
        self.request_id = request_id
        self.metadata: Mapping[str, str] = dict(metadata or {})
        self.violations: tuple[FieldViolation, ...] = tuple(violations)
        self.retry_after_s = retry_after_s


class InvalidRequestError(OotdError):
    """One or several fields are at fault; `violations` lists them all."""

    default_code = grpc.StatusCode.INVALID_ARGUMENT


class ImageError(OotdError):
    """The photo cannot be used: unreadable, too large, too many pixels or too small (`reason`)."""

    default_code = grpc.StatusCode.INVALID_ARGUMENT


class FailedPreconditionError(OotdError):
    """No garment matches the item's category, vectors of different models would meet, or the
    attribute model is not served."""

    default_code = grpc.StatusCode.FAILED_PRECONDITION


class NotFoundError(OotdError):
    """There is no such item."""

    default_code = grpc.StatusCode.NOT_FOUND


class UnauthenticatedError(OotdError):
    """The call carries no valid token."""

    default_code = grpc.StatusCode.UNAUTHENTICATED


class OverloadedError(OotdError):
    """The server has as many calls as it takes; come back after `retry_after_s`, if it is set."""

    default_code = grpc.StatusCode.RESOURCE_EXHAUSTED


class MessageTooLargeError(OotdError):
    """A request or its answer has more bytes than a message may; send or ask for less."""

    default_code = grpc.StatusCode.RESOURCE_EXHAUSTED


class UnavailableError(OotdError):
    """Nothing answers at the address, or what answers cannot do its work now."""

    default_code = grpc.StatusCode.UNAVAILABLE


class TlsError(UnavailableError):
    """The two sides cannot agree on encryption or certificates; `message` says which and why."""


class NoGatewayError(UnavailableError):
    """Something answers at the address, but it is no OOTD gateway."""

    default_code = grpc.StatusCode.UNIMPLEMENTED


class UnsupportedError(OotdError):
    """The gateway does not know the method: it is older than this client."""

    default_code = grpc.StatusCode.UNIMPLEMENTED


class DeadlineExceededError(OotdError):
    """The time that the caller gave has passed."""

    default_code = grpc.StatusCode.DEADLINE_EXCEEDED


class ClosedError(OotdError):
    """The client was closed before the call, or while it ran."""

    default_code = grpc.StatusCode.CANCELLED


class InternalError(OotdError):
    """A bug of the server, or an answer that makes no sense; report it with `request_id`."""

    default_code = grpc.StatusCode.INTERNAL


ERROR_BY_REASON: Mapping[str, type[OotdError]] = {
    "INVALID_FIELD": InvalidRequestError,
    "IMAGE_UNREADABLE": ImageError,
    "IMAGE_TOO_LARGE": ImageError,
    "IMAGE_TOO_MANY_PIXELS": ImageError,
    "IMAGE_TOO_SMALL": ImageError,
    "NO_MATCHING_GARMENT": FailedPreconditionError,
    "ITEM_NOT_FOUND": NotFoundError,
    "VISION_UNAVAILABLE": UnavailableError,
    "OVERLOADED": OverloadedError,
    "SHUTTING_DOWN": UnavailableError,
    "STORE_UNAVAILABLE": UnavailableError,
    "DEADLINE_EXCEEDED": DeadlineExceededError,
    "UNAUTHENTICATED": UnauthenticatedError,
    "INTERNAL": InternalError,
    "VECTOR_FINGERPRINT_MISMATCH": FailedPreconditionError,
    "ATTRIBUTE_MODEL_NOT_SERVED": FailedPreconditionError,
    "ANSWER_TOO_LARGE": MessageTooLargeError,
    "STREAM_IDLE": DeadlineExceededError,
    "CALLER_OVER_SHARE": OverloadedError,
}
"""The class of every reason of the contract."""

ERROR_BY_CODE: Mapping[grpc.StatusCode, type[OotdError]] = {
    grpc.StatusCode.CANCELLED: UnavailableError,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequestError,
    grpc.StatusCode.OUT_OF_RANGE: InvalidRequestError,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceededError,
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.ALREADY_EXISTS: FailedPreconditionError,
    grpc.StatusCode.PERMISSION_DENIED: UnauthenticatedError,
    grpc.StatusCode.UNAUTHENTICATED: UnauthenticatedError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: OverloadedError,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPreconditionError,
    grpc.StatusCode.ABORTED: UnavailableError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.UNIMPLEMENTED: UnsupportedError,
    grpc.StatusCode.INTERNAL: InternalError,
    grpc.StatusCode.UNKNOWN: InternalError,
    grpc.StatusCode.DATA_LOSS: InternalError,
}
"""The class where the gateway did not give a reason that is known here: a proxy or gRPC itself
answered, or the gateway is newer than this client."""

_CODE_BY_NUMBER: Mapping[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}


def from_rpc_error(error: grpc.RpcError, request_id: str = "") -> OotdError:
    """Return the exception for a failed call, from its `google.rpc.Status` details if it has them.

    `request_id` is what the call carried; the gateway's own, if it answered, takes its place.
    """
    call: Any = error  # RpcError declares none of what its real classes have.
    code: grpc.StatusCode = call.code() or grpc.StatusCode.UNKNOWN
    message: str = call.details() or code.name
    failure = _read_details(code, message, call.trailing_metadata())
    if _is_refused_by_grpc(failure):
        retry_after_s = failure.retry_after_s or _TOO_MANY_CALLS_RETRY_S
        failure = replace(failure, reason="OVERLOADED", retry_after_s=retry_after_s)
    return _build(failure, request_id)


def from_element_error(error: element_error_pb2.ElementError, request_id: str = "") -> OotdError:
    """Return the exception for one failed element of a stream."""
    number = int(error.reason)
    known = number in error_reason_pb2.ErrorReason.values()
    name = error_reason_pb2.ErrorReason.Name(error.reason) if known else str(number)
    failure = _Failure(
        code=_CODE_BY_NUMBER.get(error.code, grpc.StatusCode.UNKNOWN),
        message=error.message,
        reason=name.removeprefix(_REASON_PREFIX),
        metadata=dict(error.metadata),
        violations=tuple(FieldViolation(one.field, one.description) for one in error.violations),
    )
    return _build(failure, request_id)


def _is_refused_by_grpc(failure: _Failure) -> bool:
    exhausted = failure.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    return exhausted and not failure.reason and _TOO_MANY_CALLS in failure.message.lower()


def _build(failure: _Failure, request_id: str) -> OotdError:
    error_class = ERROR_BY_REASON.get(failure.reason) or ERROR_BY_CODE.get(failure.code, OotdError)
    message = failure.message
    size = _SIZE_OF_TOO_LARGE.search(message) if not failure.reason else None
    if size is not None and failure.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        error_class, message = MessageTooLargeError, _too_large(*size.groups())
    return error_class(
        message,
        code=failure.code,
        reason=failure.reason,
        request_id=failure.metadata.get("request_id", request_id),
        metadata=failure.metadata,
        violations=failure.violations,
        retry_after_s=failure.retry_after_s,
    )


def _too_large(side: str | None, way: str, size: str | None, limit: str | None) -> str:
    """Say what gRPC's own words mean; they come without details, from either side."""
    numbers = f"{size} bytes, at most {limit} are taken" if size else "too many bytes"
    less = "ask for fewer hits, smaller pages or fewer fields"
    if side is None and way.lower() == "received":  # Older ones do not say which side it was.
        return f"request or answer has {numbers}; send a smaller photo, or {less}"
    side = (side or "CLIENT").upper()
    if (side, way.lower()) in {("CLIENT", "sent"), ("SERVER", "received")}:
        return f"the request has {numbers}; send a smaller photo"
    if side == "CLIENT":
        less += ', or give channel_options={"grpc.max_receive_message_length": ...}'
    return f"the answer has {numbers}; {less}"


def _read_details(
    code: grpc.StatusCode, message: str, trailing: Iterable[tuple[str, str | bytes]] | None
) -> _Failure:
    info = error_details_pb2.ErrorInfo()
    bad_request = error_details_pb2.BadRequest()
    retry_info: error_details_pb2.RetryInfo | None = None
    for detail in _unpack(trailing):
        if isinstance(detail, error_details_pb2.ErrorInfo) and detail.domain == ERROR_DOMAIN:
            info = detail
        elif isinstance(detail, error_details_pb2.BadRequest):
            bad_request = detail
        elif isinstance(detail, error_details_pb2.RetryInfo):
            retry_info = detail
    violations = tuple(
        FieldViolation(one.field, one.description) for one in bad_request.field_violations
    )
    retry_after_s = retry_info.retry_delay.ToTimedelta().total_seconds() if retry_info else None
    return _Failure(code, message, info.reason, dict(info.metadata), violations, retry_after_s)


def _unpack(trailing: Iterable[tuple[str, str | bytes]] | None) -> list[Message]:
    encoded = [value for key, value in trailing or () if key == _DETAILS_KEY]
    found: list[Message] = []
    for value in encoded:
        status = status_pb2.Status()
        try:
            status.ParseFromString(value if isinstance(value, bytes) else value.encode("latin-1"))
        except DecodeError:  # A proxy's invention; code and message still tell what happened.
            continue
        for detail in status.details:
            for message_class in (
                error_details_pb2.ErrorInfo,
                error_details_pb2.BadRequest,
                error_details_pb2.RetryInfo,
            ):
                message: Message = message_class()
                if detail.Is(message.DESCRIPTOR) and detail.Unpack(message):
                    found.append(message)
    return found
