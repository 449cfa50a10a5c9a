"""What a test ordered to happen to the next calls: failures and delays, by method."""

import difflib
import threading
from collections import deque
from collections.abc import Mapping

from ootd.errors import (
    ERROR_BY_REASON,
    ClosedError,
    DeadlineExceededError,
    FailedPreconditionError,
    ImageError,
    InternalError,
    InvalidRequestError,
    MessageTooLargeError,
    NoGatewayError,
    NotFoundError,
    OotdError,
    OverloadedError,
    TlsError,
    UnauthenticatedError,
    UnavailableError,
)
from ootd.testing._services.registry import METHODS, WITHOUT_VISION

_REASONS: Mapping[type[OotdError], str] = {
    InvalidRequestError: "INVALID_FIELD",
    ImageError: "IMAGE_UNREADABLE",
    FailedPreconditionError: "NO_MATCHING_GARMENT",
    NotFoundError: "ITEM_NOT_FOUND",
    UnauthenticatedError: "UNAUTHENTICATED",
    OverloadedError: "OVERLOADED",
    MessageTooLargeError: "ANSWER_TOO_LARGE",
    UnavailableError: "VISION_UNAVAILABLE",
    DeadlineExceededError: "DEADLINE_EXCEEDED",
    InternalError: "INTERNAL",
}
"""The reason that a gateway gives where a test gave an error of this class without one."""

_RETRY_AFTER_S = 0.1
"""What an overloaded gateway says where a test did not say it."""


class Orders:
    """Failures and delays, each for the next call (in streams: the next element) of a method."""

    def __init__(self) -> None:
        self._failures: dict[str, deque[OotdError]] = {}
        self._delays: dict[str, deque[float]] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def fail(self, method: str, error: OotdError, times: int) -> None:
        """Order failures; ValueError or TypeError for what cannot happen."""
        _check(method, times)
        completed = _as_a_gateway_says(error, method)
        with self._lock:
            self._failures.setdefault(method, deque()).extend([completed] * times)

    def delay(self, method: str, seconds: float, times: int) -> None:
        """Order delays; ValueError for what cannot happen."""
        _check(method, times)
        if not seconds >= 0:
            raise ValueError(f"seconds must be 0 or more, are {seconds}")
        with self._lock:
            self._delays.setdefault(method, deque()).extend([seconds] * times)

    def begin(self) -> None:
        """Let delays last as long as they were ordered."""
        self._ended.clear()

    def end(self) -> None:
        """Let all delays end at once, so that nothing waits for them."""
        self._ended.set()

    def carry_out(self, method: str) -> None:
        """Wait as was ordered for the next call of a method, then raise what was ordered."""
        with self._lock:
            delays, failures = self._delays.get(method), self._failures.get(method)
            delay_s = delays.popleft() if delays else 0.0
            error = failures.popleft() if failures else None
        if delay_s:
            self._ended.wait(delay_s)
        if error is not None:
            raise error


def _check(method: str, times: int) -> None:
    if method not in METHODS:
        near = difflib.get_close_matches(method, METHODS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(METHODS)}"
        raise ValueError(f"the contract has no method {method!r}; {hint}")
    if times < 1:
        raise ValueError(f"times must be 1 or more, is {times}")


def _as_a_gateway_says(error: OotdError, method: str) -> OotdError:
    """Return an error that arrives as the class that was given: with that class's reason."""
    if not isinstance(error, OotdError):
        raise TypeError(
            "error must be an instance of an OotdError, such as "
            f'UnavailableError("away"); got {error!r}'
        )
    if isinstance(error, TlsError | NoGatewayError | ClosedError):
        raise ValueError(f"{type(error).__name__} comes from the client, never from a gateway")  # noqa: TRY004
    if error.reason:
        if error.reason not in ERROR_BY_REASON:
            raise ValueError(
                f"the contract has no reason {error.reason!r}; there are: "
                f"{', '.join(ERROR_BY_REASON)}"
            )
        return error
    kind = type(error)
    reason = next((_REASONS[one] for one in kind.__mro__ if one in _REASONS), "")
    if reason == "VISION_UNAVAILABLE" and method in WITHOUT_VISION:
        reason = "STORE_UNAVAILABLE"
    retry_after_s = error.retry_after_s
    if isinstance(error, OverloadedError) and retry_after_s is None:
        retry_after_s = _RETRY_AFTER_S
    return kind(
        error.message,
        code=error.code,
        reason=reason,
        metadata=error.metadata,
        violations=error.violations,
        retry_after_s=retry_after_s,
    )
