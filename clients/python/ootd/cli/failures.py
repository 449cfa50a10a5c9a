"""Failed calls as a sentence with a remedy, and as an exit code."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import grpc
import typer

from ootd import (
    DeadlineExceededError,
    ImageError,
    InternalError,
    InvalidRequestError,
    MessageTooLargeError,
    NoGatewayError,
    OotdError,
    OverloadedError,
    TlsError,
    UnauthenticatedError,
    UnavailableError,
)
from ootd.cli.exit_codes import BUG, REFUSED, SOME_FAILED, UNAVAILABLE
from ootd.cli.output import say
from ootd.cli.wording import in_flags

_PHOTO_REASONS = frozenset({"NO_MATCHING_GARMENT"})
_WORDING: Mapping[type[OotdError], tuple[str, str]] = {
    NoGatewayError: ("{message}", "Look at --server."),
    TlsError: ("{message}", ""),
    UnauthenticatedError: (
        "The gateway at {server} wants a valid token: {message}",
        "Give --token or set OOTD_TOKEN.",
    ),
    DeadlineExceededError: (
        "The gateway at {server} took too long: {message}",
        "Give a longer --timeout.",
    ),
    OverloadedError: ("The gateway at {server} is busy: {message}", "Try again in a moment."),
    InternalError: ("The gateway at {server} failed: {message} (request id {request_id})", ""),
    MessageTooLargeError: ("{message}", ""),
    UnavailableError: (
        "The gateway at {server} cannot work now: {message}",
        "Try again in a moment.",
    ),
}
"""What happened and what to do, for the first class that fits."""

_NOBODY_ANSWERS = (
    "No gateway answers at {server}; start one with `make up` or give --server. ({message})"
)


class PhotoUnusableError(Exception):
    """A photo on this machine that cannot be sent; says why."""


def is_of_the_photo(error: OotdError | PhotoUnusableError) -> bool:
    """Whether another photo may do better: neither the gateway nor the options are at fault."""
    if isinstance(error, PhotoUnusableError | ImageError):
        return True
    refused_here = isinstance(error, InvalidRequestError) and not error.request_id
    return refused_here or error.reason in _PHOTO_REASONS


def exit_code(error: OotdError | PhotoUnusableError) -> int:
    """Return the exit code of a command that did nothing but fail so."""
    if isinstance(error, PhotoUnusableError) or is_of_the_photo(error):
        return SOME_FAILED
    if isinstance(error, UnavailableError | OverloadedError | DeadlineExceededError):
        return UNAVAILABLE
    return BUG if isinstance(error, InternalError) else REFUSED


def ends_the_command(error: OotdError | PhotoUnusableError) -> bool:
    """Whether the next photo would fail in the same way."""
    return exit_code(error) in {UNAVAILABLE, REFUSED}


def sentence(error: OotdError | PhotoUnusableError, server: str) -> str:
    """Return what happened and what to do, for people."""
    if isinstance(error, PhotoUnusableError):
        return f"{error}."
    message = in_flags(error.message).rstrip(".")
    if type(error) is UnavailableError and not error.reason:
        return _NOBODY_ANSWERS.format(server=server, message=message)
    for kind, (wording, remedy) in _WORDING.items():
        if isinstance(error, kind):
            text = wording.format(server=server, message=message, request_id=error.request_id)
            repeats = "try again" in text.lower() and "try again" in remedy.lower()
            return f"{text}. {remedy}" if remedy and not repeats else f"{text}."
    return f"{message}."


def as_json(error: OotdError | PhotoUnusableError) -> dict[str, Any]:
    """Return an error as it stands in a line of JSON."""
    if isinstance(error, PhotoUnusableError):
        code, reason = grpc.StatusCode.INVALID_ARGUMENT.name, "IMAGE_UNREADABLE"
        return {"code": code, "reason": reason, "message": str(error), "request_id": ""}
    return {
        "code": error.code.name,
        "reason": error.reason,
        "message": error.message,
        "request_id": error.request_id,
    }


@contextmanager
def reported(server: str) -> Iterator[None]:
    """Turn an error of the gateway into a sentence on standard error and an exit code."""
    try:
        yield
    except OotdError as error:
        say(sentence(error, server))
        raise typer.Exit(exit_code(error)) from None
