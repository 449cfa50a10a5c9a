"""Checks of what callers hand in that would fail unclearly, or not at all, within protobuf.

Ranges are the gateway's business: it names every field at fault. Here it is about types, and about
numbers and texts that cannot be written into a message.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import SupportsFloat, SupportsIndex

from ootd._shared.vector import FloatVector
from ootd.errors import FieldViolation, InvalidRequestError

_MAX_UINT32 = 2**32 - 1


def text(field: str, value: str) -> str:
    """Return a text that can be sent.

    Raises TypeError for what is no str, InvalidRequestError for half of a surrogate pair.
    """
    if not isinstance(value, str):
        raise TypeError(f"{field} must be a str, is {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise invalid(field, f"must be valid Unicode, is not at position {error.start}") from None
    return value


def texts(field: str, values: Iterable[str]) -> list[str]:
    """Return texts as a list; TypeError for a single str, which is an iterable of its letters."""
    if isinstance(values, str | bytes):
        raise TypeError(f"{field} is one {type(values).__name__}; give a list: [{values!r}]")
    return [text(f"{field}[{number}]", value) for number, value in enumerate(values)]


def attributes(values: Mapping[str, str]) -> dict[str, str]:
    """Return an item's attributes; TypeError for other keys or values than str."""
    if not isinstance(values, Mapping):
        raise TypeError(f"attributes must map str to str, is {type(values).__name__}")
    return {text("attributes", key): text(f"attributes[{key!r}]", values[key]) for key in values}


def payload(value: bytes) -> bytes:
    """Return an item's payload; TypeError for what is no bytes."""
    if not isinstance(value, bytes):
        raise TypeError(f"payload must be bytes, is {type(value).__name__}")
    return value


def count(field: str, value: SupportsIndex, *, lower: int, upper: int) -> int:
    """Return a whole number that a message can hold.

    Raises TypeError for what is no whole number, InvalidRequestError where it is below 0 or beyond
    32 bits. The range `lower` to `upper` is what the gateway takes, for the message.
    """
    try:
        number = value.__index__()
    except AttributeError:
        raise TypeError(f"{field} must be an int, is {type(value).__name__}") from None
    if not 0 <= number <= _MAX_UINT32:
        raise invalid(field, f"must be {lower} to {upper}, is {number}")
    return number


def number(field: str, value: SupportsFloat | None) -> float | None:
    """Return a number as a float, None for None; TypeError for what is no number."""
    if value is None:
        return None
    if isinstance(value, str | bytes) or not hasattr(value, "__float__"):
        raise TypeError(f"{field} must be a float, is {type(value).__name__}")
    return float(value)


def vector(field: str, values: FloatVector) -> list[float]:
    """Return the numbers of a list, a tuple, or an array of one dimension.

    Raises TypeError for anything else.
    """
    listed = values.tolist() if hasattr(values, "tolist") else values
    if isinstance(listed, str | bytes) or not isinstance(listed, Sequence):
        raise TypeError(f"{field} must hold numbers in a row, is {type(values).__name__}")
    if all(type(value) is float for value in listed):
        return list(listed)
    floats: list[float] = []
    for place, value in enumerate(listed):
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            shape = f"{len(listed)} x {len(value)}"
            raise TypeError(f"{field} must have one dimension, is {shape}")
        converted = number(f"{field}[{place}]", value)
        if converted is None:
            raise TypeError(f"{field}[{place}] must be a float, is None")
        floats.append(converted)
    return floats


def invalid(field: str, description: str) -> InvalidRequestError:
    """Return the error that the gateway would answer with for a field at fault."""
    return InvalidRequestError(
        f"invalid request: {field}: {description}",
        reason="INVALID_FIELD",
        violations=(FieldViolation(field, description),),
    )
