"""How long a call may still take."""

from dataclasses import dataclass
from typing import Any

from grpc import aio

from ootd_gateway.errors import DeadlineExceededError


@dataclass(frozen=True, slots=True)
class Deadlines:
    """`default_seconds` is for callers that set none, `maximum_seconds` for those that set more."""

    default_seconds: float
    maximum_seconds: float

    def of_call(self, context: "aio.ServicerContext[Any, Any]") -> float:
        """Return the seconds that this call may still take."""
        left: float | None = context.time_remaining()
        return self.default_seconds if left is None else min(left, self.maximum_seconds)

    def of_element(self, context: "aio.ServicerContext[Any, Any]") -> float:
        """Return the seconds that one element of this stream may take.

        Elements wait for each other, hence `maximum_seconds` where the stream has no deadline.
        """
        left: float | None = context.time_remaining()
        return self.maximum_seconds if left is None else min(left, self.maximum_seconds)


def deadline_exceeded(seconds: float) -> DeadlineExceededError:
    """Return the error of a call that took longer than it may."""
    return DeadlineExceededError(
        f"not done within {seconds:.3g} s; set a longer deadline or try again"
    )
