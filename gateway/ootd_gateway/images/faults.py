"""What readers of photos' headers share: how a fault is told."""

from collections.abc import Callable
from typing import NoReturn, TypeAlias

Header: TypeAlias = tuple[int, int, Callable[[], None]]
"""Width and height in pixels, and a check that the rest of the file is there; it raises
FaultyHeaderError or struct.error, as the reader of the header does."""


class FaultyHeaderError(Exception):
    """The header is at fault; the text says how."""


def check_length(data: bytes, needed: int) -> None:
    """Raise FaultyHeaderError where there are fewer bytes than the header promises."""
    if len(data) < needed:
        raise_truncated(f"it has {len(data)} of {needed} bytes")


def raise_truncated(detail: str) -> NoReturn:
    """Raise FaultyHeaderError."""
    raise FaultyHeaderError(f"it is truncated: {detail}")
