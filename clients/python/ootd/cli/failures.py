"""Failures as a sentence with a remedy, and as an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from ootd import (
    DeadlineExceededError,
    InternalError,
    OotdError,
    OverloadedError,
    UnauthenticatedError,
    UnavailableError,
)
from ootd.cli.output import errors_console

SOME_FAILED = 1
"""Some photos or items failed; the rest is done."""

UNAVAILABLE = 3
"""The gateway cannot be reached or cannot work now."""

REFUSED = 4
"""The gateway refused the request."""

BUG = 5
"""The gateway has a bug."""


def exit_code(error: OotdError) -> int:
    """Return the exit code of a command that an error ended."""
    if isinstance(error, UnavailableError | OverloadedError | DeadlineExceededError):
        return UNAVAILABLE
    return BUG if isinstance(error, InternalError) else REFUSED


def sentence(error: OotdError, server: str) -> str:
    """Return what happened and what to do, for people."""
    message = error.message.rstrip(".")
    match error:
        case UnavailableError(reason=""):
            start = "start one with `make up` or give --server"
            text = f"No gateway answers at {server}; {start}. ({message})"
        case UnavailableError():
            text = f"The gateway at {server} cannot work now: {message}. Try again in a moment."
        case OverloadedError():
            text = f"The gateway at {server} is busy: {message}. Try again in a moment."
        case DeadlineExceededError():
            text = f"The gateway at {server} took too long: {message}. Give a longer --timeout."
        case UnauthenticatedError():
            text = f"The gateway at {server} wants a valid token: {message}. Give --token."
        case InternalError():
            text = f"The gateway at {server} failed: {message} (request id {error.request_id})."
        case _:
            text = f"{message}."
    return text


def as_json(error: OotdError) -> dict[str, Any]:
    """Return an error as it stands in a line of JSON."""
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
        errors_console().print(sentence(error, server), style="red", markup=False)
        raise typer.Exit(exit_code(error)) from None
