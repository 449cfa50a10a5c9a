"""Retries that outlast a restart, and a budget that keeps an outage from being multiplied."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import grpc
import pytest

import ootd
from ootd import Client, OotdError, OverloadedError, RetryPolicy, UnavailableError
from ootd.retry import RetryBudget, never_connected
from ootd.testing import FakeGateway
from ootd.v1.vision_service_pb2_grpc import (
    VisionServiceServicer,
    add_VisionServiceServicer_to_server,
)

AWAY = UnavailableError("models are away", reason="VISION_UNAVAILABLE")


def test_a_restart_of_seconds_goes_unnoticed(gateway: FakeGateway, photo: bytes) -> None:
    """With the settings that a client has by default; the gateway is away for 3 s."""
    with Client(gateway.target) as client:
        client.analyze_image(photo)
        gateway.stop()
        back = threading.Timer(3.0, gateway.start)
        back.start()
        assert client.analyze_image(photo).garments
        back.join()


def test_patience_lasts_eight_of_ten_seconds() -> None:
    policy = RetryPolicy()

    def wait_s(elapsed_s: float) -> float | None:
        left_s = 10.0 - elapsed_s
        return policy.delay_s(AWAY, attempt=9, left_s=left_s, elapsed_s=elapsed_s, idempotent=True)

    waits = [wait_s(5.9) for _ in range(50)]
    assert all(wait is not None and 1.0 <= wait <= 2.0 for wait in waits)
    assert wait_s(7.1) == pytest.approx(0.9)  # The last attempt begins when the patience ends.
    assert wait_s(7.99) is None  # Next to nothing is left.
    assert wait_s(8.01) is None
    asked = OverloadedError("full", reason="OVERLOADED", retry_after_s=2.0)
    later = policy.delay_s(asked, attempt=9, left_s=9.0, elapsed_s=6.5, idempotent=True)
    assert later is None


def test_patience_ends(gateway: FakeGateway, photo: bytes) -> None:
    gateway.fail_next("AnalyzeImage", AWAY, times=1000)
    policy = RetryPolicy(initial_backoff_s=0.01, max_backoff_s=0.02, patience_s=0.5)
    with Client(gateway.target, retry=policy) as client:
        begin = time.monotonic()
        with pytest.raises(UnavailableError):
            client.analyze_image(photo)
        assert 0.4 < time.monotonic() - begin < 5
    assert len(gateway.calls) > 10  # Time ends it, not a number.


def test_an_outage_is_not_multiplied(gateway: FakeGateway, photo: bytes) -> None:
    """400 calls at a gateway whose models are away: the retries of all together are bounded."""
    gateway.fail_next("AnalyzeImage", AWAY, times=100_000)
    policy = RetryPolicy(
        initial_backoff_s=0.001, max_backoff_s=0.002, budget_ratio=0.1, budget_per_s=1.0
    )
    begin = time.monotonic()

    def one(client: Client) -> None:
        with pytest.raises(UnavailableError):
            client.analyze_image(photo)

    with Client(gateway.target, retry=policy) as client, ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(one, client) for _ in range(400)]:
            done.result()
    elapsed_s = time.monotonic() - begin
    most = 400 + 10 + 400 * 0.1 + elapsed_s * 1.0
    assert 400 < len(gateway.calls) <= most + 1


def test_attempts_that_found_no_server_cost_no_budget() -> None:
    budget = RetryBudget(RetryPolicy(budget_ratio=0.0, budget_per_s=0.0))
    text = "connections to all backends failing; last error: UNKNOWN: Failed to connect to remote"
    nothing_there = UnavailableError(f"{text} host: Connection refused")
    assert never_connected(nothing_there)
    assert all(budget.take_retry(nothing_there) for _ in range(1000))
    assert not budget.take_retry(AWAY)


def test_the_budget_grows_with_time_and_calls() -> None:
    now = 0.0
    budget = RetryBudget(RetryPolicy(budget_ratio=0.5, budget_per_s=2.0), clock=lambda: now)
    assert [budget.take_retry(AWAY) for _ in range(21)] == [True] * 20 + [False]
    now = 1.0
    assert [budget.take_retry(AWAY) for _ in range(3)] == [True, True, False]
    for _ in range(4):
        budget.add_call()
    assert [budget.take_retry(AWAY) for _ in range(3)] == [True, True, False]
    now = 1e9
    assert sum(budget.take_retry(AWAY) for _ in range(100)) == 20


def test_what_came_over_the_wire_is_not_taken_for_no_server(
    gateway: FakeGateway, client: Client, photo: bytes
) -> None:
    gateway.fail_next("AnalyzeImage", UnavailableError("failed to connect to the models"), times=9)
    with pytest.raises(UnavailableError) as caught:
        client.analyze_image(photo)
    assert not never_connected(caught.value)


@pytest.mark.parametrize("factor", [1.0, 2.0, 1e9])
def test_no_number_of_attempts_overflows(factor: float) -> None:
    policy = RetryPolicy(multiplier=factor, max_backoff_s=2.0)
    delay = policy.delay_s(AWAY, attempt=100_000, left_s=9, idempotent=True)
    assert delay is not None
    assert 0 < delay <= 2.0


@pytest.mark.parametrize("name", ["patience_s", "budget_ratio", "budget_per_s"])
def test_negative_settings_are_refused(name: str) -> None:
    for value in (-1.0, float("nan")):
        settings: dict[str, Any] = {name: value}
        with pytest.raises(ValueError, match=name):
            RetryPolicy(**settings)


def test_what_no_retry_mends_is_made_once(
    gateway: FakeGateway, client: Client, photo: bytes
) -> None:
    too_large = OotdError("x", code=grpc.StatusCode.RESOURCE_EXHAUSTED, reason="ANSWER_TOO_LARGE")
    gateway.fail_next("AnalyzeImage", too_large)
    with pytest.raises(ootd.MessageTooLargeError):
        client.analyze_image(photo)
    assert gateway.calls == ["AnalyzeImage"]


@pytest.mark.parametrize("method", ["ListItems", "DeleteItems"])
def test_what_grpc_refuses_at_its_limit_of_calls_is_made_again(
    gateway: FakeGateway, method: str
) -> None:
    full = OotdError(
        "Concurrent RPC limit exceeded!", code=grpc.StatusCode.RESOURCE_EXHAUSTED
    )  # Without details, as from grpc.server(maximum_concurrent_rpcs=...).
    with Client(gateway.target) as client:
        call = client.count_items if method == "ListItems" else partial(client.delete_items, ["a"])
        gateway.fail_next(method, full)
        call()
        assert gateway.calls == [method] * 2
    with Client(gateway.target, retry=RetryPolicy(attempts=1)) as once:
        gateway.fail_next(method, full)
        call = once.count_items if method == "ListItems" else partial(once.delete_items, ["a"])
        with pytest.raises(ootd.OverloadedError) as caught:
            call()
    assert caught.value.reason == "OVERLOADED"
    assert caught.value.retry_after_s


def test_a_real_server_at_its_limit_of_calls_is_overloaded() -> None:
    """The words are gRPC's own."""
    server = grpc.server(ThreadPoolExecutor(1), maximum_concurrent_rpcs=0)
    nothing = VisionServiceServicer()  # type: ignore[abstract]
    add_VisionServiceServicer_to_server(nothing, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with (
        Client(f"127.0.0.1:{port}", retry=RetryPolicy(attempts=1)) as client,
        pytest.raises(ootd.OverloadedError) as caught,
    ):
        client.taxonomy()
    server.stop(None).wait()
    assert caught.value.reason == "OVERLOADED"


def test_a_server_that_stops_cancels_and_the_call_is_made_again(
    gateway: FakeGateway, client: Client
) -> None:
    cancelled = OotdError("CANCELLED", code=grpc.StatusCode.CANCELLED)
    gateway.fail_next("ListItems", cancelled)
    assert client.count_items() == 0
    assert gateway.calls == ["ListItems", "ListItems"]
    gateway.fail_next("DeleteItems", cancelled)
    with pytest.raises(UnavailableError):  # It may have been done.
        client.delete_items(["a"])


def test_a_delete_that_no_server_saw_is_made_again(gateway: FakeGateway) -> None:
    gateway.stop()
    back = threading.Timer(0.5, gateway.start)
    back.start()
    with Client(gateway.target) as client:
        assert client.delete_items(["a"]) == ()
    back.join()
    assert gateway.calls == ["DeleteItems"]
