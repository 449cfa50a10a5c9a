"""Which failed calls are made again, after how long, and how many of them at most.

Reads, analyses and searches change nothing, and the same item again changes nothing, so they are
made again when the gateway cannot be reached or cannot work now (UNAVAILABLE; CANCELLED, too,
which is how some calls learn of a server that stops), and when it is overloaded and says when to
come back (RESOURCE_EXHAUSTED with RetryInfo, or gRPC's own refusal at the server's limit of
concurrent calls). DeleteItems is made again only where no gateway saw the call, or where it
refused the call before it began: after a lost answer a second call would tell that there were no
such items. Streams are never made again, as only the caller knows what to send; items may be sent
again at will. What another attempt cannot mend is not made again: a message
that is too large, a certificate that is not trusted, a server that is no gateway.
"""

import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import grpc

from ootd.errors import NoGatewayError, OotdError, TlsError, UnavailableError

_REFUSED_BEFORE_WORK = frozenset({"OVERLOADED", "CALLER_OVER_SHARE", "SHUTTING_DOWN"})
_NEVER_CONNECTED = ("failed to connect to", "errors resolving", "dns resolution failed")
"""How gRPC's core begins or goes on to say that no server saw the call; lower case."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long and how often a call is made again, always within the caller's time.

    Retries begin for `patience_s` seconds after the call did, the last one at their end, so that a
    restart of the gateway or of its models goes unnoticed; `attempts`, if given, bounds them by
    number too and counts the first call: 1 is no retry. The wait before the n-th retry is drawn
    evenly from half to the whole of `initial_backoff_s * multiplier ** (n - 1)`, at most
    `max_backoff_s` seconds.

    All calls of a client share a budget, so that an outage does not multiply their load: each call
    adds `budget_ratio` retries to it and each second `budget_per_s`, up to those of ten seconds,
    which it begins with. With the budget spent, a failure is final. Attempts that found no server
    at all cost nothing.

    Raises ValueError for values that make no sense.
    """

    attempts: int | None = None
    initial_backoff_s: float = 0.1
    multiplier: float = 2.0
    max_backoff_s: float = 2.0
    patience_s: float = 8.0
    budget_ratio: float = 0.2
    budget_per_s: float = 10.0

    def __post_init__(self) -> None:
        if self.attempts is not None and self.attempts < 1:
            raise ValueError(f"attempts must be 1 or more, or None, is {self.attempts}")
        if not 0.0 < self.initial_backoff_s <= self.max_backoff_s:
            raise ValueError(
                "initial_backoff_s must be above 0 and at most max_backoff_s "
                f"({self.max_backoff_s}), is {self.initial_backoff_s}"
            )
        if not self.multiplier >= 1.0:
            raise ValueError(f"multiplier must be 1 or more, is {self.multiplier}")
        for name in ("patience_s", "budget_ratio", "budget_per_s"):
            if not getattr(self, name) >= 0.0:
                raise ValueError(f"{name} must be 0 or more, is {getattr(self, name)}")

    def delay_s(
        self,
        error: OotdError,
        *,
        attempt: int,
        left_s: float,
        idempotent: bool,
        elapsed_s: float = 0.0,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> float | None:
        """Return the seconds to wait after the failed `attempt` (from 1), or None: give up.

        `left_s` is what is left of the caller's time; a wait that would use it up is not begun. One
        that would end more than `patience_s` after the call began, `elapsed_s` ago, is cut to what
        is left of that, unless the gateway asked for a longer one or next to nothing is left.
        """
        last = self.attempts is not None and attempt >= self.attempts
        if last or not is_retryable(error, idempotent=idempotent):
            return None
        backoff = self._longest_wait_s(attempt)
        asked_s = error.retry_after_s or 0.0
        patience_left_s = self.patience_s - elapsed_s
        delay = min(asked_s + uniform(backoff / 2, backoff), patience_left_s)
        least_s = max(asked_s, self.initial_backoff_s / 2)
        return delay if least_s <= delay < left_s else None

    def _longest_wait_s(self, attempt: int) -> float:
        steps_to_most = math.log(self.max_backoff_s / self.initial_backoff_s)
        if (attempt - 1) * math.log(self.multiplier) >= steps_to_most:
            return self.max_backoff_s  # Also keeps the power from overflowing.
        return float(self.initial_backoff_s * self.multiplier ** (attempt - 1))


class RetryBudget:
    """How many retries all calls of a client may still make, together. Safe for threads."""

    def __init__(self, policy: RetryPolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self._ratio = policy.budget_ratio
        self._per_s = policy.budget_per_s
        self._most = 10.0 * max(self._per_s, 1.0)
        self._tokens = 10.0 * self._per_s
        self._clock = clock
        self._counted_at = clock()
        self._lock = threading.Lock()

    def add_call(self) -> None:
        """Note that a call begins, which earns a part of a retry."""
        with self._lock:
            self._tokens = min(self._tokens + self._ratio, self._most)

    def take_retry(self, error: OotdError) -> bool:
        """Take one retry after a failure; False where the budget has none left."""
        if never_connected(error):
            return True
        with self._lock:
            now = self._clock()
            grown = self._tokens + (now - self._counted_at) * self._per_s
            self._counted_at = now
            self._tokens = min(grown, self._most)
            if self._tokens < 1.0:
                return False
            self._tokens -= 1.0
            return True


def is_retryable(error: OotdError, *, idempotent: bool) -> bool:
    """Tell whether the same call may be made again."""
    if isinstance(error, TlsError | NoGatewayError):
        return False
    if not idempotent:
        return error.reason in _REFUSED_BEFORE_WORK or never_connected(error)
    if error.code is grpc.StatusCode.UNAVAILABLE:
        return True
    if error.code is grpc.StatusCode.CANCELLED:
        # The server's doing: a caller who cancels, or closes the client, never gets this class.
        return isinstance(error, UnavailableError)
    return error.code is grpc.StatusCode.RESOURCE_EXHAUSTED and error.retry_after_s is not None


def never_connected(error: OotdError) -> bool:
    """Tell whether the attempt ended on this side, so that it cost no server anything."""
    if error.code is not grpc.StatusCode.UNAVAILABLE or error.reason:
        return False
    text = error.message.lower()
    return any(part in text for part in _NEVER_CONNECTED)
