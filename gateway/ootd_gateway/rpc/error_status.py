"""Domain errors to rich statuses (google.rpc.Status) and to errors of stream elements."""

from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc import aio

from ootd.v1 import element_error_pb2, error_reason_pb2
from ootd_gateway.errors import (
    BusyError,
    FieldViolation,
    InternalError,
    InvalidRequestError,
    OotdError,
)

DOMAIN = "ootd"
"""Domain of every google.rpc.ErrorInfo."""

_DETAILS_KEY = "grpc-status-details-bin"
# Statuses travel in HTTP/2 headers, of which callers take 8 KiB by default: the message with its
# bytes percent-encoded, and the details, which hold it again, as base64.
_MESSAGE_BYTES = 800
_TEXT_BYTES = 256
_STATUS_BYTES = 3500


def internal_error() -> InternalError:
    """Return what a caller is told of a bug: nothing but the request id (in the metadata)."""
    return InternalError("internal error of the server; report it with the request id")


def rich_status(error: OotdError, request_id: str) -> status_pb2.Status:
    """Return the error with ErrorInfo and, where they belong, BadRequest and RetryInfo.

    Long texts are cut so that the status fits into the headers it travels in.
    """
    status = status_pb2.Status(
        code=_code_number(error), message=_cut(error.message, _MESSAGE_BYTES)
    )
    status.details.add().Pack(
        error_details_pb2.ErrorInfo(
            domain=DOMAIN, reason=error.reason, metadata=_metadata(error, request_id)
        )
    )
    if isinstance(error, BusyError):
        delay = Duration()
        delay.FromNanoseconds(round(error.retry_after_s * 1e9))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    if isinstance(error, InvalidRequestError):
        room = _STATUS_BYTES - status.ByteSize()
        status.details.add().Pack(_bad_request(error.violations, room))
    return status


async def abort_with(
    context: "aio.ServicerContext[Any, Any]", error: OotdError, request_id: str
) -> None:
    """End the call with the error; the request id also goes into the trailing metadata.

    Raises grpc.aio.AbortError, always.
    """
    status = rich_status(error, request_id)
    await context.abort(
        error.code,
        status.message,
        (("x-request-id", request_id), (_DETAILS_KEY, status.SerializeToString())),
    )


def element_error(error: OotdError, request_id: str) -> element_error_pb2.ElementError:
    """Return the error as the answer to one element of a stream."""
    violations = error.violations if isinstance(error, InvalidRequestError) else ()
    return element_error_pb2.ElementError(
        code=_code_number(error),
        reason=error_reason_pb2.ErrorReason.Value(f"ERROR_REASON_{error.reason}"),
        message=_cut(error.message, _MESSAGE_BYTES),
        metadata=_metadata(error, request_id),
        violations=[
            element_error_pb2.FieldViolation(
                field=one.field, description=_cut(one.description, _TEXT_BYTES)
            )
            for one in violations
        ],
    )


def _bad_request(violations: tuple[FieldViolation, ...], room: int) -> error_details_pb2.BadRequest:
    """Return as many of the violations as fit into `room` bytes, but one at least."""
    message = error_details_pb2.BadRequest()
    for one in violations:
        message.field_violations.add(
            field=_cut(one.field, _TEXT_BYTES), description=_cut(one.description, _TEXT_BYTES)
        )
        if message.ByteSize() > room and len(message.field_violations) > 1:
            del message.field_violations[-1]
            break
    return message


def _metadata(error: OotdError, request_id: str) -> dict[str, str]:
    texts = {key: _cut(text, _TEXT_BYTES) for key, text in error.metadata.items()}
    return {**texts, "request_id": request_id}


def _code_number(error: OotdError) -> int:
    return int(code_pb2.Code.Value(error.code.name))


def _cut(text: str, size: int) -> str:
    """Return the text, or its beginning, within `size` bytes of UTF-8."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= size:
        return encoded.decode("utf-8")
    return encoded[: size - 3].decode("utf-8", "ignore") + "…"


def code_of(error: BaseException, context: "aio.ServicerContext[Any, Any]") -> grpc.StatusCode:
    """Return the status with which a call ends that is left with this exception."""
    if isinstance(error, OotdError):
        return error.code
    if isinstance(error, Exception):
        return grpc.StatusCode.INTERNAL
    # Cancelled: by the caller, or by gRPC because the caller's deadline passed.
    remaining: float | None = context.time_remaining()
    if remaining is not None and remaining <= 0:
        return grpc.StatusCode.DEADLINE_EXCEEDED
    return grpc.StatusCode.CANCELLED
