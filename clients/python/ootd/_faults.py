"""Failures that this side tells of, and what gRPC's own words for a failed connection mean."""

from typing import Any

import grpc

from ootd import _tls_probe
from ootd.channel import Connection, __version__
from ootd.errors import (
    ClosedError,
    DeadlineExceededError,
    ImageError,
    InvalidRequestError,
    MessageTooLargeError,
    NoGatewayError,
    OotdError,
    TlsError,
    UnavailableError,
    UnsupportedError,
)

_NO_GRPC = ("failed parsing http/2", "http1.x server", "expected settings frame")
_UNTRUSTED = "certificate_verify_failed: "
_OWN_CERTIFICATES = "failed to create security handshaker"
_OTHER_NAME = "hostname verification check failed"
_BROKEN = ("internal error from core", 'failed "executebatch"', "failed 'executebatch'")
_ITERABLE = ("__iter__", "__aiter__", "__getitem__")
_NO_TLS = ("wrong_version_number", "http_request")


def closed_error() -> ClosedError:
    """Return the error of a call over a closed client."""
    return ClosedError("the client is closed")


def stalled(timeout_s: float, request_id: str) -> DeadlineExceededError:
    """Return the error of a stream whose next answer does not come."""
    return DeadlineExceededError(
        f"the stream's next answer took longer than {timeout_s:g} s",
        reason="DEADLINE_EXCEEDED",
        request_id=request_id,
    )


def late_token(limit_s: float) -> DeadlineExceededError:
    """Return the error of a call whose token does not come in time."""
    return DeadlineExceededError(
        f"the token was not there within {limit_s:.3g} s; nothing was sent"
    )


def overran(method: str, timeout_s: float, failure: OotdError) -> OotdError:
    """Return a failure with words that name method and time where gRPC tells but that it was late.

    A gateway's own words stay.
    """
    if not isinstance(failure, DeadlineExceededError) or failure.reason:
        return failure
    message = f"{method} took longer than {timeout_s:g} s"
    return DeadlineExceededError(message, code=failure.code, request_id=failure.request_id)


def no_gateway(target: str, request_id: str) -> NoGatewayError:
    """Return the error of a server that speaks gRPC and knows none of the contract's services."""
    return NoGatewayError(f"what answers at {target} is no OOTD gateway", request_id=request_id)


def unsupported(method: str, target: str, request_id: str) -> UnsupportedError:
    """Return the error of a gateway that does not know one method."""
    return UnsupportedError(
        f"the gateway at {target} does not know {method}: it is older than this client, ootd "
        f"{__version__}; update the gateway",
        request_id=request_id,
    )


def refused_element(error: Exception, element: object) -> OotdError:
    """Return why an element of a stream is not sent."""
    if isinstance(error, OotdError):
        return error
    if isinstance(error, OSError):
        return ImageError(f"cannot read the photo: {error}", reason="IMAGE_UNREADABLE")
    what = str(error) or type(error).__name__
    return InvalidRequestError(f"invalid {type(element).__name__}: {what}", reason="INVALID_FIELD")


def check_source(source: object) -> None:
    """Raise TypeError for one element, or one text, where a stream takes many."""
    is_iterable = any(hasattr(source, name) for name in _ITERABLE)
    if isinstance(source, str | bytes | bytearray) or not is_iterable:
        name = type(source).__name__
        raise TypeError(f"a stream takes an iterable of elements; give a list: [{name}(...)]")


def check_message_size(request: Any, limit_bytes: int) -> None:
    """Raise MessageTooLargeError where gRPC would break the whole stream over one request."""
    size = request.ByteSize()
    if size > limit_bytes:
        raise MessageTooLargeError(
            f"the request has {size} bytes, at most {limit_bytes} can be sent; send a smaller photo"
        )


def broken_connection(failure: OotdError) -> UnavailableError | None:
    """Return the failure of a stream whose server went away while something was sent, else None.

    grpc.aio tells of it as an internal error of its own, before the server's status is there.
    """
    text = failure.message.lower()
    if failure.code is not grpc.StatusCode.INTERNAL or not text.startswith(_BROKEN):
        return None
    message = "the connection broke while requests were sent"
    return UnavailableError(message, request_id=failure.request_id)


def named_by_text(connection: Connection, failure: OotdError) -> OotdError | None:
    """Return the failure that gRPC's text tells of, None where it tells none that is known.

    Where a host has several addresses the text is of one of them, at random.
    """
    text = failure.message.lower()
    host = connection.host or connection.target
    if any(part in text for part in _NO_GRPC):
        message = f"what answers at {connection.target} is no gRPC server"
        return NoGatewayError(
            message, code=grpc.StatusCode.UNAVAILABLE, request_id=failure.request_id
        )
    if _UNTRUSTED in text:
        why = text.partition(_UNTRUSTED)[2].partition(": ok")[0].strip()
        return _tls_error(_tls_probe.untrusted(host, why, connection), failure)
    if _OTHER_NAME in text:
        return _tls_error(_tls_probe.other_name(host, connection), failure)
    if _OWN_CERTIFICATES in text:
        return _tls_error(
            "the certificates given cannot be used: they must be PEM, and client_certificate's "
            "private key must belong to its certificate",
            failure,
        )
    if any(part in text for part in _NO_TLS):
        return _tls_error(_tls_probe.no_tls(connection.target), failure)
    return None


def named_by_probe(connection: Connection, failure: OotdError, left_s: float) -> OotdError | None:
    """Return what a connection of our own shows to be wrong with TLS, None for nothing.

    Takes two seconds at most, and no longer than `left_s`.
    """
    found = _tls_probe.fault(connection, left_s)
    return _tls_error(found, failure) if found else None


def _tls_error(message: str, failure: OotdError) -> TlsError:
    return TlsError(message, request_id=failure.request_id)
