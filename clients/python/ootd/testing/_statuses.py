"""Errors as the rich statuses that gateways end calls with, small enough for the headers."""

from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

from ootd.errors import ERROR_DOMAIN, OotdError
from ootd.v1 import element_error_pb2, error_reason_pb2

# Statuses travel in HTTP/2 headers, of which callers take 8 KiB: the message, and the details,
# which hold it again, as base64.
_MESSAGE_BYTES = 800
_TEXT_BYTES = 256
_STATUS_BYTES = 3500


def rich_status(error: OotdError, request_id: str) -> status_pb2.Status:
    """Return the error with as many of its violations as there is room for, one at least."""
    info = error_details_pb2.ErrorInfo(
        domain=ERROR_DOMAIN, reason=error.reason, metadata=_metadata(error, request_id)
    )
    message = _cut(error.message, _MESSAGE_BYTES)
    status = status_pb2.Status(code=error.code.value[0], message=message)
    status.details.add().Pack(info)
    if error.retry_after_s is not None:
        delay = Duration()
        delay.FromNanoseconds(round(error.retry_after_s * 1e9))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    if error.violations:
        room = _STATUS_BYTES - status.ByteSize()
        bad_request = error_details_pb2.BadRequest()
        violations = bad_request.field_violations
        for one in error.violations:
            description = _cut(one.description, _TEXT_BYTES)
            violations.add(field=_cut(one.field, _TEXT_BYTES), description=description)
            if bad_request.ByteSize() > room and len(violations) > 1:
                del violations[-1]
                break
        status.details.add().Pack(bad_request)
    return status


def element_error(error: OotdError, request_id: str) -> element_error_pb2.ElementError:
    """Return the error of one element of a stream."""
    name = f"ERROR_REASON_{error.reason or 'UNSPECIFIED'}"
    return element_error_pb2.ElementError(
        code=error.code.value[0],
        reason=error_reason_pb2.ErrorReason.Value(name),
        message=_cut(error.message, _MESSAGE_BYTES),
        metadata=_metadata(error, request_id),
        violations=[
            element_error_pb2.FieldViolation(
                field=one.field, description=_cut(one.description, _TEXT_BYTES)
            )
            for one in error.violations
        ],
    )


def _metadata(error: OotdError, request_id: str) -> dict[str, str]:
    texts = {key: _cut(text, _TEXT_BYTES) for key, text in error.metadata.items()}
    return {**texts, "request_id": request_id}


def _cut(text: str, size: int) -> str:
    """Return the text, or its beginning, within `size` bytes of UTF-8."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= size:
        return text
    return encoded[: size - 3].decode("utf-8", "ignore") + "…"
