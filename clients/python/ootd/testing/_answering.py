"""How a FakeGateway answers: with a message, or with a status that says what a gateway's says."""

import re
import uuid
from collections.abc import Callable
from typing import Any, NoReturn, Protocol, TypeVar

import grpc
from google.protobuf.message import Message

from ootd.errors import OotdError
from ootd.testing import _checks, _statuses
from ootd.types import ServerLimits

_Result = TypeVar("_Result", bound=Message)

UNCOUNTED = frozenset({"GetServerInfo"})
"""What clients call of themselves, so that a test need not know of it."""

_ENDS_A_STREAM = frozenset({"SHUTTING_DOWN", "STREAM_IDLE", "UNAUTHENTICATED", "OVERLOADED"})
"""All other errors fail one element."""

_REQUEST_ID = "x-request-id"
_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


class Doorkeeper(Protocol):
    """What is asked before each call."""

    @property
    def limits(self) -> ServerLimits:
        """What the gateway takes and gives."""

    def note_request_id(self, request_id: str) -> None:
        """Remember the id of a call that counts."""

    def check_token(self, context: grpc.ServicerContext) -> None:
        """Raise UnauthenticatedError where a call does not carry the token."""

    def check(self, method: str) -> None:
        """Count a call or element, and raise the failure that was ordered for it."""


def answer(
    door: Doorkeeper,
    method: str,
    context: grpc.ServicerContext,
    make: Callable[[], _Result],
) -> _Result:
    """Return what `make` returns, or end the call with the error that it raises."""
    request_id = request_id_of(context)
    if method not in UNCOUNTED:
        door.note_request_id(request_id)
    try:
        door.check_token(context)
        door.check(method)
        result = make()
        _checks.answer(result, door.limits)
    except OotdError as error:
        abort(error, request_id, context)
    return result


def begin_stream(door: Doorkeeper, context: grpc.ServicerContext) -> str:
    """Return a stream's request id, or end it where the token is not valid."""
    request_id = request_id_of(context)
    door.note_request_id(request_id)
    try:
        door.check_token(context)
    except OotdError as error:
        abort(error, request_id, context)
    return request_id


def request_id_of(context: grpc.ServicerContext) -> str:
    """Return the caller's request id, a new one where it sent none that is sane; it is answered."""
    sent = str(dict(context.invocation_metadata()).get(_REQUEST_ID, ""))
    request_id = sent if _SANE_REQUEST_ID.match(sent) else uuid.uuid4().hex
    context.set_trailing_metadata(((_REQUEST_ID, request_id),))
    return request_id


def break_or_fill(
    error: OotdError, message: Any, request_id: str, context: grpc.ServicerContext
) -> None:
    """End a stream with an error, or fill the message of a failed element, as the reason wants."""
    if error.reason in _ENDS_A_STREAM or not error.reason:
        abort(error, request_id, context)
    message.CopyFrom(_statuses.element_error(error, request_id))


def abort(error: OotdError, request_id: str, context: grpc.ServicerContext) -> NoReturn:
    """End a call with an error; one without a reason comes as from a proxy, without details."""
    if error.reason:
        status = _statuses.rich_status(error, request_id)
        details = ("grpc-status-details-bin", status.SerializeToString())
        context.set_trailing_metadata(((_REQUEST_ID, request_id), details))
        context.abort(error.code, status.message)
    context.abort(error.code, error.message)
