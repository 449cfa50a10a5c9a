"""Keeps photos, tokens and passwords out of the log, and its lines short."""

import json
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import Message

MAX_LINE_BYTES = 16 * 1024
"""A line with more is cut: container runtimes split lines at that, others drop them."""

_MAX_TEXT = 2000
_MAX_TEXT_OF_A_CUT_LINE = 200
_MAX_MEMBERS = 60
_MAX_DEPTH = 8
_FRAMES_OF_A_CUT_LINE = 6
_ALWAYS_TOLD = ("timestamp", "level", "logger", "event", "request_id", "method")

# Bytes as Python or protobuf write them: a quoted text with at least one number of a byte in it.
_BYTES = re.compile(
    r"""(?<![A-Za-z0-9])b?'[^'\\]*\\(?:x[0-9a-fA-F]{2}|[0-7]{3})(?:[^'\\]|\\.)*(?:'|\\?$)"""
    r"""|b?"[^"\\]*\\(?:x[0-9a-fA-F]{2}|[0-7]{3})(?:[^"\\]|\\.)*(?:"|\\?$)"""
)
# What is left are runs of such numbers, and of base64 or hexadecimal digits.
_ESCAPES = re.compile(r"(?:\\{1,4}(?:x[0-9a-fA-F]{2}|[0-7]{3})){4,}")
_MANY_DIGITS = 128
_DIGITS = re.compile(rf"[A-Za-z0-9+/_=-]{{{_MANY_DIGITS},}}")
_BEARER = re.compile(r"(?i)\b(bearer|basic) +(?!token)[^\s'\",;)}\]]+")
_PASSWORD = re.compile(r"(://[^:/@\s]{0,100}):[^/@\s]{0,400}@")

Event = dict[str, Any]


def safe_text(text: str, limit: int = _MAX_TEXT) -> str:
    """Return the text without bytes, tokens and passwords, and at most about `limit` long."""
    cut = text[:limit]
    # Asked first what is found fast: most texts are a word, and there is a line for each call.
    if "://" in cut:
        cut = without_passwords(cut)
    if " " in cut:
        cut = _BEARER.sub(r"\1 ***", cut)
    if "\\" in cut:
        cut = _ESCAPES.sub("<bytes>", _BYTES.sub("<bytes>", cut))
    if len(cut) >= _MANY_DIGITS:
        cut = _DIGITS.sub("<digits>", cut)
    return cut if len(text) <= limit else f"{cut} ... ({len(text)} characters)"


def without_passwords(text: str) -> str:
    """Return the text with the passwords of URLs masked."""
    return _PASSWORD.sub(r"\1:***@", text)


def private_and_short(_: Any, __: str, event: Event) -> Event:
    """Cut every value of a line and take out what nobody should read (a structlog processor)."""
    return {key: _safe(value, _MAX_TEXT) for key, value in event.items()}


class BoundedLine:
    """A structlog processor that renders with another, and cuts what became too long a line."""

    def __init__(self, render: Callable[[Any, str, Event], str]) -> None:
        self._render = render

    def __call__(self, logger: Any, name: str, event: Event) -> str:
        """Return the line, in at most `MAX_LINE_BYTES`."""
        line = self._render(logger, name, dict(event))
        if _fits(line):
            return line
        told = {
            key: _safe(_last_frames(value), _MAX_TEXT_OF_A_CUT_LINE) for key, value in event.items()
        }
        line = self._render(logger, name, {**told, "cut": True})
        if _fits(line):
            return line
        told = {key: told[key] for key in _ALWAYS_TOLD if key in told}
        return self._render(logger, name, {**told, "cut": True})


class CallsThatAreGone(logging.Filter):
    """Leaves out what gRPC and asyncio write of a call whose caller is gone.

    gRPC tells of each deadline that passes while an answer is on its way as of an error, with a
    traceback. The call has a line of its own already.
    """

    _NAMES = frozenset({"ExecuteBatchError", "AbortError", "CancelledError"})

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record is kept."""
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is not None and type(error).__name__ in self._NAMES:
            return False
        return not (isinstance(record.msg, str) and "ExecuteBatchError" in record.msg)


def _fits(line: str) -> bool:
    # A character has at most 4 bytes.
    return len(line) * 4 <= MAX_LINE_BYTES or len(line.encode()) <= MAX_LINE_BYTES


class ShortArguments(logging.Filter):
    """Cuts what a library wants to write of photos and the like before it is made a text of."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; it is kept."""
        if isinstance(record.args, tuple):
            record.args = tuple(_short_argument(one) for one in record.args)
        elif isinstance(record.args, Mapping):
            record.args = {key: _short_argument(one) for key, one in record.args.items()}
        return True


def _short_argument(value: Any) -> Any:
    """Return an argument of a format such as "%d" or "%s": numbers and texts as they are."""
    is_large = isinstance(value, (bytes, bytearray, memoryview, list, tuple, dict, set, frozenset))
    return _safe(value, _MAX_TEXT) if is_large or _is_message(value) else value


def _safe(value: Any, limit: int, depth: int = 0) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"<{len(value)} bytes>"
    if depth < _MAX_DEPTH and isinstance(value, Mapping):
        pairs = list(value.items())[:_MAX_MEMBERS]
        return {safe_text(str(key), 100): _safe(one, limit, depth + 1) for key, one in pairs}
    if depth < _MAX_DEPTH and isinstance(value, (list, tuple, set, frozenset)):
        return [_safe(one, limit, depth + 1) for one in list(value)[:_MAX_MEMBERS]]
    return safe_text(value if isinstance(value, str) else _short_repr(value), limit)


def _short_repr(value: Any) -> str:
    """Return str of a value; of messages and arrays, whose text may be huge, the kind alone."""
    return f"<{type(value).__name__}>" if _is_message(value) else str(value)


def _is_message(value: Any) -> bool:
    return isinstance(value, Message) or type(value).__module__.split(".")[0] == "numpy"


def _last_frames(value: Any) -> Any:
    """Return a traceback's end, where the fault is; anything else as it is."""
    if isinstance(value, list):
        return [_last_frames(one) for one in value[-3:]]
    if isinstance(value, dict) and isinstance(value.get("frames"), list):
        return {**value, "frames": value["frames"][-_FRAMES_OF_A_CUT_LINE:], "exceptions": []}
    return value


def json_line(_: Any, __: str, event: Event) -> str:
    """Render a line as a JSON object (a structlog processor)."""
    return json.dumps(event, default=str, ensure_ascii=False)
