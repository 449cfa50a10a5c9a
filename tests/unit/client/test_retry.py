from typing import Any

import grpc
import pytest

from ootd import OotdError, RetryPolicy
from ootd.retry import is_retryable
from ootd.v1 import error_reason_pb2


def upper(_: float, high: float) -> float:
    return high


def error(code: grpc.StatusCode, reason: str = "", retry_after_s: float | None = None) -> OotdError:
    return OotdError("x", code=code, reason=reason, retry_after_s=retry_after_s)


REASONS = error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name
UNAVAILABLE = error(grpc.StatusCode.UNAVAILABLE)


def test_backoff_grows_to_its_limit() -> None:
    policy = RetryPolicy(attempts=6, initial_backoff_s=0.1, multiplier=2, max_backoff_s=0.5)
    delays = [
        policy.delay_s(UNAVAILABLE, attempt=n, left_s=9, idempotent=True, uniform=upper)
        for n in range(1, 7)
    ]
    assert delays == [0.1, 0.2, 0.4, 0.5, 0.5, None]


def test_jitter_stays_within_half_to_the_whole() -> None:
    policy = RetryPolicy(initial_backoff_s=1.0, max_backoff_s=1.0)
    delays = {policy.delay_s(UNAVAILABLE, attempt=1, left_s=9, idempotent=True) for _ in range(100)}
    assert len(delays) > 50
    assert all(delay is not None and 0.5 <= delay <= 1.0 for delay in delays)


def test_the_gateways_own_wait_comes_first() -> None:
    busy = error(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", 2.0)
    policy = RetryPolicy(initial_backoff_s=0.1)
    delay = policy.delay_s(busy, attempt=1, left_s=9, idempotent=True, uniform=upper)
    assert delay == pytest.approx(2.1)


def test_a_wait_that_uses_up_the_time_is_not_begun() -> None:
    policy = RetryPolicy(initial_backoff_s=0.1)

    def delay_s(left_s: float) -> float | None:
        return policy.delay_s(UNAVAILABLE, attempt=1, left_s=left_s, idempotent=True, uniform=upper)

    assert delay_s(0.1) is None
    assert delay_s(0.11) == 0.1


def test_one_attempt_is_no_retry() -> None:
    policy = RetryPolicy(attempts=1)
    assert policy.delay_s(UNAVAILABLE, attempt=1, left_s=9, idempotent=True) is None


def test_only_what_is_safe_is_made_again() -> None:
    retried = {code for code in grpc.StatusCode if is_retryable(error(code), idempotent=True)}
    assert retried == {grpc.StatusCode.UNAVAILABLE}
    too_large = error(grpc.StatusCode.RESOURCE_EXHAUSTED, "IMAGE_TOO_LARGE")
    assert not is_retryable(too_large, idempotent=True)
    busy = error(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", 0.0)
    assert is_retryable(busy, idempotent=True)


def test_what_may_have_happened_is_not_made_again() -> None:
    names = [name.removeprefix("ERROR_REASON_") for name in REASONS]
    code = grpc.StatusCode.UNAVAILABLE
    retried = {name for name in names if is_retryable(error(code, name), idempotent=False)}
    assert retried == {"OVERLOADED", "CALLER_OVER_SHARE", "SHUTTING_DOWN"}


@pytest.mark.parametrize(
    "values",
    [
        {"attempts": 0},
        {"initial_backoff_s": 0.0},
        {"initial_backoff_s": 5.0},
        {"multiplier": 0.5},
    ],
)
def test_settings_that_make_no_sense_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        RetryPolicy(**values)
