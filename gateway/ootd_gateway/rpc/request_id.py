"""The id under which a call is found in the log."""

import re
import uuid
from contextvars import ContextVar

REQUEST_ID_KEY = "x-request-id"
"""Metadata key: callers may send one; every answer's trailing metadata carries one."""

_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_current: ContextVar[str] = ContextVar("ootd_request_id", default="")


def current_request_id() -> str:
    """Return the id of the call that is being worked on; "" outside of calls."""
    return _current.get()


def adopt_request_id(sent: str | None) -> str:
    """Make the caller's id this call's, or a new one where it sent none or an odd one.

    An id that is not 1 to 64 characters of letters, digits and "._-" is not adopted: it would go
    into logs and headers as it is.
    """
    request_id = sent if sent is not None and _SANE.fullmatch(sent) else uuid.uuid4().hex
    _current.set(request_id)
    return request_id
