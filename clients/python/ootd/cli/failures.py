"""Failed calls as a sentence with a remedy, and as an exit code."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import typer

from ootd import (
    DeadlineExceededError,
    ImageError,
    InternalError,
    MessageTooLargeError,
    NoGatewayError,
    OotdError,
    OverloadedError,
    TlsError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedError,
)
from ootd.cli.exit_codes import BUG, REFUSED, SOME_FAILED, UNAVAILABLE
from ootd.cli.output import say

_PHOTO_REASONS = frozenset({"NO_MATCHING_GARMENT"})
_TRY_AGAIN = "Try again in a moment"


class PhotoUnusableError(Exception):
    """A photo on this machine that cannot be sent; says why."""


class RowError(OotdError):
    """A row of a catalogue, or its photo, that cannot be sent."""


def is_of_the_photo(error: OotdError | PhotoUnusableError) -> bool:
    """Whether another photo may do better: neither the gateway nor the options are at fault."""
    if isinstance(error, PhotoUnusableError | ImageError | RowError):
        return True
    return error.reason in _PHOTO_REASONS


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
    message = without_numbers(error.message).rstrip(".")
    match error:
        case NoGatewayError():
            text = f"What answers at {server} is no OOTD gateway; look at --server. ({message})"
        case TlsError():
            text = f"{message}."
        case UnsupportedError():
            text = f"The gateway at {server} is too old for this: {message}."
        case UnavailableError(reason=""):
            start = "start one with `make up` or give --server"
            text = f"No gateway answers at {server}; {start}. ({message})"
        case UnavailableError():
            text = _with_hint(f"The gateway at {server} cannot work now: {message}", _TRY_AGAIN)
        case OverloadedError():
            text = _with_hint(f"The gateway at {server} is busy: {message}", _TRY_AGAIN)
        case DeadlineExceededError():
            text = f"The gateway at {server} took too long: {message}. Give a longer --timeout."
        case UnauthenticatedError():
            text = f"The gateway at {server} wants a valid token: {message}. Give --token."
        case MessageTooLargeError(reason="ANSWER_TOO_LARGE"):
            text = f"{message}. Ask for fewer hits (-k) or fields (--fields)."
        case InternalError():
            text = f"The gateway at {server} failed: {message} (request id {error.request_id})."
        case _:
            text = f"{message}."
    return text


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


def _with_hint(text: str, hint: str) -> str:
    return f"{text}." if "try again" in text.lower() else f"{text}. {hint}."


def without_numbers(message: str) -> str:
    """Return a message without the system's numbers of errors, which tell people nothing."""
    return re.sub(r"\[Errno \d+\] ", "", message)
