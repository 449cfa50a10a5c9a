"""Which failed calls are made again, and after how long.

Reads, analyses and searches change nothing, so they are made again when the gateway cannot be
reached or cannot work now (UNAVAILABLE), and when it is overloaded and says when to come back
(RESOURCE_EXHAUSTED with RetryInfo). DeleteItems is made again only where the gateway refused the
call before it began: after a lost answer a second call would tell that there were no such items.
Streams are never made again, as only the caller knows what to send; UpsertItems may be sent again
at will.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

import grpc

from ootd.errors import OotdError

_REFUSED_BEFORE_WORK = frozenset({"OVERLOADED", "SHUTTING_DOWN"})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently a call is made again, always within the caller's time.

    `attempts` counts the first call: 1 is no retry. The wait before the n-th retry is drawn
    evenly from half to the whole of `initial_backoff_s * multiplier ** (n - 1)`, at most
    `max_backoff_s` seconds. Raises ValueError for values that make no sense.
    """

    attempts: int = 4
    initial_backoff_s: float = 0.1
    multiplier: float = 2.0
    max_backoff_s: float = 2.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"attempts must be 1 or more, is {self.attempts}")
        if not 0.0 < self.initial_backoff_s <= self.max_backoff_s:
            raise ValueError(
                "initial_backoff_s must be above 0 and at most max_backoff_s "
                f"({self.max_backoff_s}), is {self.initial_backoff_s}"
            )
        if self.multiplier < 1.0:
            raise ValueError(f"multiplier must be 1 or more, is {self.multiplier}")

    def delay_s(
        self,
        error: OotdError,
        *,
        attempt: int,
        left_s: float,
        idempotent: bool,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> float | None:
        """Return the seconds to wait after the failed `attempt` (from 1), or None: give up.

        `left_s` is what is left of the caller's time; a wait that would use it up is not begun.
        """
        if attempt >= self.attempts or not is_retryable(error, idempotent=idempotent):
            return None
        backoff = min(self.initial_backoff_s * self.multiplier ** (attempt - 1), self.max_backoff_s)
        delay = (error.retry_after_s or 0.0) + uniform(backoff / 2, backoff)
        return delay if delay < left_s else None


def is_retryable(error: OotdError, *, idempotent: bool) -> bool:
    """Tell whether the same call may be made again."""
    if not idempotent:
        return error.reason in _REFUSED_BEFORE_WORK
    if error.code is grpc.StatusCode.UNAVAILABLE:
        return True
    return error.code is grpc.StatusCode.RESOURCE_EXHAUSTED and error.retry_after_s is not None
