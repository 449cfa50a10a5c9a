"""How a FakeGateway answers: with a message, or with a status that says what a gateway's says."""

from collections.abc import Callable
from typing import Any, NoReturn, Protocol, TypeVar

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from ootd.errors import ERROR_DOMAIN, OotdError
from ootd.testing import _checks, _to_proto
from ootd.types import ServerLimits

_Result = TypeVar("_Result", bound=Message)

UNCOUNTED = frozenset({"GetServerInfo"})
"""What clients call of themselves, so that a test need not know of it."""

_ENDS_A_STREAM = frozenset({"SHUTTING_DOWN", "STREAM_IDLE", "UNAUTHENTICATED", "OVERLOADED"})
"""All other errors fail one element."""


class Doorkeeper(Protocol):
    """What is asked before each call."""

    @property
    def limits(self) -> ServerLimits:
        """What the gateway takes and gives."""

    def check_token(self, context: grpc.ServicerContext, *, count: bool = True) -> str:
        """Return the request id, remembered if it counts; raise UnauthenticatedError."""

    def check(self, method: str) -> None:
        """Count a call or element, and raise the failure that was ordered for it."""


def answer(
    door: Doorkeeper,
    method: str,
    context: grpc.ServicerContext,
    make: Callable[[], _Result],
) -> _Result:
    """Return what `make` returns, or end the call with the error that it raises."""
    request_id = ""
    try:
        request_id = door.check_token(context, count=method not in UNCOUNTED)
        door.check(method)
        result = make()
        _checks.answer(result, door.limits)
    except OotdError as error:
        abort(error, request_id, context)
    return result


def begin_stream(door: Doorkeeper, context: grpc.ServicerContext) -> str:
    """Return a stream's request id, or end it where the token is not valid."""
    try:
        return door.check_token(context)
    except OotdError as error:
        abort(error, "", context)


def break_or_fill(
    error: OotdError, message: Any, request_id: str, context: grpc.ServicerContext
) -> None:
    """End a stream with an error, or fill the message of a failed element, as the reason wants."""
    if error.reason in _ENDS_A_STREAM or not error.reason:
        abort(error, request_id, context)
    message.CopyFrom(_to_proto.element_error(error, request_id))


def abort(error: OotdError, request_id: str, context: grpc.ServicerContext) -> NoReturn:
    """End a call with an error; one without a reason comes as from a proxy, without details."""
    if error.reason:
        status = _status(error, request_id).SerializeToString()
        context.set_trailing_metadata((("grpc-status-details-bin", status),))
    context.abort(error.code, error.message)


def _status(error: OotdError, request_id: str) -> status_pb2.Status:
    info = error_details_pb2.ErrorInfo(
        domain=ERROR_DOMAIN,
        reason=error.reason,
        metadata={**error.metadata, "request_id": request_id},
    )
    status = status_pb2.Status(code=error.code.value[0], message=error.message)
    status.details.add().Pack(info)
    if error.violations:
        bad_request = error_details_pb2.BadRequest()
        for one in error.violations:
            bad_request.field_violations.add(field=one.field, description=one.description)
        status.details.add().Pack(bad_request)
    if error.retry_after_s is not None:
        delay = Duration()
        delay.FromNanoseconds(round(error.retry_after_s * 1e9))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status
